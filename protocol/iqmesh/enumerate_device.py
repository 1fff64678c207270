"""EnumerateDevice: all that one device, and the coordinator of it, tells about it."""

from attrs import define, field, frozen

from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import discovered_devices
from protocol.dpa.peripherals.exploration import PeripheralInfo, more_peripherals
from protocol.dpa.peripherals.memory import PARENT_TABLE, VRN_TABLE, ZONE_TABLE, eeeprom_read
from protocol.dpa.peripherals.os import TrConfiguration, os_read_config
from protocol.iqmesh.bonding import Identity
from protocol.iqmesh.plan import Plan, ask
from protocol.network.parameters import Parameters


@frozen
class Place:
    """Where the discovery has found a node; the bytes as the coordinator keeps them."""

    discovered: bool
    vrn: int
    zone: int
    parent: int


@define(eq=False)
class EnumerateDevice:
    """The device at `address`; with `more` also the table of its peripherals."""

    address: int
    more: bool = False
    place: Place | None = field(default=None, init=False)
    identity: Identity = field(init=False)
    configuration: TrConfiguration | None = field(default=None, init=False)
    peripherals: tuple[PeripheralInfo, ...] = field(default=(), init=False)
    done: bool = field(default=False, init=False)

    @identity.default
    def _of_address(self) -> Identity:
        return Identity(self.address)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        discovered = yield from ask(discovered_devices())
        vrn = yield from self._told_in(VRN_TABLE)
        zone = yield from self._told_in(ZONE_TABLE)
        parent = yield from self._told_in(PARENT_TABLE)
        self.place = Place(self.address in discovered, vrn, zone, parent)
        yield from self.identity.plan()
        if self.more:
            self.peripherals = yield from ask(more_peripherals(self.address, 0))
        self.configuration = yield from ask(os_read_config(self.address))
        self.done = True

    def _told_in(self, table: int) -> Plan[int]:
        """The byte about the device in a table of the coordinator."""
        return (yield from ask(eeeprom_read(COORDINATOR, table + self.address, 1)))[0]
