"""Enumeration: the gateway's own time, with a radio that answers at once."""

import time
from collections.abc import Iterator

from bench.asking import ask, enumerate_network, known_network, message, wait_for_radio
from bench.load import percentile
from bench.rows import Figure, Mark, Row
from bench.servers import gateway

_REQUESTS = 200


def measure() -> Iterator[Row]:
    """First and repeated enumeration of growing meshes."""
    for nodes in (10, 50, 200, 239):
        with gateway(nodes=nodes) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            before = server.cpu_s
            first = enumerate_network(wire)
            cpu = server.cpu_s - before
            mark = Mark(1.0, at_least=False) if nodes == 200 else None
            yield Row(
                f"first, {nodes} nodes",
                first,
                "s",
                1000 * first / nodes,
                "ms per node",
                mark,
                f"{cpu:.2f} s of CPU",
            )
            again = enumerate_network(wire)
            yield Row(f"repeated, {nodes} nodes", again, "s", again / first, "of first")
    yield _devices_meanwhile()


def _devices_meanwhile() -> Row:
    """GetDevices with everything, asked while an enumeration runs in real air time."""
    everything = {"sensors": True, "binouts": True, "light": True}
    with known_network(239, speed=100.0) as server:
        wire, other = server.connect(), server.connect()
        wait_for_radio(server, wire)
        other.send(message("iqrfDb_Enumerate", {"reenumerate": True}))
        times = []
        for _ in range(_REQUESTS):
            began = time.perf_counter()
            ask(wire, "iqrfDb_GetDevices", everything)
            times.append(time.perf_counter() - began)
    median = 1000 * percentile(sorted(times), 0.5)
    mark = Mark(20, at_least=False)
    return Row("GetDevices of 240 devices meanwhile, median", median, "ms", mark=mark)


FIGURE = Figure("Enumeration (simulator at speed 0)", measure)
