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


def measure() -> Iterator[Row]:
    """The best of some starts, by turns with bare imports; memory around many requests."""
    bare, listening, serving, failed = [], [], [], 0
    with instant() as coordinator:
        for _ in range(_STARTS):
            bare.append(_imports_s())
            with gateway(coordinator=coordinator) as server:
                listening.append(server.started_s)
                first = wait_for_radio(server, server.connect())
                serving.append(first.at_s)
                failed += first.failed
        least = min(bare)
        yield Row("imports of the libraries alone", least, "s")
        ratio, mark = min(listening) / least, Mark(_MOST * least, at_least=False)
        yield Row("exec to listening", min(listening), "s", ratio, "of the imports", mark)
        yield Row("exec to the first answer", min(serving), "s", mark=Mark(0.8, at_least=False))
        yield Row("requests failed before it", failed, "requests", mark=Mark(0, at_least=False))
        with gateway(coordinator=coordinator) as server:
            wait_for_radio(server, server.connect())
            before = server.memory_mb
            yield Row("memory after start", before, "MB", mark=Mark(45, at_least=False))
            loads = (load_of(server, text, 10, _WORK_S) for text in (RAW, VERSION))
            count = sum(drive(load).requests for load in loads)
            after = server.memory_mb
            note = f"{count:,} requests"
            yield Row("memory after requests", after, "MB", after / before, "of start", note=note)


def _imports_s() -> float:
    """From exec to the end of a process that only imports the libraries."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True, env=as_installed())
    return time.perf_counter() - began


FIGURE = Figure("Memory and start", measure)
