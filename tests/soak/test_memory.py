"""What clients that read nothing can make the gateway hold: less than its unit allows.

The gateway is a process of its own, with 239 nodes and as many metadata as may be.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from bench.servers import Server, gateway
from bench.wire import Wire
from tests.iqrf_trio.mqtt.broker import free_port

UNIT = Path(__file__).parents[2] / "etc/systemd/iqrf-trio.service.in"

WATCHED_S = 10.0
"""For so long each crowd is watched."""

DEVICES = ("iqrfDb_GetDevices", {"sensors": True})


def allowed_mb() -> int:
    """What the unit lets the gateway have."""
    found = re.search(r"^MemoryMax=(\d+)M$", UNIT.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def message(mtype: str, req: object) -> str:
    return json.dumps({"mType": mtype, "data": {"msgId": "m", "req": req}})


def ask(wire: Wire, mtype: str, req: object, last: Callable[[object], bool] = bool) -> str:
    """The last answer, as text."""
    wire.send(message(mtype, req))
    while True:
        text = wire.receive()
        data = json.loads(text)["data"]
        if data["msgId"] == "m":
            assert data["status"] == 0, data
            if last(data):
                return text


def fill(server: Server) -> int:
    """Have the gateway know all there is to know; the length of the largest answer."""
    wire = server.connect()

    def over(data: object) -> bool:
        return isinstance(data, dict) and data["rsp"]["step"] == 8

    ask(wire, "iqrfDb_Enumerate", {"standards": True}, over)
    for first in range(0, 240, 12):
        devices = [
            {"address": address, "metadata": {"note": "x" * 4200}}
            for address in range(first, first + 12)
        ]
        ask(wire, "iqrfDb_SetDeviceMetadata", {"devices": devices})
    return len(ask(wire, *DEVICES))


def peak_mb(server: Server) -> float:
    """The most that the process holds from now on, for a while."""
    end, most = time.monotonic() + WATCHED_S, 0.0
    while time.monotonic() < end:
        most = max(most, server.memory_mb)
        time.sleep(0.1)
    return most


@contextmanager
def deaf_sessions(server: Server, count: int) -> Iterator[None]:
    """WebSocket clients that ask without end and read nothing."""

    def flood(wire: Wire) -> None:
        with suppress(OSError):
            for _ in range(200):
                wire.send(message(*DEVICES))

    wires = [server.connect() for _ in range(count)]
    threads = [Thread(target=flood, args=(wire,), daemon=True) for wire in wires]
    for thread in threads:
        thread.start()
    yield
    for wire in wires:
        wire.close()
    for thread in threads:
        thread.join()


@contextmanager
def deaf_requests(server: Server, port: int, count: int, path: str, body: str) -> Iterator[None]:
    """HTTP clients that have asked and read nothing."""
    method = "POST" if body else "GET"
    lines = (
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {server.token}",
        f"Content-Length: {len(body)}",
    )
    text = "\r\n".join((*lines, "", body))
    with ExitStack() as stack:
        for _ in range(count):
            peer = stack.enter_context(socket.socket())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", port))
            peer.sendall(text.encode())
        yield


@pytest.mark.soak
def test_no_crowd_that_reads_nothing_takes_more_than_the_unit_allows() -> None:
    port, peaks = free_port(), {}
    # Nobody is there to take what waits for the broker.
    away = (f"http.port={port}", f"mqtt.url=mqtt://127.0.0.1:{free_port()}")
    with gateway(*away, nodes=239, speed=0) as server:
        assert fill(server) > 1_000_000
        peaks["nobody"] = server.memory_mb
        with deaf_sessions(server, 20):
            peaks["20 sessions"] = peak_mb(server)
        for path, body in (
            ("/api/v1/network", ""),
            ("/api/v1/call", message(*DEVICES)),
            ("/metrics", ""),
            ("/api/v1/history.csv?from=0", ""),
        ):
            with deaf_requests(server, port, 120, path, body):
                peaks[f"120 of {path}"] = peak_mb(server)
        with (
            deaf_sessions(server, 20),
            deaf_requests(server, port, 60, "/api/v1/network", ""),
            deaf_requests(server, port, 60, "/api/v1/call", message(*DEVICES)),
        ):
            peaks["all together"] = peak_mb(server)
        server.hang_up()
    print(*(f"{name}: {peak:.0f} MB" for name, peak in peaks.items()), sep="\n")
    assert max(peaks.values()) < allowed_mb(), peaks
