"""Memory and start: what the gateway takes before and after work, and how soon it serves."""

import subprocess
import sys
import time
from collections.abc import Iterator

from bench.asking import wait_for_radio
from bench.load import drive, load_of
from bench.overhead import RAW, VERSION
from bench.rows import Figure, Mark, Row
from bench.servers import as_installed, gateway, instant

_STARTS = 5
_WORK_S = 7.0
"""For each of the two kinds of requests that memory is measured around."""

_LIBRARIES = "import trio, trio_websocket, attrs, cattrs, orjson, sqlite3, ssl"
"""What any gateway built on them has to import."""

_MOST = 1.5
"""The time from exec to listening, as a multiple of that of a process that imports these."""

_MOST_WITH_ALL = 1.8
"""The same for a gateway with HTTP, history and MQTT."""

_NONE = ("http.port=off", "history.enabled=false")
"""Nothing but the WebSocket: MQTT is off unless its broker is named."""

_ALL = ("http.port=0", "history.enabled=true", "mqtt.url=mqtt://127.0.0.1:9")
"""On the port "discard" nobody listens: the client of MQTT is there, and tries again and again."""


def measure() -> Iterator[Row]:
    """The best of some starts, by turns with bare imports; memory around many requests."""
    bare, listening, with_all, serving, failed = [], [], [], [], 0
    with instant() as coordinator:
        for _ in range(_STARTS):
            bare.append(_imports_s())
            with gateway(*_NONE, coordinator=coordinator) as server:
                listening.append(server.started_s)
                first = wait_for_radio(server, server.connect())
                serving.append(first.at_s)
                failed += first.failed
            with gateway(*_ALL, coordinator=coordinator) as server:
                with_all.append(server.started_s)
        least = min(bare)
        yield Row("imports of the libraries alone", least, "s")
        ratio, mark = min(listening) / least, Mark(_MOST * least, at_least=False)
        yield Row("exec to listening", min(listening), "s", ratio, "of the imports", mark)
        ratio, mark = min(with_all) / least, Mark(_MOST_WITH_ALL * least, at_least=False)
        yield Row(
            "the same, HTTP, history and MQTT on", min(with_all), "s", ratio, "of the imports", mark
        )
        yield Row("exec to the first answer", min(serving), "s", mark=Mark(0.8, at_least=False))
        yield Row("requests failed before it", failed, "requests", mark=Mark(0, at_least=False))
        with gateway(*_NONE, coordinator=coordinator) as server:
            wait_for_radio(server, server.connect())
            before = server.memory_mb
            yield Row("memory after start", before, "MB", mark=Mark(45, at_least=False))
            loads = (load_of(server, text, 10, _WORK_S) for text in (RAW, VERSION))
            count = sum(drive(load).requests for load in loads)
            after = server.memory_mb
            note = f"{count:,} requests"
            yield Row("memory after requests", after, "MB", after / before, "of start", note=note)
        with gateway(*_ALL, coordinator=coordinator) as server:
            wait_for_radio(server, server.connect())
            took = server.memory_mb
            yield Row(
                "memory after start, HTTP, history and MQTT on", took, "MB", took / before, "of off"
            )


def _imports_s() -> float:
    """From exec to the end of a process that only imports the libraries."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True, env=as_installed())
    return time.perf_counter() - began


FIGURE = Figure("Memory and start", measure)
