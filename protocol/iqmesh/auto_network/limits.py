"""When AutoNetwork does not begin, when it ends, and how many nodes it may still admit."""

from collections.abc import Mapping

from attrs import frozen

from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.settings import Settings

Bonds = Mapping[int, int]
"""MIDs by address, 0 where the coordinator knows none."""


@frozen
class Tally:
    """How far a run is: its waves, the last of them that were empty, and the nodes it has got."""

    waves: int
    empty_waves: int
    new_nodes: int


def refusal(settings: Settings, bonds: Bonds) -> WaveCode | None:
    """Why nothing is begun, None where there is no reason."""
    stop, free = settings.stop, _free(settings, bonds)
    mids = [mid for mid in bonds.values() if mid]
    left = len(settings.wished.keys() - set(mids))
    only = settings.only_wished
    reasons = (
        (WaveCode.TOTAL_NODES, len(bonds) >= stop.total_nodes > 0),
        (WaveCode.NETWORK_FULL, len(bonds) >= MAX_NODE),
        (WaveCode.NO_FREE_ADDRESS, not free),
        (WaveCode.DOUBLE_MIDS, len(set(mids)) < len(mids)),
        (WaveCode.WISHED_BONDED, only and bool(settings.wishes) and not left),
        (WaveCode.NEW_NOT_IN_LIST, only and stop.new_nodes > left),
        (WaveCode.TOTAL_NOT_IN_LIST, only and stop.total_nodes > len(bonds) + left),
        (WaveCode.NEW_NO_ADDRESSES, stop.new_nodes > free),
        (WaveCode.TOTAL_NO_ADDRESSES, stop.total_nodes > len(bonds) + free),
    )
    return next((code for code, holds in reasons if holds), None)


def ending(settings: Settings, bonds: Bonds, tally: Tally) -> WaveCode:
    """Why a run ends behind a wave; FINISHED where another one follows."""
    stop = settings.stop
    reasons = (
        (WaveCode.WAVES, tally.waves >= stop.most_waves > 0),
        (WaveCode.EMPTY_WAVES, tally.empty_waves >= stop.most_empty_waves > 0),
        (WaveCode.NEW_NODES, tally.new_nodes >= stop.new_nodes > 0),
        (WaveCode.TOTAL_NODES, len(bonds) >= stop.total_nodes > 0),
        (WaveCode.FULL, len(bonds) >= MAX_NODE),
        (WaveCode.SPACE_USED, not _free(settings, bonds)),
        (WaveCode.ALL_WISHED, _all_wished(settings, bonds)),
    )
    # Of several reasons the vendor's gateway tells the last one.
    true = [code for code, holds in reasons if holds]
    return true[-1] if true else WaveCode.FINISHED


def room(settings: Settings, bonds: Bonds, new_nodes: int) -> int:
    """How many more nodes may be admitted."""
    stop = settings.stop
    limits = [MAX_NODE - len(bonds)]
    if stop.new_nodes:
        limits.append(stop.new_nodes - new_nodes)
    if stop.total_nodes:
        limits.append(stop.total_nodes - len(bonds))
    return max(0, min(limits))


def _free(settings: Settings, bonds: Bonds) -> int:
    """How many addresses can be given: those of the space, and those that are wished for."""
    wished = {address for address in settings.wished.values() if address is not None}
    return len((set(settings.addresses) | wished) - bonds.keys())


def _all_wished(settings: Settings, bonds: Bonds) -> bool:
    wished = settings.wished
    return settings.only_wished and bool(wished) and wished.keys() <= set(bonds.values())
