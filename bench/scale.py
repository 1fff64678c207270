"""The scale series: what more nodes and more sessions cost, and whether that stays linear."""

from collections.abc import Callable, Iterator, Mapping

from attrs import frozen

from bench.asking import enumerate_network, message, read_again, wait_for_radio
from bench.fan_out import REPORTS, publish
from bench.growth import Point, Series
from bench.load import percentile
from bench.overhead import VERSION
from bench.rows import Figure, Row
from bench.servers import Server, gateway, state_dir
from bench.wire import Wire

NODES = (1, 10, 50, 239)
SESSIONS = (1, 10, 100, 500)

_STARTS = 3
_TIMES = 8
"""Enumerations, readings, reports."""
_ANSWERS = 40
_REQUESTS = 3000
"""Of all sessions together."""

_DEVICES = message("iqrfDb_GetDevices", {"sensors": True, "binouts": True, "light": True})


@frozen
class _Cost:
    """A cost, what two measurements may differ by, and whether the first point is its base."""

    name: str
    unit: str
    noise: float
    above_first: bool = False

    def series(self, per: str, measured: Mapping[int, Mapping[str, float]]) -> Series:
        points = [Point(units, costs[self.name]) for units, costs in measured.items()]
        base = points[0].cost if self.above_first else 0.0
        return Series(self.name, self.unit, per, points, self.noise, base)


_MEMORY = _Cost("memory", "MB", 0.5, above_first=True)
_START = _Cost("start to the first answer", "ms", 30.0, above_first=True)
_ENUMERATION = _Cost("CPU of an enumeration", "ms", 5.0)
_READING = _Cost("CPU of a reading", "ms", 2.0)
_GET_DEVICES = _Cost("CPU of GetDevices", "ms", 0.1)
_REQUEST = _Cost("CPU of a request of each", "ms", 0.1)
_REPORT = _Cost("CPU of a report to each", "ms", 0.5)

_OF_NODES = (_MEMORY, _START, _ENUMERATION, _READING, _GET_DEVICES)
_OF_SESSIONS = (_MEMORY, _REQUEST, _REPORT)


def measure() -> Iterator[Row]:
    """Memory, start, and processor time of the gateway with the simulated mesh in it."""
    nodes = {count: _with_nodes(count) for count in NODES}
    for cost in _OF_NODES:
        yield from cost.series("node", nodes).rows()
    sessions = {count: _with_sessions(count) for count in SESSIONS}
    for cost in _OF_SESSIONS:
        yield from cost.series("session", sessions).rows()


def _with_nodes(nodes: int) -> dict[str, float]:
    with state_dir() as state:
        with gateway(nodes=nodes, state=state) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            enumerate_network(wire)
            read_again(wire, "iqrfSensorData_Start")
            anew = _cpu_ms(server, _TIMES, lambda: enumerate_network(wire, reenumerate=True))
            costs = {
                _ENUMERATION.name: anew,
                _READING.name: _cpu_ms(server, _TIMES, lambda: read_again(wire)),
                _GET_DEVICES.name: _cpu_ms(server, _ANSWERS, lambda: _answer(wire, _DEVICES)),
                _MEMORY.name: server.memory_mb,
            }
        costs[_START.name] = min(_start_ms(nodes, state) for _ in range(_STARTS))
    return costs


def _with_sessions(sessions: int) -> dict[str, float]:
    with gateway("websocket.max_clients=600") as server:
        wires = [server.connect() for _ in range(sessions)]
        wait_for_radio(server, wires[0])
        publish(wires, "iqrfSensorData_Start")
        memory = server.memory_mb
        rounds = max(_TIMES, _REQUESTS // sessions)
        request = _cpu_ms(server, rounds, lambda: _each(wires))
        reading = _cpu_ms(server, _TIMES, lambda: publish(wires, "iqrfSensorData_Invoke"))
    return {_MEMORY.name: memory, _REQUEST.name: request, _REPORT.name: reading / REPORTS}


def _start_ms(nodes: int, state: str) -> float:
    """With the network known from before."""
    with gateway(nodes=nodes, state=state) as server:
        return 1000 * wait_for_radio(server, server.connect()).at_s


def _each(wires: list[Wire]) -> None:
    for wire in wires:
        _answer(wire, VERSION)


def _answer(wire: Wire, text: str) -> None:
    """Ask without a look at the answer: it may be long."""
    wire.send(text)
    wire.receive()


def _cpu_ms(server: Server, times: int, work: Callable[[], object]) -> float:
    """Processor time that this takes the server where nobody else is in the caches' way."""
    used = []
    for _ in range(times):
        before = server.cpu_s
        work()
        used.append(server.cpu_s - before)
    return 1000 * percentile(sorted(used), 0.25)


FIGURE = Figure("Scale (simulator at speed 0)", measure)
