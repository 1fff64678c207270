"""AutoNetwork, the plan: prebond, find, authorise, see who is there; again until a limit is met."""

from collections.abc import Collection, Mapping

from attrs import define, evolve, field

from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import OPTIMIZED_HOPS
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.node import validate_bonds
from protocol.iqmesh import prebonding
from protocol.iqmesh.auto_network import limits
from protocol.iqmesh.auto_network.admission import choose
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.limits import Tally
from protocol.iqmesh.auto_network.members import Members
from protocol.iqmesh.auto_network.report import WaveResult, WaveState
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.plan import Interim, Note, Plan, Progress, PutBack, ask, borrow, chance
from protocol.network.parameters import Parameters

_VERSION = 0x3FFF
"""The bits of a DPA version; those above say that it is a demo."""

_RESTARTED_BEFORE = 0x0417
"""The DPA version before which nodes have to be restarted after they were authorised."""

_COMPLETE = 100


@define(eq=False)
class AutoNetwork:
    """One run; `wave` is 0 until the first one begins, `result` the last that was told.

    Nothing is told as new that was not heard with its address. A step that fails costs its own
    wave alone, unless the coordinator itself cannot be asked.
    """

    settings: Settings
    wave: int = field(default=0, init=False)
    members: Members = field(init=False)
    result: WaveResult | None = field(default=None, init=False)
    _dpa: int = field(default=0, init=False)
    _new: dict[int, int] = field(factory=dict, init=False)
    """Of this wave, as all that begins here."""
    _refused: dict[int, int] = field(factory=dict, init=False)
    _aborted: bool = field(default=False, init=False)
    _progress: int = field(default=0, init=False)
    _new_before: int = field(default=0, init=False)
    _empty_waves: int = field(default=0, init=False)
    _seed: int = field(default=0, init=False)
    _suspected: set[int] = field(factory=set, init=False)
    """Addresses that were taken back, at which a node may still listen."""
    _given: dict[int, int] = field(factory=dict, init=False)
    """Address by MID, as far as this run has given them."""
    _unusable: set[int] = field(factory=set, init=False)
    """Addresses that the coordinator has refused to give."""

    @members.default
    def _of_nobody(self) -> Members:
        return Members(self.settings, self._say)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.settings.check()
        device = yield from ask(enumerate_peripherals(COORDINATOR))
        self._dpa = device.dpa & _VERSION
        yield from self.members.survey()
        code = limits.refusal(self.settings, self.members.bonds)
        if code is not None:
            self.wave = 1
            self.result = evolve(self.so_far(), code=code)
            return
        self._seed = yield from chance()
        bonded = frozenset(self.members.bonds)
        yield Note(lambda: BondChanges(bonded))
        yield from borrow(
            Parameters(0, 0, OPTIMIZED_HOPS, OPTIMIZED_HOPS),
            prebonding=not self.settings.skip_prebonding,
        )
        failure = None
        try:
            yield from self._waves()
        except DpaError as error:
            failure = error
            self.result = self.so_far()
        yield from self._leave()
        yield PutBack(needless=False)
        if failure is not None:
            raise failure

    def so_far(self) -> WaveResult:
        """What the wave has brought until now, told as the last one."""
        return WaveResult(
            self.wave,
            WaveCode.FINISHED,
            len(self.members.bonds),
            dict(self._new),
            last=True,
            silent=dict(self.members.silent),
            refused=dict(self._refused),
        )

    def _waves(self) -> Plan[None]:
        code = WaveCode.FINISHED
        while code is WaveCode.FINISHED:
            if self.result is not None:
                yield Interim(self.result, whole=True)
            self._new_before += len(self._new)
            self.wave, self._new, self._refused, self._progress = self.wave + 1, {}, {}, 0
            most = self.settings.stop.most_waves or self.wave
            yield Progress(self.wave - 1, most, state="waves")
            yield from self._wave()
            tally = Tally(self.wave, self._empty_waves, self._new_before + len(self._new))
            code = limits.ending(self.settings, self.members.bonds, tally)
            if self._aborted:
                code = WaveCode.TOO_MANY
            self.result = evolve(self.so_far(), code=code, last=code is not WaveCode.FINISHED)

    def _say(self, code: WaveCode) -> Plan[None]:
        yield Interim(WaveState(self.wave, code, min(self._progress, _COMPLETE - 1)))
        steps = 6 + (not self.settings.skip_discovery) + bool(self.settings.hwpids)
        self._progress += _COMPLETE // (steps + (self._dpa >= prebonding.SEVERAL_FROM))

    def _wave(self) -> Plan[None]:
        settings, members = self.settings, self.members
        if self.wave == 1 and settings.discovery_first and members.bonds:
            yield from self._say(WaveCode.FIRST_DISCOVERY)
            yield from members.discover()
        if not settings.skip_prebonding:
            yield from self._say(WaveCode.PREBONDING)
            yield from prebonding.prebond(self._dpa, settings.share)
        yield from self._say(WaveCode.SEARCHING)
        seed = (self._seed + self.wave - 1) & 0xFF
        places = yield from prebonding.alive(seed)
        came = (yield from self._admit(seed, places)) if places else {}
        self._empty_waves = 0 if came else self._empty_waves + 1
        try:
            if not came:
                yield from self._release_suspected()
            yield from self._see_who_is_there(came)
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise

    def _admit(self, seed: int, places: Collection[int]) -> Plan[dict[int, int]]:
        """Give addresses to those at these places who may have one; MIDs by address."""
        settings, members, several = self.settings, self.members, frozenset[int]()
        if self._dpa >= prebonding.SEVERAL_FROM and len(places) > 1:
            yield from self._say(WaveCode.READING_DPA)
            several = yield from prebonding.understanding_several(seed, places)
        yield from self._say(WaveCode.READING_MIDS)
        found = yield from prebonding.module_ids(seed, places)
        if settings.hwpids:
            yield from self._say(WaveCode.READING_HWPIDS)
            profiles = yield from prebonding.hardware_profiles(seed, places)
            found = {at: mid for at, mid in found.items() if profiles.get(at) in settings.hwpids}
        found = {at: mid for at, mid in found.items() if settings.admits(mid)}
        room = limits.room(settings, members.bonds, self._new_before + len(members.silent))
        strangers = set(found.values()) - set(members.bonds.values())
        if settings.stop.abort_on_too_many and len(strangers) > room:
            self._aborted = True
            return {}
        choice = choose(
            settings,
            members.bonds,
            found.values(),
            given=self._given,
            refused=self._unusable,
            room=room,
        )
        if not choice.chosen:
            return {}
        yield from self._say(WaveCode.AUTHORIZING)
        for address in choice.returning:
            yield from members.forget(address)
        together = {mid for at, mid in found.items() if at in several}
        return (yield from self._authorize(choice.chosen, together))

    def _authorize(
        self, chosen: Mapping[int, int], together: Collection[int]
    ) -> Plan[dict[int, int]]:
        authorized = yield from prebonding.authorize(chosen, together)
        done = dict(authorized.done)
        self._refused = {address: chosen[address] for address in authorized.refused}
        self._unusable |= authorized.refused.keys()
        self.members.bonds |= done
        self.members.silent |= done
        self._given |= {mid: address for address, mid in done.items()}
        if again := sorted(self._suspected & done.keys()):
            # Whoever still listens to an address that was given anew has to leave it.
            yield from ask(validate_bonds(*((address, done[address]) for address in again)))
            self._suspected -= set(again)
        return done

    def _see_who_is_there(self, came: Mapping[int, int]) -> Plan[None]:
        """Tell as new who was heard; who was not loses the bond, where that is wanted."""
        settings, members = self.settings, self.members
        if settings.unbond_silent and members.silent:
            yield from self._say(WaveCode.PINGING)
            self._new |= yield from members.ping_all()
            if members.silent:
                self._suspected |= yield from members.remove_silent()
                yield from self._release_suspected()
        staying = came.keys() & members.bonds.keys()
        if staying and not settings.skip_discovery:
            found = yield from members.discover_well()
            self._new |= members.heard(found)
        if not settings.unbond_silent and members.silent:
            self._new |= yield from members.ping_silent()

    def _release_suspected(self) -> Plan[None]:
        if self._suspected:
            yield from prebonding.release(
                sorted(self._suspected), temporary=not self.settings.skip_prebonding
            )

    def _leave(self) -> Plan[None]:
        """Let those go that were prebonded for nothing; what fails is told, and ends nothing."""
        released = True
        if not self.settings.skip_prebonding:
            released = yield from prebonding.release_all()
        if self._dpa < _RESTARTED_BEFORE and self.members.bonds:
            yield from self.members.restart()
        if self.result is not None:
            self.result = evolve(self.result, left=not released)
