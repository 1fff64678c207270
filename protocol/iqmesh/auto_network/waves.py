"""One wave after the other: prebond, find, authorise, and see who is really there."""

from collections.abc import Callable, Collection, Mapping

from attrs import define, field

from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import MAX_AUTHORIZED
from protocol.dpa.peripherals.node import validate_bonds
from protocol.iqmesh import prebonding
from protocol.iqmesh.auto_network import limits
from protocol.iqmesh.auto_network.admission import choose
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.members import Members
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.plan import Plan, ask

_VERSION = 0x3FFF
"""The bits of a DPA version; those above say that it is a demo."""

_RESTARTED_BEFORE = 0x0417
"""The DPA version before which nodes have to be restarted after they were authorised."""


@define(eq=False)
class Waves:
    """The waves of one run, with what they have brought; `say` tells what a wave is doing.

    `new`, `refused` and `aborted` are of the last wave: whose address was heard, whom the
    coordinator has refused one, and whether there were too many. MIDs are kept by address.
    A step that fails costs its own wave alone, unless the coordinator itself cannot be asked.
    """

    settings: Settings
    _say: Callable[[WaveCode], Plan[None]]
    members: Members = field(init=False)
    number: int = field(default=0, init=False)
    empty: int = field(default=0, init=False)
    """How many of the last waves have authorised nobody."""
    new: dict[int, int] = field(factory=dict, init=False)
    refused: dict[int, int] = field(factory=dict, init=False)
    aborted: bool = field(default=False, init=False)
    new_before: int = field(default=0, init=False)
    """How many were new in the waves before."""
    found: set[int] = field(factory=set, init=False)
    """The MIDs of all that were found prebonded."""
    other_profiles: dict[int, int] = field(factory=dict, init=False)
    """HWPIDs, by MID, of modules that should have another one."""
    _dpa: int = field(default=0, init=False)
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

    @property
    def several(self) -> bool:
        """Whether the coordinator can authorise several nodes at once."""
        return self._dpa >= prebonding.SEVERAL_FROM

    def begin(self, dpa: int, seed: int) -> None:
        """Take over the coordinator's version of DPA, and where the search begins."""
        self._dpa, self._seed = dpa & _VERSION, seed

    def next(self) -> Plan[None]:
        """Make the next wave."""
        self.new_before += len(self.new)
        self.new, self.refused = {}, {}
        self.number += 1
        return self._wave()

    def search(self) -> Plan[tuple[int, frozenset[int]]]:
        """Prebond all within reach, and find them: the seed, and the places that it gives them."""
        if not self.settings.skip_prebonding:
            yield from self._say(WaveCode.PREBONDING)
            yield from prebonding.prebond(self._dpa, self.settings.share)
        yield from self._say(WaveCode.SEARCHING)
        seed = (self._seed + self.number - 1) & 0xFF
        return seed, (yield from prebonding.alive(seed))

    def _wave(self) -> Plan[None]:
        if self.number == 1 and self.settings.discovery_first and self.members.bonds:
            yield from self._say(WaveCode.FIRST_DISCOVERY)
            yield from self.members.discover()
        seed, places = yield from self.search()
        came = (yield from self._admit(seed, places)) if places else {}
        self.empty = 0 if came else self.empty + 1
        try:
            if not came:
                yield from self._release_suspected()
            yield from self._see_who_is_there(came)
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise

    def identify(self, seed: int, places: Collection[int]) -> Plan[dict[int, int]]:
        """The MIDs of those at these places who may have an address, by place."""
        settings = self.settings
        yield from self._say(WaveCode.READING_MIDS)
        found = yield from prebonding.module_ids(seed, places)
        self.found |= set(found.values())
        if settings.hwpids or settings.profiles:
            yield from self._say(WaveCode.READING_HWPIDS)
            profiles = yield from prebonding.hardware_profiles(seed, places)
            self.other_profiles |= {
                mid: profiles[at]
                for at, mid in found.items()
                if at in profiles and not settings.fits(mid, profiles[at])
            }
            found = {
                at: mid
                for at, mid in found.items()
                if at in profiles and settings.fits(mid, profiles[at])
            }
        return {at: mid for at, mid in found.items() if settings.admits(mid)}

    def _admit(self, seed: int, places: Collection[int]) -> Plan[dict[int, int]]:
        """Give addresses to those at these places who may have one; MIDs by address."""
        settings, members, several = self.settings, self.members, frozenset[int]()
        if self.several and len(places) > 1:
            yield from self._say(WaveCode.READING_DPA)
            several = yield from prebonding.understanding_several(seed, places)
        found = yield from self.identify(seed, places)
        room = limits.room(settings, members.bonds, self.new_before + len(members.silent))
        strangers = set(found.values()) - set(members.bonds.values())
        if settings.stop.abort_on_too_many and len(strangers) > room:
            self.aborted = True
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
        self.refused = {address: chosen[address] for address in authorized.refused}
        self._unusable |= authorized.refused.keys()
        self.members.bonds |= done
        self.members.silent |= done
        self._given |= {mid: address for address, mid in done.items()}
        if again := sorted(self._suspected & done.keys()):
            # Whoever still listens to an address that was given anew has to leave it.
            for start in range(0, len(again), MAX_AUTHORIZED):
                group = again[start : start + MAX_AUTHORIZED]
                yield from ask(validate_bonds(*((address, done[address]) for address in group)))
            self._suspected -= set(again)
        return done

    def _see_who_is_there(self, came: Mapping[int, int]) -> Plan[None]:
        """Tell as new who was heard; who was not loses the bond, where that is wanted."""
        settings, members = self.settings, self.members
        if settings.unbond_silent and members.silent:
            yield from self._say(WaveCode.PINGING)
            self.new |= yield from members.ping_all()
            if members.silent:
                self._suspected |= yield from members.remove_silent()
                yield from self._release_suspected()
        staying = came.keys() & members.bonds.keys()
        if staying and not settings.skip_discovery:
            found = yield from members.discover_well()
            self.new |= members.heard(found)
        if not settings.unbond_silent and members.silent:
            self.new |= yield from members.ping_silent()

    def _release_suspected(self) -> Plan[None]:
        if self._suspected:
            yield from prebonding.release(
                sorted(self._suspected), temporary=not self.settings.skip_prebonding
            )

    def leave(self) -> Plan[bool]:
        """Let those go that were prebonded for nothing; False if that may have failed."""
        released = True
        if not self.settings.skip_prebonding:
            released = yield from prebonding.release_all()
        if self._dpa < _RESTARTED_BEFORE and self.members.bonds:
            yield from self.members.restart()
        return released
