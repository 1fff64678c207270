"""ReadTrConf: the configuration of one device, and what its bytes mean."""

from attrs import define, field

from protocol.dpa.packet import ANY_HWPID
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, enumerate_peripherals
from protocol.dpa.peripherals.os import TrConfiguration, os_read_config
from protocol.iqmesh.plan import Plan, ask
from protocol.network.parameters import Parameters


@define(eq=False)
class ReadTrConf:
    """The configuration of the device at `address`, if it has the HWPID."""

    address: int
    hwpid: int = ANY_HWPID
    enumeration: PeripheralEnumeration | None = field(default=None, init=False)
    configuration: TrConfiguration | None = field(default=None, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        # What the bytes mean depends on the version of DPA.
        self.enumeration = yield from ask(enumerate_peripherals(self.address))
        read = os_read_config(self.address).for_hwpid(self.hwpid)
        self.configuration = yield from ask(read)
