"""Sensor cycle: the gateway's own time per reading, with a radio that answers at once."""

from collections.abc import Iterator

from bench.asking import enumerate_network, read_once, wait_for_radio
from bench.rows import Figure, Row
from bench.servers import gateway


def measure() -> Iterator[Row]:
    """One cycle over growing meshes of five products."""
    for nodes in (10, 50, 239):
        with gateway(nodes=nodes) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            enumerate_network(wire)
            took = read_once(wire)
            yield Row(f"reading, {nodes} nodes", took, "s", 1000 * took / nodes, "ms per node")


FIGURE = Figure("Sensor cycle (simulator at speed 0)", measure)
