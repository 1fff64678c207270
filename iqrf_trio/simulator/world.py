"""The simulated nodes that are there, bonded or not, and who of them hears a frame."""

from collections.abc import Callable, Collection, Iterable
from enum import Enum
from math import dist
from random import Random

from attrs import define

from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.routes import (
    COORDINATOR_POSITION,
    FULL_POWER,
    Route,
    discover,
    reach,
    signal_dbm,
)
from protocol.dpa.packet import TEMPORARY

_RSSI_OFFSET = 130


class Passage(Enum):
    """What becomes of a request to a node, and of its answer."""

    LOST = "the node does not hear the request"
    UNANSWERED = "the node does what is asked, and its answer is lost"
    WHOLE = "the node answers"


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

    def passage(self, node: Node, now: float) -> Passage:
        """How far a request to `node` and its answer come.

        Of those that fail, one half is lost on the way there, the other on the way back.
        """
        if not node.listens(now):
            return Passage.LOST
        luck = self.random.random() if self.loss else 1.0
        if luck >= self.loss:
            return Passage.WHOLE
        return Passage.UNANSWERED if luck >= self.loss / 2 else Passage.LOST

    def prebond(
        self, network: int, routers: Collection[int], wanted: Callable[[int], bool], now: float
    ) -> None:
        """Give the temporary address to strangers whose MID is `wanted`, as far as they hear it.

        They hear the coordinator itself, or one of the `routers`, which are addresses of the
        network.
        """
        places = [COORDINATOR_POSITION] + [
            node.position
            for node in self.members(network)
            if node.nadr in routers and node.listens(now)
        ]
        for node in list(self.strangers(now)):
            near = min(dist(node.position, place) for place in places) <= reach(FULL_POWER)
            if near and wanted(node.mid) and self.hears(node, now):
                node.nadr, node.network = TEMPORARY, network

    def prebonded(self, network: int) -> Iterable[Node]:
        """The nodes with the temporary address of this network."""
        return (node for node in self.members(network) if node.nadr == TEMPORARY)

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
