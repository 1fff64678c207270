"""Fan-out: how long one report takes to all sessions."""

import selectors
import time
from collections.abc import Iterator

from bench.asking import ask, wait_for_radio
from bench.rows import Figure, Row
from bench.servers import gateway
from bench.wire import Wire

REPORTS = 2
"""Of each reading: it begins, and it is over."""


def measure() -> Iterator[Row]:
    """The two reports of an empty reading, until the last of 1, 50 and 500 clients has both."""
    first = 0.0
    for clients in (1, 50, 500):
        with gateway("websocket.max_clients=600") as server:
            wires = [server.connect() for _ in range(clients)]
            wait_for_radio(server, wires[0])
            began = time.perf_counter()
            publish(wires, "iqrfSensorData_Start")
            took = time.perf_counter() - began
        first = first or took
        ratio = took / first / clients
        yield Row(f"{clients} clients", 1000 * took, "ms", ratio, "of 1 client, each")


def publish(wires: list[Wire], mtype: str) -> None:
    """Have the first client ask for a reading; over when each has its reports."""
    ask(wires[0], mtype)
    missing = dict.fromkeys(wires, REPORTS)
    with selectors.DefaultSelector() as selector:
        for wire in wires:
            selector.register(wire, selectors.EVENT_READ, wire)
        _take(wires[0], missing)
        while missing:
            for key, _ in selector.select(10):
                wire = key.data
                wire.fill()
                _take(wire, missing)


def _take(wire: Wire, missing: dict[Wire, int]) -> None:
    while (text := wire.take()) is not None:
        if "iqrfSensorData_ReportAsync" in text:
            missing[wire] -= 1
            if not missing[wire]:
                del missing[wire]


FIGURE = Figure("Fan-out of reports", measure)
