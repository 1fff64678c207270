"""Meshes of nodes that nobody has bonded yet."""

from random import Random

from iqrf_trio.simulator.files.plan import assemble, positions, unused_mids
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS
from protocol.dpa.packet import TEMPORARY
from protocol.dpa.timing import RfMode


def strangers(count: int, seed: int = 1, *, loss: float = 0.0, bonded: int = 0) -> Mesh:
    """`count` nodes that are not bonded, behind `bonded` ones that are."""
    random = Random(seed)
    coordinator, *mids = unused_mids(count + bonded + 1, random)
    places = positions(count + bonded, random)
    nodes = [
        Node(
            mid,
            PRODUCTS[number % len(PRODUCTS)],
            nadr=number if number <= bonded else None,
            position=place,
        )
        for number, (mid, place) in enumerate(zip(mids, places, strict=True), 1)
    ]
    return assemble(coordinator, GATEWAY, nodes, random, loss=loss, rf_mode=RfMode.STD)


def bonds_are_true(mesh: Mesh) -> bool:
    """Whether each node listens to the address that the coordinator has for it, and no other."""
    at = {node.mid: node.nadr for node in mesh.world.nodes if node.nadr is not None}
    return at == {mid: address for address, mid in mesh.coordinator.bonds.mids.items()}


def prebonded(mesh: Mesh) -> list[Node]:
    return [node for node in mesh.world.nodes if node.nadr == TEMPORARY]
