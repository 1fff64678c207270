"""iqmeshNetwork_EnumerateDevice: all that can be said of one device."""

from typing import Annotated, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.db.descriptions import Address
from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.configuration import Settings, said_by
from protocol.api.iqmesh.device import Enumerated, OsRead, enumerated, os_read
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.iqmesh import enumerate_device


@frozen(kw_only=True)
class EnumerateDevice:
    """Which device is wanted."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    more_peripherals_info: Annotated[bool, "the table of its peripherals too"] = False

    def service(self) -> enumerate_device.EnumerateDevice:
        """What does it."""
        return enumerate_device.EnumerateDevice(self.device_addr, self.more_peripherals_info)


class Discovery(TypedDict):
    """Where the discovery has found the node."""

    discovered: bool
    vrn: Annotated[int, "virtual routing number"]
    zone: int
    parent: Annotated[int, "virtual routing number of the parent"]


class OnePeripheral(TypedDict):
    """What kind of peripheral it is."""

    perTe: int
    perT: int
    par1: int
    par2: int


class DeviceEnumeration(TypedDict):
    """The whole device."""

    deviceAddr: Address
    manufacturer: Annotated[str, "empty where the catalogue does not know it"]
    product: Annotated[str, "empty where the catalogue does not know it"]
    standards: list[str]
    discovery: NotRequired[Annotated[Discovery, "of nodes"]]
    osRead: OsRead
    peripheralEnumeration: Enumerated
    trConfiguration: Settings
    morePeripheralsInfo: NotRequired[list[OnePeripheral]]


def device(
    request: EnumerateDevice, service: enumerate_device.EnumerateDevice, _own: bool
) -> DeviceEnumeration | None:
    """`rsp` of iqmeshNetwork_EnumerateDevice."""
    who, place, configuration = service.identity, service.place, service.configuration
    if who.info is None or who.enumeration is None or place is None or configuration is None:
        return None
    node, dpa = request.device_addr != COORDINATOR, who.enumeration.dpa
    told = DeviceEnumeration(
        deviceAddr=request.device_addr,
        manufacturer=who.name.manufacturer,
        product=who.name.product,
        standards=[""],
        osRead=os_read(who.info, dpa, node=node),
        peripheralEnumeration=enumerated(who.enumeration),
        trConfiguration=said_by(configuration, dpa, node=node),
    )
    if node:
        told["discovery"] = Discovery(
            discovered=place.discovered, vrn=place.vrn, zone=place.zone, parent=place.parent
        )
    if request.more_peripherals_info:
        told["morePeripheralsInfo"] = [_peripheral(info) for info in service.peripherals]
    return told


def _peripheral(info: PeripheralInfo) -> OnePeripheral:
    return OnePeripheral(perTe=info.extended_type, perT=info.type, par1=info.par1, par2=info.par2)


ENUMERATE_DEVICE = Row(
    FAMILY,
    "EnumerateDevice",
    "Read all that can be said of a device: module, peripherals, configuration, place.",
    EnumerateDevice,
    DeviceEnumeration,
    example={"deviceAddr": 1},
    service=NetworkService(EnumerateDevice.service, device),
)

ROWS = (ENUMERATE_DEVICE,)
