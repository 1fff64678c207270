"""ReplaceNode: another module takes over address, name, history and configuration of a node."""

from collections.abc import Mapping
from enum import Enum

from attrs import define, evolve, field

from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import (
    MAX_TX_POWER,
    bonded_devices,
    discovery,
    smart_connect,
)
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.os import (
    MAX_CONFIG_BYTES,
    os_read_config,
    os_restart,
    os_write_config_byte,
)
from protocol.iqmesh import mids, prebonding, replacing
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.service import PARAMETERS
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.auto_network.waves import Waves
from protocol.iqmesh.bond_changes import BondChanges, Replacing
from protocol.iqmesh.commission.wanted import Wanted, wanted
from protocol.iqmesh.plan import Note, Pause, Plan, Progress, PutBack, ask, borrow, chance
from protocol.iqmesh.records import Succeed, Withdraw, configuration_of
from protocol.iqmesh.statuses import BAD_PARAMETERS, NO_NODES, ServiceFailure
from protocol.network.configurations import RFPGM_AT, SETTINGS, Configuration
from protocol.network.parameters import Parameters

HAS_ADDRESS, UNKNOWN_MODULE, NOT_THERE = 1004, 1005, 1006
"""Statuses: the new module is in the network already; it is not known which one the old is; the
new one did not come, and everything is what it was."""

MOST_SEARCHES = 5
MOST_AUTHORIZATIONS = 3
RESTART_S = 2.0
_STEPS = 5


class Restored(Enum):
    """What became of the configuration."""

    DONE = "restored"
    SAME = "was the same"
    UNKNOWN = "none is known"
    UNWANTED = "not wanted"
    FAILED = "failed"


@define(eq=False, kw_only=True)
class ReplaceNode:
    """Put a module, by its code or its MID, in the place of the one at `address`.

    A module without a code is found as prebonded nodes are. `old` and `new` are None until they
    are known; `done` once the new one has answered at the address.
    """

    address: int
    mid: int | None = None
    code: str | None = None
    restore: bool = True
    discover: bool = True
    old: int | None = field(default=None, init=False)
    new: int | None = field(default=None, init=False)
    done: bool = field(default=False, init=False)
    configuration: Restored = field(default=Restored.UNWANTED, init=False)
    discovered: bool = field(default=False, init=False)
    """Whether a discovery was made afterwards."""
    changes: BondChanges = field(factory=BondChanges, init=False)
    _open: bool = field(default=False, init=False)
    """Whether neither of the two may have the address."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        module = wanted(self.mid, self.code, self.address, None, None)
        self.new = module.mid
        yield from self._examine()
        kept = (yield from self._configuration()) if self.restore else None
        dpa = (yield from ask(enumerate_peripherals(COORDINATOR))).dpa
        yield Note(lambda: self.changes, self._complete)
        if module.code is not None and module.code.ibk is not None:
            yield Progress(1, _STEPS, self.address, "bonding")
            yield from self._connect(module, module.code.ibk, dpa)
        else:
            yield from self._find_and_authorize(dpa)
        yield Progress(2, _STEPS, self.address, "verifying")
        yield from self._verify()
        yield from self._succeed()
        if self.restore:
            yield Progress(3, _STEPS, self.address, "restoring the configuration")
            yield from self._restore(kept)
        if self.discover:
            yield Progress(4, _STEPS, self.address, "discovering")
            yield from self._discover()

    def _examine(self) -> Plan[None]:
        """Who is there; raises ServiceFailure where nothing can be replaced."""
        bonded = yield from ask(bonded_devices())
        if self.address not in bonded:
            raise ServiceFailure(NO_NODES, f"No node is bonded to address {self.address}.")
        table: Mapping[int, int] = yield from mids.at(bonded)
        self.old = table[self.address]
        if self.old == self.new:
            raise ServiceFailure(BAD_PARAMETERS, "It is the module that has this address.")
        for address, mid in table.items():
            if mid == self.new:
                raise ServiceFailure(HAS_ADDRESS, f"Module {mid:08X} has address {address}.")
        if not self.old:
            text = "The coordinator does not know this module; correct its MIDs first."
            raise ServiceFailure(UNKNOWN_MODULE, text)
        self.changes = BondChanges(bonded, replacing=self._replacing)

    @property
    def _replacing(self) -> Replacing:
        assert self.old is not None
        assert self.new is not None
        return Replacing(self.address, self.old, self.new)

    def _configuration(self) -> Plan[Configuration | None]:
        """That of the old module: as it was last seen, or as it says itself if it still does."""
        assert self.old is not None
        known = yield from configuration_of(self.old)
        if known is not None or (yield from replacing.said_at(self.address)) != self.old:
            return known
        return (yield from self._read_configuration())

    def _read_configuration(self) -> Plan[Configuration | None]:
        try:
            read = yield from ask(os_read_config(self.address))
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
            return None
        return Configuration(read.settings, read.rfpgm)

    def _connect(self, module: Wanted, ibk: bytes, dpa: int) -> Plan[None]:
        yield from self._begin()
        try:
            yield from ask(smart_connect(self.address, 1, ibk, module.mid, dpa=dpa))
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
            # An answer that was lost does not mean that nothing was done.
            if (yield from replacing.in_table(self.address)) != module.mid:
                yield from self._give_up(str(error))

    def _find_and_authorize(self, dpa: int) -> Plan[None]:
        """Bond a module of which only the MID is known; it is found before the old one goes."""
        assert self.new is not None
        settings = Settings(wishes=((self.new, self.address),), only_wished=True)
        waves = Waves(settings, _silently)
        waves.begin(dpa, (yield from chance()))
        yield from borrow(PARAMETERS, prebonding=True)
        found = yield from self._search(waves, MOST_SEARCHES)
        if found:
            yield from self._authorize(waves)
        yield from waves.leave()
        yield PutBack(needless=False)
        if not found:
            self.changes = BondChanges(self.changes.before)
            raise ServiceFailure(NOT_THERE, "The new module was not found; nothing was changed.")

    def _search(self, waves: Waves, rounds: int) -> Plan[bool]:
        """Whether the new module is prebonded."""
        for _ in range(rounds):
            yield Progress(0, _STEPS, self.address, "searching")
            waves.number += 1
            seed, places = yield from waves.search()
            if places and self.new in (yield from waves.identify(seed, places)).values():
                return True
        return False

    def _authorize(self, waves: Waves) -> Plan[None]:
        """Give it the address; once more where it has missed that, and is prebonded still."""
        assert self.new is not None
        for _ in range(MOST_AUTHORIZATIONS):
            yield from self._begin()
            authorized = yield from prebonding.authorize({self.address: self.new}, ())
            if self.address not in authorized.done:
                yield from self._give_up("the coordinator has refused it")
            if (yield from replacing.said_at(self.address)) == self.new:
                return
            if not (yield from self._search(waves, 1)):
                return

    def _begin(self) -> Plan[None]:
        """Have the coordinator forget the old module."""
        self._open = True
        yield from replacing.forget(self.address)

    def _verify(self) -> Plan[None]:
        """Ask who has the address now; where the old module drowns the new one, it has to leave."""
        assert self.new is not None
        said = yield from replacing.said_at(self.address)
        if said == self.old:
            yield from replacing.bar_others(self.address, self.new)
            said = yield from replacing.said_at(self.address)
        if said != self.new:
            yield from self._give_up("it does not answer")
        yield from replacing.bar_others(self.address, self.new)

    def _give_up(self, reason: str) -> Plan[None]:
        """Raises ServiceFailure when the old module has its place again."""
        yield from replacing.take_back(self._replacing)
        yield from self._withdraw()
        if self.discover:
            yield from self._discover()
        text = f"The new module is not in the network ({reason}); the old one has its place again."
        raise ServiceFailure(NOT_THERE, text)

    def _complete(self) -> Plan[None]:
        """Bring to its end what was cut off: one of the two has the address."""
        if not self._open:
            if not self.done:
                self.changes = BondChanges(self.changes.before)
            return
        if (yield from replacing.settle(self._replacing)):
            yield from self._succeed()
        else:
            yield from self._withdraw()

    def _withdraw(self) -> Plan[None]:
        """The old module has its place; the new one leaves it, should it come back."""
        yield Withdraw(self._replacing)
        self._open, self.changes = False, BondChanges(self.changes.before)

    def _succeed(self) -> Plan[None]:
        yield Succeed(self._replacing)
        self._open, self.done = False, True
        self.changes = evolve(self.changes, replacing=None)
        # From here on nothing leads back to the old module.
        yield Note(lambda: self.changes, self._complete)

    def _restore(self, kept: Configuration | None) -> Plan[None]:
        """Write what differs from the configuration of the old module, and see that it is there."""
        if kept is None:
            self.configuration = Restored.UNKNOWN
            return
        self.configuration = Restored.FAILED
        has = yield from self._read_configuration()
        if has is None:
            return
        differing = _differing(has, kept)
        if not differing:
            self.configuration = Restored.SAME
            return
        try:
            for start in range(0, len(differing), MAX_CONFIG_BYTES):
                some = differing[start : start + MAX_CONFIG_BYTES]
                yield from ask(os_write_config_byte(self.address, *some))
            yield from ask(os_restart(self.address))
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
            return
        yield Pause(RESTART_S)
        if (yield from self._read_configuration()) == kept:
            self.configuration = Restored.DONE

    def _discover(self) -> Plan[None]:
        """Find the route to the new module; that it fails changes nothing."""
        try:
            yield from ask(discovery(MAX_TX_POWER, 0))
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
            return
        self.discovered = True


def _differing(has: Configuration, kept: Configuration) -> list[tuple[int, int, int]]:
    """The bytes to write: address, value, mask."""
    before = has.settings + bytes((has.rfpgm,))
    after = kept.settings + bytes((kept.rfpgm,))
    addresses = (*range(1, SETTINGS + 1), RFPGM_AT)
    return [
        (address, value, 0xFF)
        for address, old, value in zip(addresses, before, after, strict=True)
        if old != value
    ]


def _silently(_code: WaveCode) -> Plan[None]:
    yield from ()
