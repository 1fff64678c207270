"""Enumeration: the gateway's own time, with a radio that answers at once."""

from collections.abc import Iterator

from bench.asking import enumerate_network, wait_for_radio
from bench.rows import Figure, Mark, Row
from bench.servers import gateway


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


FIGURE = Figure("Enumeration (simulator at speed 0)", measure)
