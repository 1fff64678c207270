"""Management under load: what a status request waits while the radio is busy."""

import threading
import time
from collections.abc import Iterator

from bench.asking import ask, enumerate_network, wait_for_radio
from bench.load import drive, load_of, percentile
from bench.overhead import RAW
from bench.rows import Figure, Mark, Row
from bench.servers import Server, gateway
from bench.wire import Wire

_REQUESTS = 1000


def measure() -> Iterator[Row]:
    """p99 of iqrfSensorData_Status, idle and during an enumeration with 40 clients."""
    for speed, times in ((1.0, 3.0), (0.0, 10.0)):
        with gateway("queue.network_capacity=64", nodes=239, speed=speed) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            idle = _p99(wire)
            busy = _p99_under_load(server, wire)
            yield Row(f"Status p99, idle, speed {speed:g}", idle, "ms")
            yield Row(
                f"Status p99, busy, speed {speed:g}",
                busy,
                "ms",
                busy / idle,
                "of idle",
                Mark(times * idle, at_least=False),
            )


def _p99(wire: Wire) -> float:
    times = []
    for _ in range(_REQUESTS):
        began = time.perf_counter()
        ask(wire, "iqrfSensorData_Status")
        times.append(time.perf_counter() - began)
    return 1000 * percentile(sorted(times), 0.99)


def _p99_under_load(server: Server, wire: Wire) -> float:
    other = server.connect()
    load = load_of(server, RAW, 40, 6.0)
    # The gateway stops before the enumeration at air speed is over; that is no failure here.
    enumeration = threading.Thread(target=_enumerate, args=(other,), daemon=True)
    clients = threading.Thread(target=drive, args=(load,))
    enumeration.start()
    clients.start()
    time.sleep(2.0)  # for both to be well under way: the load warms up for 1.2 s
    p99 = _p99(wire)
    clients.join()
    return p99


def _enumerate(wire: Wire) -> None:
    try:
        enumerate_network(wire, reenumerate=True)
    except (ConnectionError, RuntimeError, OSError):
        wire.close()


FIGURE = Figure("Management under load (239 nodes, 40 clients)", measure)
