"""CommissionNetwork, the plan: waves for those of the list alone, then each is asked who it is."""

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import smart_connect
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.iqmesh import mids, prebonding
from protocol.iqmesh.auto_network.admission import choose
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.service import PARAMETERS
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.auto_network.waves import Waves
from protocol.iqmesh.commission.wanted import (
    Standing,
    State,
    Wanted,
    check,
    compare,
    noted,
    remembered,
)
from protocol.iqmesh.plan import Note, Plan, Progress, PutBack, ask, borrow, chance
from protocol.iqmesh.records import Keep, Rename, kept
from protocol.iqmesh.statuses import ServiceFailure
from protocol.network.parameters import Parameters

NOTHING_TO_RESUME = 1003
NOT_ALL = 1004
"""Statuses: no list was left unfinished; not every node of the list is in the network."""

KEPT_AS = "commission"

MOST_WAVES = 255
_RETRIES = 2
_BOND_TESTS = 1

_NOT_FOUND = "It was not found."
_SILENT = "It does not answer at its address."


@define(eq=False, kw_only=True)
class Commission:
    """One run for a list; `standings` say by MID how far each node is.

    The list is kept until all of it is in the network. With `resume` an empty list stands for the
    one that is kept. A dry run looks who is within reach, and bonds nobody. `empty_waves` are as
    many as are made in a row without finding anybody. Without `verify` a node that was heard with
    its address is not asked which module it is.
    """

    listed: Sequence[Callable[[], Wanted]] = ()
    """Makes each node of the list; raises ServiceFailure."""
    resume: bool = False
    dry_run: bool = False
    verify: bool = True
    empty_waves: int = 5
    nodes: tuple[Wanted, ...] = field(default=(), init=False)
    standings: dict[int, Standing] = field(factory=dict, init=False)
    bonded: int | None = field(default=None, init=False)
    """How many nodes are bonded in the end, None where nobody was asked."""
    others: tuple[int, ...] = field(default=(), init=False)
    """The MIDs of those that were found, and are not in the list."""
    left: bool = field(default=False, init=False)
    """Whether nodes may be prebonded still."""
    _waves: Waves = field(init=False)
    _before: frozenset[int] = field(default=frozenset(), init=False)
    """The addresses that were bonded when it began."""

    @_waves.default
    def _for_nobody(self) -> Waves:
        return Waves(Settings(), self._say)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        yield from self._take_the_list()
        device = yield from ask(enumerate_peripherals(COORDINATOR))
        yield from self._waves.members.survey()
        bonds = self._waves.members.bonds
        self._before, self.bonded = frozenset(bonds), len(bonds)
        compare(self.standings, bonds)
        if not self.dry_run:
            yield Keep(KEPT_AS, noted(self.nodes))
            yield Rename({node.mid: node.name for node in self.nodes if node.name})
        self._waves.begin(device.dpa, (yield from chance()))
        self._waves.settings = self._waves.members.settings = self._settings()
        yield Note(lambda: self._waves.members.changes(self._before))
        yield from borrow(PARAMETERS, prebonding=True)
        failure = None
        try:
            yield from self._look() if self.dry_run else self._enter(device.dpa)
        except DpaError as error:
            failure = error
        self.left = not (yield from self._waves.leave())
        yield PutBack(needless=False)
        self.bonded = len(self._waves.members.bonds)
        if failure is not None:
            raise failure
        if not self.dry_run:
            yield from self._conclude()

    def _take_the_list(self) -> Plan[None]:
        self.nodes = tuple(make() for make in self.listed)
        if self.resume and not self.nodes:
            told = yield from kept(KEPT_AS)
            if told is None:
                raise ServiceFailure(NOTHING_TO_RESUME, "There is no list to be resumed.")
            self.nodes = remembered(told)
        check(self.nodes)
        self.standings = {node.mid: Standing(node, address=node.address) for node in self.nodes}

    def _settings(self) -> Settings:
        """Only those of the list come in, and each to its own address."""
        coming = [each.wanted for each in self._open]
        return Settings(
            retries=_RETRIES,
            wishes=tuple((node.mid, node.address) for node in coming),
            only_wished=True,
            exact=True,
            profiles={node.mid: node.hwpid for node in coming if node.hwpid is not None},
        )

    @property
    def _open(self) -> list[Standing]:
        """Those for whom something remains to be done."""
        return [each for each in self.standings.values() if not each.over]

    @property
    def _open_mids(self) -> set[int]:
        return {each.wanted.mid for each in self._open}

    def _look(self) -> Plan[None]:
        """Find who is within reach, with other seeds until nobody else is found."""
        waves, found, empty = self._waves, set[int](), 0
        while empty < self.empty_waves:
            waves.number += 1
            seed, places = yield from waves.search()
            came = set((yield from waves.identify(seed, places)).values()) if places else set()
            empty = 0 if came - found else empty + 1
            found |= came
        self.others = tuple(sorted(waves.found - self.standings.keys()))
        choice = choose(
            waves.settings,
            waves.members.bonds,
            [mid for mid in self.standings if mid in found],
            given={},
            refused=(),
            room=len(self.standings),
        )
        for address, mid in choice.chosen.items():
            self.standings[mid].state, self.standings[mid].address = State.PREBONDED, address
        self._refuse_other_profiles()

    def _enter(self, dpa: int) -> Plan[None]:
        """Wave by wave, then by their codes those that no wave has found."""
        waves, members = self._waves, self._waves.members
        members.silent = {
            node: mid for node, mid in members.bonds.items() if mid in self._open_mids
        }
        if members.silent:
            # They may have their addresses from a run that was cut off.
            yield from members.ping_silent()
        yield from self._take_stock()
        while self._open and waves.empty < self.empty_waves and waves.number < MOST_WAVES:
            yield from waves.next()
            self._refuse_other_profiles()
            yield from self._take_stock()
        for standing in self._open:
            if standing.state is State.WANTED and standing.wanted.code:
                yield from self._connect(standing, dpa)
        yield from self._take_stock()
        yield from self._give_up()

    def _take_stock(self) -> Plan[None]:
        """Note how far everybody is; who was heard with an address is asked which module it is."""
        members, heard = self._waves.members, dict[int, Standing]()
        for standing in self._open:
            address = self._address_of(standing.wanted.mid)
            if address is None:
                standing.state = State.WANTED
                continue
            standing.address, standing.state = address, State.AUTHORIZED
            if address not in members.silent:
                standing.state = State.DISCOVERED
                heard[address] = standing
        if not heard:
            return
        if not self.verify:
            for standing in heard.values():
                yield from self._verified(standing)
            return
        said = yield from mids.said_by(heard)
        for address, standing in heard.items():
            if said[address] == standing.wanted.mid:
                yield from self._verified(standing)
            elif said[address]:
                standing.fail(f"At its address module {said[address]:08X} answers.")
            else:
                members.silent[address] = standing.wanted.mid

    def _verified(self, standing: Standing) -> Plan[None]:
        standing.state = State.VERIFIED
        done = sum(each.state is State.VERIFIED for each in self.standings.values())
        yield Progress(done, len(self.standings), standing.address, standing.state.value)

    def _address_of(self, mid: int) -> int | None:
        bonds: Mapping[int, int] = self._waves.members.bonds
        return next((address for address, has in bonds.items() if has == mid), None)

    def _connect(self, standing: Standing, dpa: int) -> Plan[None]:
        """Let one node in by its code, which reaches those that are not prebonded by others."""
        wanted, members = standing.wanted, self._waves.members
        code = wanted.code
        if code is None or code.ibk is None:
            return
        address = wanted.address or self._free()
        if address is None:
            standing.fail("There is no free address.")
            return
        try:
            call = smart_connect(address, _BOND_TESTS, code.ibk, wanted.mid, dpa=dpa)
            yield from ask(call)
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
        # Where the answer was lost, the coordinator may have bonded it all the same.
        yield from members.survey()
        if members.bonds.get(address) == wanted.mid:
            members.silent[address] = wanted.mid
            yield from members.ping_silent()

    def _free(self) -> int | None:
        taken = self._waves.members.bonds.keys() | {each.address for each in self._open}
        return next((a for a in Settings().addresses if a not in taken), None)

    def _give_up(self) -> Plan[None]:
        """Say why the rest is not in; a bond that this run has made for nobody is taken back."""
        members = self._waves.members
        members.silent = {
            node: mid for node, mid in members.silent.items() if node not in self._before
        }
        silent = {each.wanted.mid for each in self._open if each.state is not State.WANTED}
        if members.silent:
            suspected = yield from members.remove_silent()
            yield from prebonding.release(sorted(suspected), temporary=True)
        for standing in self._open:
            standing.fail(_SILENT if standing.wanted.mid in silent else _NOT_FOUND)

    def _refuse_other_profiles(self) -> None:
        for mid, hwpid in self._waves.other_profiles.items():
            standing = self.standings.get(mid)
            if standing and not standing.over:
                standing.fail(f"It has HWPID {hwpid}.")

    def _conclude(self) -> Plan[None]:
        missing = [each for each in self.standings.values() if each.state is not State.VERIFIED]
        if missing:
            text = f"{len(missing)} of {len(self.standings)} nodes are not in the network."
            raise ServiceFailure(NOT_ALL, text)
        yield Keep(KEPT_AS, None)

    def _say(self, _code: WaveCode) -> Plan[None]:
        done = sum(each.state is State.VERIFIED for each in self.standings.values())
        yield Progress(done, len(self.standings), state=_code.text)
