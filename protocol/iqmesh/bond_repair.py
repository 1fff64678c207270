"""How a change of bonds that was cut off is brought to its end."""

from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from protocol.dpa import frc
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import bonded_devices, remove_bond
from protocol.dpa.peripherals.os import os_batch
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.mids import record
from protocol.iqmesh.plan import Pause, Plan, ask
from protocol.iqmesh.polling import poll
from protocol.iqmesh.replacing import settle

BATCH = 9
"""Requests to remove a bond that fit into one OS Batch."""

BATCH_S = 0.015
"""What the coordinator takes for each of them; it answers the batch before it begins."""


def forget(nodes: Sequence[int]) -> Plan[None]:
    """Have the coordinator forget these nodes, several at a time."""
    for start in range(0, len(nodes), BATCH):
        some = nodes[start : start + BATCH]
        yield from ask(os_batch(COORDINATOR, [remove_bond(node).request for node in some]))
        yield Pause(BATCH_S * len(some))


def resolve(changes: BondChanges, responding: Callable[[int], bool]) -> Plan[BondChanges]:
    """End a change that was cut off; what has come of it: `replacing`, if the new module is there.

    Who has left is forgotten. A node of which that is not known is asked: one that answers is
    still bonded. One that is silent has left, unless it was silent before (`responding`).
    """
    if changes.replacing and not (yield from settle(changes.replacing)):
        changes = evolve(changes, replacing=None)
    bonded = yield from ask(bonded_devices())
    gone = changes.left & bonded
    if unclear := (changes.leaving - changes.left) & bonded:
        answers = yield from poll(frc.PING, unclear, bytes(frc.MIN_USER_DATA))
        gone |= {node for node, bits in answers.items() if not bits and responding(node)}
    yield from forget(sorted(gone))
    if gone:
        bonded = yield from ask(bonded_devices())
    mids = yield from written(changes.mids, bonded)
    joined = dict[int, int]()
    for node in sorted(bonded - changes.before):
        joined[node] = yield from record(node)
    return evolve(changes, mids=mids, joined=joined, gone=changes.before - bonded)


def written(mids: Mapping[int, int], bonded: frozenset[int]) -> Plan[dict[int, int]]:
    """Those of `mids`, by address, that are in the coordinator's table."""
    found = dict[int, int]()
    for node in sorted(mids.keys() & bonded):
        if (yield from record(node)) == mids[node]:
            found[node] = mids[node]
    return found
