"""The services that mend a network: wrong MIDs, addresses given twice, nodes left half bonded.

Each has a dry run, which changes nothing and tells what there is to mend.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from attrs import define, field

from protocol.dpa.packet import TEMPORARY
from protocol.dpa.peripherals.coordinator import MAX_AUTHORIZED, bonded_devices, set_mid
from protocol.dpa.peripherals.node import validate_bonds
from protocol.iqmesh import mids, prebonding
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.bond_repair import written
from protocol.iqmesh.plan import Note, Plan, Progress, ask, borrow
from protocol.iqmesh.statuses import BAD_PARAMETERS, FAILED, ServiceFailure, no_bonded_nodes
from protocol.network.parameters import Parameters

_MOST_SEEDS, _ENOUGH_IN_VAIN = 16, 2
"""How often prebonded nodes are counted, and how often in vain in a row."""


@define(eq=False)
class _Maintenance:
    """A service for all bonded nodes; `nodes` are none until they are known."""

    dry_run: bool = False
    nodes: frozenset[int] = field(default=frozenset(), init=False)
    chosen: frozenset[int] | None = field(default=None, init=False)
    """The addresses to deal with, None for all."""

    def choose(self, nodes: frozenset[int]) -> None:
        """Deal with these addresses alone."""
        self.chosen = nodes

    @property
    def concerned(self) -> frozenset[int]:
        """The bonded nodes to deal with."""
        return self.nodes if self.chosen is None else self.nodes & self.chosen

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

    table: Mapping[int, int] = field(factory=dict, init=False)
    """What the coordinator's table says of each node."""
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
        self.table = yield from mids.in_table(self.concerned)
        self.mids = yield from mids.of_nodes(self.table)
        self.inconsistent = differing(self.table, self.mids)
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
        table = yield from mids.in_table(self.concerned)
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
    """Nodes that were prebonded, and never given an address, are as they were before.

    So are modules at the `chosen` addresses, which the coordinator has forgotten: they take
    themselves for nodes, and nobody can ask them.
    """

    prebonded: set[int] | None = field(default=None, init=False)
    """In a dry run: the MIDs of those that have answered."""

    def _mend(self) -> Plan[None]:
        if bonded := sorted(self.nodes & (self.chosen or frozenset())):
            raise ServiceFailure(BAD_PARAMETERS, f"The coordinator knows nodes {bonded}.")
        if self.dry_run:
            yield from borrow(Parameters(frc_response_time=0), needed=False)
            yield from self._count()
            return
        pairs = [(node, 0) for node in sorted(self.chosen or ())] + [(TEMPORARY, 0)]
        for start in range(0, len(pairs), MAX_AUTHORIZED):
            yield from ask(validate_bonds(*pairs[start : start + MAX_AUTHORIZED]))

    def _count(self) -> Plan[None]:
        """Ask with one seed after the other, until two in a row have found nobody new.

        Each node answers at a place that it chooses by the seed; with some seeds two have the same.
        """
        self.prebonded = set()
        in_vain = 0
        for seed in range(_MOST_SEEDS):
            places = yield from prebonding.alive(seed)
            found = set[int]()
            if places:
                found = set((yield from prebonding.module_ids(seed, places)).values())
            in_vain = 0 if found - self.prebonded else in_vain + 1
            self.prebonded |= found
            if in_vain == _ENOUGH_IN_VAIN:
                break


def differing(table: Mapping[int, int], said: Mapping[int, int]) -> list[int]:
    """The nodes that have said another MID than the table has."""
    return [node for node, mid in said.items() if mid and mid != table[node]]
