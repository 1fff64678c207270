"""The simulated nodes that are there, bonded or not, and who of them hears a frame."""

from collections.abc import Iterable
from math import dist
from random import Random

from attrs import define

from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.routes import (
    COORDINATOR_POSITION,
    Route,
    discover,
    reach,
    signal_dbm,
)

_RSSI_OFFSET = 130


@define(eq=False, repr=False)
class World:
    """All nodes within reach; each misses a frame with probability `loss`, by `random`."""

    nodes: list[Node]
    random: Random
    loss: float = 0.0

    def at(self, address: int) -> Node | None:
        """The node that listens to `address`; of several the one that drowns the others out.

        That is the one nearest to the coordinator of those that are on.
        """
        there = (node for node in self.nodes if node.nadr == address)
        return min(there, key=_loudness, default=None)

    def strangers(self, now: float) -> Iterable[Node]:
        """The nodes that are on, but not bonded."""
        return (node for node in self.nodes if node.nadr is None and node.listens(now))

    def hears(self, node: Node, now: float) -> bool:
        """Whether `node` receives a frame sent now; asking again is another frame."""
        if not node.listens(now):
            return False
        return not self.loss or self.random.random() >= self.loss

    def members(self, network: int) -> Iterable[Node]:
        """The nodes that have the key of this network, whether or not it knows them."""
        return (node for node in self.nodes if node.nadr is not None and node.network == network)

    def explore(
        self, addresses: Iterable[int], tx_power: int, did: int, now: float
    ) -> dict[int, Route]:
        """Find the routes to `addresses`, and tell the nodes that were found."""
        known = {address: self.at(address) for address in addresses}
        nodes = {address: node for address, node in known.items() if node and node.listens(now)}
        routes = discover(
            {address: node.position for address, node in nodes.items()}, reach(tx_power)
        )
        places = {0: COORDINATOR_POSITION} | {
            route.vrn: nodes[address].position for address, route in routes.items()
        }
        for address, route in routes.items():
            node = nodes[address]
            node.route, node.did = route, did
            away = dist(node.position, places[route.parent_vrn])
            node.rssi = _RSSI_OFFSET + signal_dbm(away)
        return routes


def _loudness(node: Node) -> tuple[bool, float]:
    return not node.online, dist(node.position, COORDINATOR_POSITION)
