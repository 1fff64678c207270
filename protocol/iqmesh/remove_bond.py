"""RemoveBond and RemoveBondOnlyInC: nodes leave the network, or the coordinator forgets them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from attrs import define, evolve, field

from protocol.dpa import frc, frc_steps
from protocol.dpa import step as steps
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError, ResponseCodeError
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
from protocol.iqmesh.bond_repair import BATCH, forget
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
            gone = frozenset((self.node,))
        else:
            gone = yield from self._everybody(bonded)
        self.changes = BondChanges(bonded, gone=gone)
        self.nodes = (yield from ask(addr_info())).bonded
        self.done = True

    def _everybody(self, bonded: frozenset[int]) -> Plan[frozenset[int]]:
        """Let all leave that hear it; those that the coordinator has forgotten then."""
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
        return bonded - remaining

    def _note(self) -> Note:
        return Note(lambda: self.changes, self._complete)

    def _complete(self) -> Plan[None]:
        """Have the coordinator forget those that have left."""
        if not self.changes.left:
            return
        bonded = yield from ask(bonded_devices())
        yield from forget(sorted(self.changes.left & bonded))
        changes = self.changes
        self.changes = BondChanges(
            changes.before, changes.leaving - changes.left, gone=changes.left & changes.before
        )
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
    _changes: BondChanges = field(factory=BondChanges, init=False)
    _begun: bool = field(default=False, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        bonded = yield from ask(bonded_devices())
        self._changes = BondChanges(bonded)
        yield Note(lambda: self._changes, self._compare)
        self._begun = True
        forgotten = bonded if self.forgotten is None else frozenset(self.forgotten)
        try:
            yield from self._forget()
        except ResponseCodeError:
            self._begun = self.forgotten is not None and len(self.forgotten) > BATCH
            raise
        self.nodes = (yield from ask(addr_info())).bonded
        if self.nodes == len(bonded - forgotten):
            self._changes, self._begun = BondChanges(bonded, gone=bonded & forgotten), False
            return
        # A batch is answered before it begins: nothing else tells that it has failed.
        yield from self._compare()
        if left := sorted(forgotten & bonded - self._changes.gone):
            raise ServiceFailure(FAILED, f"Still bonded in the coordinator: {left}")

    def _forget(self) -> Plan[None]:
        if self.forgotten is None:
            yield from ask(clear_all_bonds())
        elif len(self.forgotten) == 1:
            yield from ask(remove_bond(self.forgotten[0]))
        else:
            yield from forget(self.forgotten)

    def _compare(self) -> Plan[None]:
        """See who was forgotten, where that is not known."""
        if self._begun:
            before = self._changes.before
            self._changes = BondChanges(before, gone=before - (yield from ask(bonded_devices())))
            self._begun = False
