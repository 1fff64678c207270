"""RemoveBond and RemoveBondOnlyInC: nodes leave the network, or the coordinator forgets them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from attrs import define, evolve, field

from protocol.dpa import frc, frc_steps
from protocol.dpa import step as steps
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import ANY_HWPID
from protocol.dpa.peripherals.coordinator import (
    addr_info,
    bonded_devices,
    clear_all_bonds,
    remove_bond,
)
from protocol.dpa.peripherals.node import NODE_REMOVE_BOND, node_remove_bond
from protocol.dpa.step import Step
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.bond_repair import forget
from protocol.iqmesh.plan import Note, Plan, Progress, PutBack, ask, borrow, do
from protocol.iqmesh.statuses import FAILED, ServiceFailure
from protocol.network.parameters import Parameters

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
    changes: BondChanges = field(factory=BondChanges, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        bonded = yield from ask(bonded_devices())
        self.nodes = len(bonded)
        leaving = bonded if self.node is None else frozenset((self.node,))
        self.changes = BondChanges(bonded, leaving)
        yield self._note()
        self.changes = BondChanges(bonded)  # until the first is told to leave
        if self.node is not None:
            yield from do(partial(self._leave, self.node))
            yield self._note()
            yield from ask(remove_bond(self.node))
        else:
            yield from self._everybody(bonded)
        self.changes = BondChanges(bonded)
        self.nodes = (yield from ask(addr_info())).bonded
        self.done = True

    def _everybody(self, bonded: frozenset[int]) -> Plan[None]:
        yield from borrow(Parameters(frc_response_time=0))
        user_data = frc.acknowledged_broadcast(*NODE_REMOVE_BOND.key, self.hwpid)
        yield Progress(0, len(bonded))
        command = frc.ACK_BROADCAST_BITS
        read_all = partial(frc_steps.read_all, command, bonded or {1}, user_data)
        answers = yield from do(lambda: self._hear(read_all(), bonded))
        silent = [node for node, bits in answers.items() if not bits]
        if silent:
            # Some have heard it, and only their acknowledgement was lost: they do not answer
            # any more. Those that have not heard it get one more chance.
            yield Progress(len(bonded) - len(silent), len(bonded))
            read = partial(frc_steps.read, command, silent, user_data)
            yield from do(lambda: self._hear(read(), silent))
        yield PutBack()
        yield self._note()
        yield from forget(sorted(self.changes.left))
        remaining = yield from ask(bonded_devices())
        self.failed = sorted(remaining)

    def _note(self) -> Note:
        return Note(lambda: self.changes, self._complete)

    def _complete(self) -> Plan[None]:
        """Have the coordinator forget those that have left."""
        if not self.changes.left:
            return
        bonded = yield from ask(bonded_devices())
        yield from forget(sorted(self.changes.left & bonded))
        self.changes = BondChanges(self.changes.before, self.changes.leaving - self.changes.left)
        self.nodes = (yield from ask(addr_info())).bonded
        self.done = True

    def _leave(self, node: int) -> Step[None]:
        """Tell one node to leave; whether it has is known even if the plan was cut off."""
        self.changes = evolve(self.changes, leaving=frozenset((node,)))
        try:
            yield from steps.ask(node_remove_bond(node).for_hwpid(self.hwpid))
        except DpaError as error:
            if not nobody_can_be_asked(error):
                self.changes = evolve(self.changes, leaving=frozenset())
            raise
        self.changes = evolve(self.changes, left=frozenset((node,)))

    def _hear(self, read: Step[dict[int, int]], asked: Iterable[int]) -> Step[Mapping[int, int]]:
        """The same for many; those that say nothing are taken to have stayed."""
        self.changes = evolve(self.changes, leaving=frozenset(asked))
        answers = yield from read
        left = {node for node, bits in answers.items() if bits & _DONE}
        self.changes = evolve(
            self.changes, leaving=frozenset(), left=self.changes.left | left & self.changes.before
        )
        return answers


@define(eq=False)
class RemoveBondOnlyInC:
    """The coordinator forgets `nodes`, or all of them (None); the nodes are not told."""

    forgotten: Sequence[int] | None
    nodes: int | None = field(default=None, init=False)
    """How many are bonded in the end."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        bonded = yield from ask(bonded_devices())
        yield Note(lambda: BondChanges(bonded))
        if self.forgotten is None:
            forgotten = bonded
            yield from ask(clear_all_bonds())
        elif len(self.forgotten) == 1:
            forgotten = frozenset(self.forgotten)
            yield from ask(remove_bond(self.forgotten[0]))
        else:
            forgotten = frozenset(self.forgotten)
            yield from forget(self.forgotten)
        self.nodes = (yield from ask(addr_info())).bonded
        if self.nodes != len(bonded - forgotten):
            # A batch is answered before it begins: nothing else tells that it has failed.
            left = (yield from ask(bonded_devices())) & forgotten
            if left:
                raise ServiceFailure(FAILED, f"Still bonded in the coordinator: {sorted(left)}")
