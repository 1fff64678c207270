"""Generated meshes: so many nodes, laid out and discovered as the seed has it."""

from collections.abc import Collection, Iterable
from math import cos, dist, pi, sin, sqrt
from random import Random

from iqrf_trio.simulator.coordinator import Coordinator
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS, Product
from iqrf_trio.simulator.routes import COORDINATOR_POSITION, FULL_POWER, Position
from iqrf_trio.simulator.world import World
from protocol.dpa.packet import MAX_NODE
from protocol.dpa.timing import RfMode

_FIRST_MID = 0x8100_0000
_MIDS = 1 << 20
"""Generated MIDs begin with 0x81 0x0, as those of real modules do."""

_NEIGHBOURS = 4
"""So many nodes, on average, in a circle of one range: a mesh, but with several zones."""
_STEP = 0.95
"""How far a node may be from the nearest other one, in ranges: not quite at the limit."""


def generate(nodes: int, seed: int = 1, *, loss: float = 0.0, rf_mode: RfMode = RfMode.STD) -> Mesh:
    """A mesh of `nodes` nodes at the addresses from 1 on, bonded and discovered.

    The same seed gives the same mesh, which then behaves the same, frame by frame. Raises
    ValueError for more than 239 nodes.
    """
    if not 0 <= nodes <= MAX_NODE:
        raise ValueError(f"a mesh has 0..{MAX_NODE} nodes, not {nodes}")
    random = Random(seed)
    coordinator_mid, *mids = unused_mids(nodes + 1, random)
    places = positions(nodes, random)
    population = [
        Node(mid, _product(address), nadr=address, supply=supply(random), position=place)
        for address, (mid, place) in enumerate(zip(mids, places, strict=True), 1)
    ]
    return assemble(coordinator_mid, GATEWAY, population, random, loss=loss, rf_mode=rf_mode)


def assemble(
    mid: int,
    product: Product,
    nodes: Iterable[Node],
    random: Random,
    *,
    loss: float,
    rf_mode: RfMode,
    unknown: Collection[Node] = (),
) -> Mesh:
    """A mesh of a coordinator and these nodes: who has an address is bonded and discovered.

    Those of `unknown` have an address and the key of the network, but not in the coordinator.
    """
    world = World(list(nodes), random, loss)
    coordinator = Coordinator(mid, product, rf_mode, world=world)
    for node in world.nodes:
        node.rf_mode = rf_mode
        if node.nadr is not None:
            if node not in unknown:
                coordinator.bonds.add(node.nadr, node.mid)
            node.network = coordinator.bonds.network
    coordinator.administration.discover(FULL_POWER)
    return Mesh(coordinator)


def unused_mids(count: int, random: Random, used: Iterable[int] = ()) -> list[int]:
    """MIDs that nobody has."""
    taken, mids = set(used), list[int]()
    while len(mids) < count:
        mid = _FIRST_MID + random.randrange(_MIDS)
        if mid not in taken:
            taken.add(mid)
            mids.append(mid)
    return mids


def positions(count: int, random: Random) -> list[Position]:
    """Places for so many nodes, each within reach of another one or of the coordinator."""
    radius = max(_STEP, sqrt(count / _NEIGHBOURS))
    places: list[Position] = [COORDINATOR_POSITION]
    while len(places) <= count:
        # The square root spreads them evenly over the disc.
        away, angle = radius * sqrt(random.random()), 2 * pi * random.random()
        place = away * cos(angle), away * sin(angle)
        if min(dist(place, other) for other in places) <= _STEP:
            places.append(place)
    return places[1:]


def supply(random: Random) -> int:
    """A code of the supply voltage between 2.8 and 3.1 V."""
    return random.randint(34, 43)


def _product(address: int) -> Product:
    return PRODUCTS[(address - 1) % len(PRODUCTS)]
