"""iqmeshNetwork_ReadTrConf: the configuration of a device, byte by byte as members."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.db.descriptions import Address
from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.api.iqmesh.reach import Hwpid
from protocol.dpa.packet import ANY_HWPID, COORDINATOR
from protocol.dpa.peripherals.os import TrConfiguration
from protocol.iqmesh import tr_configuration
from protocol.iqmesh.tr_settings import BAUD_RATES, PERIPHERALS

_UNTIL: Mapping[str, int] = {"spi": 0x0415, "pwm": 0x0415, "frc": 0x0400}
"""The DPA version from which on a peripheral is no matter of the configuration any more."""

BANDS = ("868", "916", "433")
"""MHz, by the two lowest bits of the last byte."""


@frozen(kw_only=True)
class ReadTrConf:
    """Whose configuration is wanted."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    hwp_id: Hwpid = ANY_HWPID

    def service(self) -> tr_configuration.ReadTrConf:
        """What does it."""
        return tr_configuration.ReadTrConf(self.device_addr, self.hwp_id)


class EmbeddedPeripherals(TypedDict):
    """Which embedded peripherals are switched on."""

    values: Annotated[list[int], "the four bytes that say so"]
    coordinator: bool
    node: bool
    os: bool
    eeprom: bool
    eeeprom: bool
    ram: bool
    ledr: bool
    ledg: bool
    spi: NotRequired[Annotated[bool, "before DPA 4.15"]]
    io: bool
    thermometer: bool
    pwm: NotRequired[Annotated[bool, "before DPA 4.15"]]
    uart: bool
    frc: NotRequired[Annotated[bool, "before DPA 4.00"]]


class Settings(TypedDict):
    """The configuration of a device; which members there are depends on its DPA version."""

    embPers: EmbeddedPeripherals
    customDpaHandler: Annotated[bool, "it is called"]
    nodeDpaInterface: NotRequired[Annotated[bool, "before DPA 4.00"]]
    dpaPeerToPeer: NotRequired[Annotated[bool, "from DPA 4.10 on"]]
    dpaAutoexec: Annotated[bool, "requests are executed after the start"]
    routingOff: Annotated[bool, "the node does not route for others"]
    ioSetup: Annotated[bool, "pins are set up after the start"]
    peerToPeer: Annotated[bool, "packets without a network are received"]
    neverSleep: NotRequired[Annotated[bool, "from DPA 3.03 on"]]
    stdAndLpNetwork: NotRequired[Annotated[bool, "from DPA 4.00 on"]]
    rfSubChannelA: NotRequired[Annotated[int, "before DPA 4.00"]]
    rfSubChannelB: NotRequired[Annotated[int, "before DPA 4.00"]]
    rfChannelA: int
    rfChannelB: int
    txPower: int
    rxFilter: int
    lpRxTimeout: Annotated[int, "in units of 10 ms"]
    rfAltDsmChannel: int
    uartBaudrate: NotRequired[Annotated[int, "absent where the byte means none"]]
    localFrcReception: NotRequired[Annotated[bool, "nodes from DPA 4.15 on"]]
    rfPgmDualChannel: bool
    rfPgmLpMode: bool
    rfPgmIncorrectUpload: bool
    rfPgmEnableAfterReset: bool
    rfPgmTerminateAfter1Min: bool
    rfPgmTerminateMcuPin: bool
    rfBand: NotRequired[Annotated[str, "MHz"]]
    thermometerSensorPresent: NotRequired[Annotated[bool, "from DPA 4.17 on"]]
    serialEepromPresent: NotRequired[Annotated[bool, "from DPA 4.17 on"]]
    transcieverILType: NotRequired[Annotated[bool, "from DPA 4.17 on; misspelt, for old clients"]]
    transceiverILType: NotRequired[Annotated[bool, "from DPA 4.17 on"]]


class Configuration(Settings):
    """Whose configuration it is, and what it says."""

    deviceAddr: Address


def said_by(configuration: TrConfiguration, dpa: int, *, node: bool) -> Settings:
    """What the bytes of a configuration say, for a device with this DPA version."""
    at = (0, *configuration.settings)  # addresses begin with 1
    flags = at[0x05]
    members: Any = {"embPers": _peripherals(at, dpa)}
    members["customDpaHandler"] = bool(flags & 0x01)
    if dpa >= 0x0410:
        members["dpaPeerToPeer"] = bool(flags & 0x02)
    elif dpa < 0x0400:
        members["nodeDpaInterface"] = bool(flags & 0x02)
    for bit, name in enumerate(("dpaAutoexec", "routingOff", "ioSetup", "peerToPeer"), 2):
        members[name] = bool(flags >> bit & 1)
    if dpa >= 0x0303:
        members["neverSleep"] = bool(flags & 0x40)
    if dpa >= 0x0400:
        members["stdAndLpNetwork"] = bool(flags & 0x80)
    else:
        members |= {"rfSubChannelA": at[0x06], "rfSubChannelB": at[0x07]}
    members |= {"rfChannelA": at[0x11], "rfChannelB": at[0x12]}
    members |= {"txPower": at[0x08], "rxFilter": at[0x09], "lpRxTimeout": at[0x0A]}
    members["rfAltDsmChannel"] = at[0x0C]
    if at[0x0B] < len(BAUD_RATES):
        members["uartBaudrate"] = BAUD_RATES[at[0x0B]]
    if node and dpa >= 0x0415:
        members["localFrcReception"] = bool(at[0x0D] & 0x01)
    members |= _programming(configuration.rfpgm)
    members |= _hardware(configuration.init_phy, dpa)
    settings: Settings = members
    return settings


def _peripherals(at: tuple[int, ...], dpa: int) -> dict[str, Any]:
    bits = int.from_bytes(bytes(at[1:5]), "little")
    members: dict[str, Any] = {"values": list(at[1:5])}
    for bit, name in enumerate(PERIPHERALS):
        if dpa < _UNTIL.get(name, 0x10000):
            members[name] = bool(bits >> bit & 1)
    return members


def _programming(rfpgm: int) -> dict[str, bool]:
    return {
        "rfPgmDualChannel": rfpgm & 0x03 == 0x03,
        "rfPgmLpMode": bool(rfpgm & 0x04),
        "rfPgmIncorrectUpload": bool(rfpgm & 0x08),
        "rfPgmEnableAfterReset": bool(rfpgm & 0x10),
        "rfPgmTerminateAfter1Min": bool(rfpgm & 0x40),
        "rfPgmTerminateMcuPin": bool(rfpgm & 0x80),
    }


def _hardware(init_phy: int, dpa: int) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if init_phy & 0x03 < len(BANDS):
        members["rfBand"] = BANDS[init_phy & 0x03]
    if dpa >= 0x0417:
        members["thermometerSensorPresent"] = bool(init_phy & 0x10)
        members["serialEepromPresent"] = bool(init_phy & 0x20)
        members["transcieverILType"] = members["transceiverILType"] = bool(init_phy & 0x40)
    return members


def read(request: ReadTrConf, service: tr_configuration.ReadTrConf, _own: bool) -> Any:
    """`rsp` of iqmeshNetwork_ReadTrConf."""
    if service.enumeration is None or service.configuration is None:
        return None
    node = request.device_addr != COORDINATOR
    members = said_by(service.configuration, service.enumeration.dpa, node=node)
    return {"deviceAddr": request.device_addr, **members}


READ_TR_CONF = Row(
    FAMILY,
    "ReadTrConf",
    "Read the configuration of a device.",
    ReadTrConf,
    Configuration,
    example={"deviceAddr": 1},
    service=NetworkService(ReadTrConf.service, read),
)

ROWS = (READ_TR_CONF,)
