"""Fan-out: how long one report takes to all sessions, and what each of them costs."""

import selectors
import time
from collections.abc import Iterator
from statistics import median

from bench.asking import ask, wait_for_radio
from bench.load import drive, load_of
from bench.overhead import RAW
from bench.rows import Figure, Mark, Row
from bench.servers import Server, cpu_s, echo, gateway
from bench.wire import Wire

REPORTS = 2
"""Of each reading: it begins, and it is over."""

_ROUNDS = 5
_READINGS = 10
"""Of one round; the processor time of a single one is not much."""

_ECHO_CLIENTS, _ECHO_S = 10, 0.6
_MOST = 0.7
"""What a report to one more session may cost, as a share of what the echo takes for a message."""


def measure() -> Iterator[Row]:
    """The two reports of an empty reading, until the last of 1, 50 and 500 clients has both.

    Echo and gateway by turns. What a session costs is what all cost less what one alone does,
    which is mostly the reading itself.
    """
    first = alone = 0.0
    with echo() as yardstick:
        for clients in (1, 50, 500):
            with gateway("websocket.max_clients=600") as server:
                wires = [server.connect() for _ in range(clients)]
                wait_for_radio(server, wires[0])
                began = time.perf_counter()
                publish(wires, "iqrfSensorData_Start")
                took = time.perf_counter() - began
                readings = _READINGS if clients < 500 else 2
                rounds = [_round(yardstick, server, wires, readings) for _ in range(_ROUNDS)]
            bare, reading = (median(each) for each in zip(*rounds, strict=True))
            first, alone = first or took, alone or reading
            yield Row(
                f"{clients} clients", 1000 * took, "ms", took / first / clients, "of 1 client, each"
            )
            if clients > 1:
                each = (reading - alone) / (clients - 1) / REPORTS
                mark = Mark(_MOST * bare, at_least=False)
                name = f"{clients} clients, CPU of a report to each"
                yield Row(name, each, "µs", each / bare, "of echo", mark)


def _round(
    yardstick: Server, server: Server, wires: list[Wire], readings: int
) -> tuple[float, float]:
    """Processor time in µs: of the echo for one message, of the gateway for one reading."""
    bare = drive(load_of(yardstick, RAW, _ECHO_CLIENTS, _ECHO_S)).cpu_us
    used = cpu_s(server.pid)
    for _ in range(readings):
        publish(wires, "iqrfSensorData_Invoke")
    return bare, (cpu_s(server.pid) - used) / readings * 1e6


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
