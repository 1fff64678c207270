"""Which of the nodes that were found get which address."""

from collections.abc import Collection, Iterable, Mapping

from attrs import frozen

from protocol.iqmesh.auto_network.limits import Bonds
from protocol.iqmesh.auto_network.settings import Settings


@frozen
class Choice:
    """MIDs by address; `returning` are the addresses of those that have them already.

    The coordinator knows these, but the nodes have forgotten it.
    """

    chosen: Mapping[int, int]
    returning: Collection[int] = ()


def choose(
    settings: Settings,
    bonds: Bonds,
    found: Iterable[int],
    *,
    given: Mapping[int, int],
    refused: Collection[int],
    room: int,
) -> Choice:
    """Choose addresses for `found` MIDs, in their order, for `room` new nodes at most.

    No address is given that is held, or wished for by another module. `given` are addresses by
    MID that were given before in this run; `refused` are addresses that the coordinator does not
    give. What is wished for and held gets the lowest free one.
    """
    at = {mid: address for address, mid in bonds.items() if mid}
    wished = {mid: address for mid, address in settings.wishes if address is not None}
    wished = dict(given) | wished
    chosen, returning = dict[int, int](), list[int]()
    for mid in found:
        if mid in at:
            chosen[at[mid]] = mid
            returning.append(at[mid])
            continue
        taken = bonds.keys() | chosen.keys() | set(refused)
        reserved = {address for other, address in wished.items() if other != mid}
        wish = wished.get(mid)
        if wish in taken and settings.exact and mid in wished:
            continue
        if wish is None or wish in taken:
            free = (a for a in settings.addresses if a not in taken and a not in reserved)
            wish = next(free, None)
        if wish is not None and len(chosen) - len(returning) < room:
            chosen[wish] = mid
    return Choice(chosen, returning)
