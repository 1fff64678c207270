"""Air time efficiency: how much longer a transaction takes than the radio needs for it."""

import json
import time
from collections.abc import Iterator

from bench.asking import ask, wait_for_radio
from bench.rows import Figure, Mark, Row
from bench.servers import gateway
from bench.wire import Wire
from protocol.dpa.packet import Confirmation, Response, parse
from protocol.dpa.timing import air_ms

_REQUESTS = 25

LED_PULSE_AT_NODE_1 = {"rData": "01.00.06.03.ff.ff"}


def measure() -> Iterator[Row]:
    """Unicast to a node in direct range, one after the other, in real air time."""
    with gateway(nodes=5, speed=1.0) as server:
        wire = server.connect()
        wait_for_radio(server, wire)
        air = _air_s(wire)
        began = time.perf_counter()
        for _ in range(_REQUESTS):
            ask(wire, "iqrfRaw", LED_PULSE_AT_NODE_1)
        took = (time.perf_counter() - began) / _REQUESTS
    yield Row("air time of a unicast, by its confirmation", 1000 * air, "ms")
    yield Row(
        "time of a unicast",
        1000 * took,
        "ms",
        took / air,
        "of air time",
        Mark(1050 * air, at_least=False),
    )


def _air_s(wire: Wire) -> float:
    """What the routing of one request and its response takes."""
    message = {"msgId": "bench", "returnVerbose": True, "req": LED_PULSE_AT_NODE_1}

    wire.send(json.dumps({"mType": "iqrfRaw", "data": message}))
    (record,) = json.loads(wire.receive())["data"]["raw"]
    confirmation = parse(bytes.fromhex(record["confirmation"].replace(".", "")))
    response = parse(bytes.fromhex(record["response"].replace(".", "")))
    assert isinstance(confirmation, Confirmation)
    assert isinstance(response, Response)
    return air_ms(confirmation, len(response.pdata)) / 1000


FIGURE = Figure("Air time (simulator at speed 1)", measure)
