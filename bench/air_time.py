"""Air time efficiency: how much longer a transaction takes than the radio needs for it."""

import json
import time
from collections.abc import Iterator

from bench.asking import ask, wait_for_radio
from bench.rows import Figure, Mark, Row
from bench.servers import gateway
from bench.wire import Wire
from protocol.dpa.frc import response_time_ms
from protocol.dpa.packet import Confirmation, Response, parse
from protocol.dpa.timing import RfMode, Timing, air_ms, frc_ms

_NODES = 5
_UNICASTS = 20
_FRCS = 2

LED_PULSE_AT_NODE_1 = {"rData": "01.00.06.03.ff.ff"}
FRC_PING = {"rData": "00.00.0d.00.ff.ff.00.00.00"}


def measure() -> Iterator[Row]:
    """A node in direct range, then all nodes at once, one after the other, in real air time."""
    with gateway(nodes=_NODES, speed=1.0) as server:
        wire = server.connect()
        wait_for_radio(server, wire)
        air = _air_ms(wire)
        unicast = _each_ms(wire, LED_PULSE_AT_NODE_1, _UNICASTS)
        frc = _each_ms(wire, FRC_PING, _FRCS)
    yield Row("air time of a unicast, by its confirmation", air, "ms")
    yield _beside("time of a unicast", unicast, air)
    timing = Timing(RfMode.STD, _NODES, _NODES, response_time_ms(0))
    yield _beside(f"time of an FRC of {_NODES} nodes", frc, frc_ms(timing))


def _beside(name: str, took: float, air: float) -> Row:
    return Row(name, took, "ms", took / air, "of air time", Mark(1.05 * air, at_least=False))


def _each_ms(wire: Wire, request: object, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        ask(wire, "iqrfRaw", request)
    return 1000 * (time.perf_counter() - began) / times


def _air_ms(wire: Wire) -> float:
    """What the routing of one request and its response takes."""
    message = {"msgId": "bench", "returnVerbose": True, "req": LED_PULSE_AT_NODE_1}

    wire.send(json.dumps({"mType": "iqrfRaw", "data": message}))
    (record,) = json.loads(wire.receive())["data"]["raw"]
    confirmation = parse(bytes.fromhex(record["confirmation"].replace(".", "")))
    response = parse(bytes.fromhex(record["response"].replace(".", "")))
    assert isinstance(confirmation, Confirmation)
    assert isinstance(response, Response)
    return air_ms(confirmation, len(response.pdata))


FIGURE = Figure("Air time (simulator at speed 1)", measure)
