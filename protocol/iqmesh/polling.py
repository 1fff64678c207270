"""FRCs to many nodes, in as many groups as it takes; who keeps silent is asked once more."""

from collections.abc import Iterable
from functools import partial

from protocol.dpa import frc, frc_steps
from protocol.iqmesh.plan import Plan, Progress, do


def poll(command: int, nodes: Iterable[int], user_data: bytes) -> Plan[dict[int, int]]:
    """The raw value of each node, ascending; 0 where a node has said nothing to two FRCs.

    One lost answer is no reason to call a node offline.
    """
    nodes = sorted(nodes)
    values = yield from poll_once(command, nodes, user_data)
    if silent := [node for node, value in values.items() if not value]:
        values |= yield from poll_once(command, silent, user_data, done=len(nodes) - len(silent))
    return values


def poll_once(
    command: int, nodes: Iterable[int], user_data: bytes, *, done: int = 0, told: bool = True
) -> Plan[dict[int, int]]:
    """The same without a second question; `done` have answered before, if progress is `told`."""
    nodes = sorted(nodes)
    values, total = dict[int, int](), done + len(nodes)
    for group in frc.groups(nodes, frc.width_of(command).capacity):
        if told:
            yield Progress(done + len(values), total)
        values |= yield from do(partial(frc_steps.read, command, group, user_data))
    return values
