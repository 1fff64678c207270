"""Sensor cycle: the gateway's own time per reading, and what others wait meanwhile."""

import time
from collections.abc import Iterator

from bench.asking import (
    LED_PULSE_AT_COORDINATOR,
    ask,
    enumerate_network,
    known_network,
    read_once,
    wait_for_radio,
)
from bench.load import percentile
from bench.rows import Figure, Mark, Row
from bench.servers import gateway
from bench.wire import Wire
from protocol.dpa.timing import Timing, frc_ms

_NODES = 50
_SPEED = 100.0
_CYCLES = 10

_OVERHEAD_MS = 20.0
"""What two processes on the same machine may add to one round."""


def measure() -> Iterator[Row]:
    """One cycle over growing meshes of five products; then a client beside several cycles."""
    for nodes in (10, 50, 239):
        with gateway(nodes=nodes) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            enumerate_network(wire)
            took = read_once(wire)
            yield Row(f"reading, {nodes} nodes", took, "s", 1000 * took / nodes, "ms per node")
    yield _beside_a_reading()


def _beside_a_reading() -> Row:
    """A client's request waits for the round under way, and for nothing else."""
    round_ms = frc_ms(Timing(bonded=_NODES, discovered=_NODES)) / _SPEED
    with known_network(_NODES, speed=_SPEED) as server:
        wire = server.connect()
        wait_for_radio(server, wire)
        ask(wire, "iqrfSensorData_Start")
        times = _waits(wire)
        for _ in range(_CYCLES - 1):
            ask(wire, "iqrfSensorData_Invoke")
            times += _waits(wire)
    p99 = 1000 * percentile(sorted(times), 0.99)
    mark = Mark(round_ms + _OVERHEAD_MS, at_least=False)
    note = f"{len(times)} requests"
    return Row(
        f"iqrfRaw p99, reading {_NODES} nodes", p99, "ms", p99 / round_ms, "of a round", mark, note
    )


def _waits(wire: Wire) -> list[float]:
    """Seconds that requests take, one after the other, until the cycle is over."""
    times = []
    while ask(wire, "iqrfSensorData_Status")["rsp"]["reading"]:
        began = time.perf_counter()
        ask(wire, "iqrfRaw", LED_PULSE_AT_COORDINATOR)
        times.append(time.perf_counter() - began)
    return times


FIGURE = Figure("Sensor cycle (simulator at speed 0; beside it at 100 times air speed)", measure)
