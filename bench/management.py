"""Management under load: what a status request waits while the radio is busy."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from bench.asking import ask, enumerate_network, wait_for_radio
from bench.load import Load, drive, load_of, percentile
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
    # At air speed the gateway stops before the enumeration is over, and before those requests are
    # answered that wait for it; that is no failure here.
    threading.Thread(target=_enumerate, args=(other,), daemon=True).start()
    threading.Thread(target=_load, args=(load,), daemon=True).start()
    time.sleep(2.0)  # for both to be well under way: the load warms up for 1.2 s
    return _p99(wire)


def _enumerate(wire: Wire) -> None:
    try:
        enumerate_network(wire, reenumerate=True)
    except (ConnectionError, RuntimeError, OSError):
        wire.close()


def _load(load: Load) -> None:
    with suppress(RuntimeError):
        drive(load)


FIGURE = Figure("Management under load (239 nodes, 40 clients)", measure)
