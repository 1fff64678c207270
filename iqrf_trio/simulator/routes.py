"""Who hears whom in a simulated mesh, and what a discovery makes of it."""

from collections.abc import Mapping
from math import dist

from attrs import frozen

Position = tuple[float, float]
"""In units of the range at full power; the coordinator is at the origin."""

COORDINATOR_POSITION: Position = (0.0, 0.0)

FULL_POWER = 7


@frozen
class Route:
    """A node's place in the routing tree; `zone` is 1 for who hears the coordinator itself."""

    vrn: int
    zone: int
    parent_vrn: int


def reach(tx_power: int) -> float:
    """How far a transmitter is heard, relative to full power."""
    return 0.5 + 0.5 * min(tx_power, FULL_POWER) / FULL_POWER


def discover(positions: Mapping[int, Position], distance: float = 1.0) -> dict[int, Route]:
    """The route of every address that can be reached by steps of `distance` at most.

    As in a discovery on the air: zone by zone, VRNs ascending with the address within a zone, and
    of those of the zone before that a node hears the nearest one is its parent.
    """
    routes: dict[int, Route] = {}
    zone, frontier = 0, {0: COORDINATOR_POSITION}
    unknown = dict(sorted(positions.items()))
    while frontier:
        zone += 1
        found: dict[int, Position] = {}
        for address, place in unknown.items():
            away, parent = min((dist(place, there), vrn) for vrn, there in frontier.items())
            if away <= distance:
                vrn = len(routes) + 1
                routes[address] = Route(vrn, zone, parent)
                found[vrn] = place
        for address in routes:
            unknown.pop(address, None)
        frontier = found
    return routes


def signal_dbm(distance: float) -> int:
    """How strong a transmitter is heard from `distance`."""
    return round(-45 - 40 * min(distance, 1.5))
