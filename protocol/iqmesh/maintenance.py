"""The services that mend a network: wrong MIDs, addresses given twice, nodes left half bonded.

Each has a dry run, which changes nothing and tells what there is to mend.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial

from attrs import define, field

from protocol.dpa import frc, frc_steps
from protocol.dpa.packet import TEMPORARY
from protocol.dpa.peripherals.coordinator import MAX_AUTHORIZED, bonded_devices, set_mid
from protocol.dpa.peripherals.node import validate_bonds
from protocol.iqmesh import mids
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.bond_repair import written
from protocol.iqmesh.plan import Note, Plan, Progress, ask, borrow, do
from protocol.iqmesh.statuses import FAILED, ServiceFailure, no_bonded_nodes
from protocol.network.parameters import Parameters


@define(eq=False)
class _Maintenance:
    """A service for all bonded nodes; `nodes` are none until they are known."""

    dry_run: bool = False
    nodes: frozenset[int] = field(default=frozenset(), init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.nodes = yield from ask(bonded_devices())
        if not self.nodes:
            raise no_bonded_nodes()
        yield from self._mend()

    @abstractmethod
    def _mend(self) -> Plan[None]:
        """What there is to do for `nodes`."""


@define(eq=False)
class InconsistentMids(_Maintenance):
    """The coordinator's table of MIDs is corrected by what the nodes say."""

    mids: Mapping[int, int] | None = field(default=None, init=False)
    """What each node says, 0 for silence; None until all were asked."""
    inconsistent: Sequence[int] = field(default=(), init=False)
    """The nodes of which the table has (or had) another MID."""
    _changes: BondChanges = field(factory=BondChanges, init=False)
    _checked: bool = field(default=False, init=False)

    @property
    def silent(self) -> list[int]:
        """The nodes that said nothing."""
        return [node for node, mid in (self.mids or {}).items() if not mid]

    def _mend(self) -> Plan[None]:
        table = yield from mids.in_table(self.nodes)
        self.mids = yield from mids.of_nodes(table)
        self.inconsistent = differing(table, self.mids)
        if self.inconsistent and not self.dry_run:
            yield from self._correct({node: self.mids[node] for node in self.inconsistent})

    def _correct(self, right: Mapping[int, int]) -> Plan[None]:
        self._changes = BondChanges(self.nodes, mids=right)
        yield Note(lambda: self._changes, self._read_back)
        for node, mid in right.items():
            yield from ask(set_mid(mid, node))
        yield from self._read_back()
        if wrong := sorted(right.keys() - self._changes.mids.keys()):
            raise ServiceFailure(FAILED, f"The coordinator still has other MIDs of {wrong}.")

    def _read_back(self) -> Plan[None]:
        """Keep of the changes what the coordinator's table has, once."""
        if self._checked:
            return
        found = yield from written(self._changes.mids, self.nodes)
        self._changes, self._checked = BondChanges(self.nodes, mids=found), True


@define(eq=False)
class DuplicatedAddresses(_Maintenance):
    """Modules that are not the ones in the coordinator's table leave their addresses.

    The table is taken for the truth: where it is wrong, a good node loses its bond.
    """

    suspected: Sequence[int] | None = field(default=None, init=False)
    """In a dry run: the addresses at which another module answers than the table has."""

    def _mend(self) -> Plan[None]:
        table = yield from mids.in_table(self.nodes)
        if self.dry_run:
            self.suspected = differing(table, (yield from mids.of_nodes(table)))
            return
        # A node of which the table knows nothing would lose its bond.
        pairs = [(node, mid) for node, mid in table.items() if mid]
        for start in range(0, len(pairs), MAX_AUTHORIZED):
            yield Progress(start, len(pairs))
            yield from ask(validate_bonds(*pairs[start : start + MAX_AUTHORIZED]))


@define(eq=False)
class UselessPrebondedNodes(_Maintenance):
    """Nodes that were prebonded, and never given an address, are as they were before."""

    prebonded: int | None = field(default=None, init=False)
    """In a dry run: how many have answered."""

    def _mend(self) -> Plan[None]:
        if not self.dry_run:
            yield from ask(validate_bonds((TEMPORARY, 0)))
            return
        # Each answers at a place that is chosen by chance; two may have the same one.
        places = range(1, frc.Width.BITS2.capacity + 1)
        find = partial(frc_steps.read_all, frc.PREBONDED_ALIVE, places, bytes(frc.MIN_USER_DATA))
        yield from borrow(Parameters(frc_response_time=0), needed=False)
        answers = yield from do(find)
        self.prebonded = sum(map(bool, answers.values()))


def differing(table: Mapping[int, int], said: Mapping[int, int]) -> list[int]:
    """The nodes that have said another MID than the table has."""
    return [node for node, mid in said.items() if mid and mid != table[node]]
