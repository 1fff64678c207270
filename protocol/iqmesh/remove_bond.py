"""RemoveBond and RemoveBondOnlyInC: nodes leave the network, or the coordinator forgets them."""

from collections.abc import Sequence
from functools import partial

from attrs import define, field

from protocol.dpa import frc, frc_steps
from protocol.dpa.packet import ANY_HWPID, COORDINATOR
from protocol.dpa.peripherals.coordinator import (
    addr_info,
    bonded_devices,
    clear_all_bonds,
    remove_bond,
)
from protocol.dpa.peripherals.node import NODE_REMOVE_BOND, node_remove_bond
from protocol.dpa.peripherals.os import os_batch
from protocol.iqmesh.plan import Pause, Plan, Progress, PutBack, ask, borrow, do
from protocol.network.parameters import Parameters

BATCH = 9
"""Requests to remove a bond that fit into one OS Batch."""

BATCH_S = 0.015
"""What the coordinator takes for each of them; it answers the batch before it begins."""

_DONE = 0b01
"""Bit of an acknowledged broadcast: the node has executed the command."""


@define(eq=False)
class RemoveBond:
    """One node leaves the network, or, with `node` None, all that have the HWPID and hear it.

    A node that keeps silent stays bonded in the coordinator: it may still be in the network.
    """

    node: int | None
    hwpid: int = ANY_HWPID
    nodes: int | None = field(default=None, init=False)
    """How many are bonded, as far as is known."""
    failed: Sequence[int] = field(default=(), init=False)
    """Those that should have left and are still bonded in the coordinator."""
    done: bool = field(default=False, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        bonded = yield from ask(bonded_devices())
        self.nodes = len(bonded)
        if self.node is not None:
            yield from ask(node_remove_bond(self.node).for_hwpid(self.hwpid))
            yield from ask(remove_bond(self.node))
        else:
            yield from self._everybody(bonded)
        self.nodes = (yield from ask(addr_info())).bonded
        self.done = True

    def _everybody(self, bonded: frozenset[int]) -> Plan[None]:
        yield from borrow(Parameters(frc_response_time=0))
        user_data = frc.acknowledged_broadcast(*NODE_REMOVE_BOND.key, self.hwpid)
        yield Progress(0, len(bonded))
        command = frc.ACK_BROADCAST_BITS
        answers = yield from do(partial(frc_steps.read_all, command, bonded or {1}, user_data))
        silent = [node for node, bits in answers.items() if not bits]
        if silent:
            # Some have heard it, and only their acknowledgement was lost: they do not answer
            # any more. Those that have not heard it get one more chance.
            yield Progress(len(bonded) - len(silent), len(bonded))
            answers |= yield from do(partial(frc_steps.read, command, silent, user_data))
        yield PutBack()
        left = [node for node, bits in answers.items() if bits & _DONE]
        yield from _forget(left)
        remaining = yield from ask(bonded_devices())
        self.failed = sorted(remaining)


@define(eq=False)
class RemoveBondOnlyInC:
    """The coordinator forgets `nodes`, or all of them (None); the nodes are not told."""

    forgotten: Sequence[int] | None
    nodes: int | None = field(default=None, init=False)
    """How many are bonded in the end."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        yield from ask(bonded_devices())
        if self.forgotten is None:
            yield from ask(clear_all_bonds())
        elif len(self.forgotten) == 1:
            yield from ask(remove_bond(self.forgotten[0]))
        else:
            yield from _forget(self.forgotten)
        self.nodes = (yield from ask(addr_info())).bonded


def _forget(nodes: Sequence[int]) -> Plan[None]:
    """Remove the bonds of several nodes in the coordinator."""
    for start in range(0, len(nodes), BATCH):
        some = nodes[start : start + BATCH]
        requests = [remove_bond(node).request for node in some]
        yield from ask(os_batch(COORDINATOR, requests))
        yield Pause(BATCH_S * len(some))
