"""UndoBonds: the last change of bonds is taken back, as far as that can be done from here.

A node that was bonded leaves again. A node that has left cannot be called back: it has to be bonded
again, at its button or by its code; the MIDs tell which nodes these are.
"""

from collections.abc import Mapping
from functools import partial

from attrs import define, evolve, field

from protocol.dpa import step as steps
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import bonded_devices, remove_bond
from protocol.dpa.peripherals.node import node_remove_bond
from protocol.dpa.step import Step
from protocol.iqmesh.bond_changes import BondChanges, BondRecord
from protocol.iqmesh.bond_repair import forget
from protocol.iqmesh.mids import record as mid_in_table
from protocol.iqmesh.plan import LastBonds, Note, Plan, Progress, Undone, ask, do
from protocol.iqmesh.statuses import ServiceFailure
from protocol.network.parameters import Parameters

NOTHING_TO_UNDO = 1003
SILENT = 1004


@define(eq=False)
class UndoBonds:
    """Take back the last change of bonds; in a `dry_run` only tell what that would do."""

    dry_run: bool = False
    record: BondRecord | None = field(default=None, init=False)
    """What is undone, None until it is known."""
    leaving: list[int] = field(factory=list, init=False)
    """The nodes that leave again, or would."""
    others: list[int] = field(factory=list, init=False)
    """Addresses that another module has by now: these keep it."""
    silent: list[int] = field(factory=list, init=False)
    """The nodes that should have left and did not answer; they are still bonded."""
    missing: Mapping[int, int] = field(factory=dict, init=False)
    """MIDs, by address, of nodes that have to be bonded again."""
    _changes: BondChanges = field(factory=BondChanges, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.record = yield LastBonds()
        if self.record is None:
            raise ServiceFailure(NOTHING_TO_UNDO, "There is no change of bonds to undo.")
        bonded = yield from ask(bonded_devices())
        for node, mid in self.record.joined.items():
            if node in bonded:
                known = yield from mid_in_table(node)
                (self.leaving if mid in (0, known) else self.others).append(node)
        self.missing = {node: mid for node, mid in self.record.gone.items() if node not in bonded}
        if self.dry_run:
            return
        if self.leaving:
            yield from self._remove(bonded)
        if self.silent:
            raise ServiceFailure(SILENT, f"No answer from {self.silent}: still bonded.")
        yield Undone(self.record)

    def _remove(self, bonded: frozenset[int]) -> Plan[None]:
        planned, self.leaving = self.leaving, []
        self._changes = BondChanges(bonded, frozenset(planned), undoing=True)
        yield Note(lambda: self._changes, self._complete)
        self._changes = BondChanges(bonded, undoing=True)
        for number, node in enumerate(planned):
            yield Progress(number, len(planned), node)
            try:
                yield from do(partial(self._leave, node))
            except DpaError as error:
                if nobody_can_be_asked(error):
                    raise
                self.silent.append(node)
            else:
                yield from ask(remove_bond(node))
                self._changes = evolve(self._changes, left=frozenset())

    def _leave(self, node: int) -> Step[None]:
        """Tell a node to leave; whether it has is known even if the plan was cut off."""
        self._changes = evolve(self._changes, leaving=frozenset((node,)))
        try:
            yield from steps.ask(node_remove_bond(node))
        except DpaError as error:
            if not nobody_can_be_asked(error):
                self._changes = evolve(self._changes, leaving=frozenset())
            raise
        self.leaving.append(node)
        self._changes = evolve(self._changes, leaving=frozenset(), left=frozenset((node,)))

    def _complete(self) -> Plan[None]:
        """Have the coordinator forget the one that has left."""
        if self._changes.left:
            bonded = yield from ask(bonded_devices())
            yield from forget(sorted(self._changes.left & bonded))
            self._changes = evolve(self._changes, left=frozenset())
