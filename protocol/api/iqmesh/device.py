"""How the answers of network services describe a device: module, operating system, peripherals."""

from typing import Annotated, Any, NotRequired, TypedDict

from protocol.dpa.peripherals.exploration import PeripheralEnumeration
from protocol.dpa.peripherals.os import OsInfo

_NEW_FLAG_NAME, _OS_CHANGED, _AGGREGATION = 0x0417, 0x0413, 0x0416
"""DPA versions from which on a flag of OS Read is called, or is there."""

_MCU_TYPES = {4: "PIC16LF1938", 5: "PIC16LF18877"}
_RSSI_OFFSET = 130


class TrMcuType(TypedDict):
    """Module and microcontroller."""

    value: int
    trType: Annotated[str, "such as (DC)TR-72D"]
    fccCertified: bool
    mcuType: str


class OsFlags(TypedDict):
    """The flags of OS Read; which there are depends on the DPA version."""

    value: int
    insufficientOsVersion: NotRequired[Annotated[bool, "from DPA 4.17 on"]]
    insufficientOsBuild: NotRequired[Annotated[bool, "before DPA 4.17"]]
    interfaceType: Annotated[str, "SPI or UART"]
    dpaHandlerDetected: bool
    dpaHandlerNotDetectedButEnabled: bool
    noInterfaceSupported: bool
    iqrfOsChanged: NotRequired[Annotated[bool, "from DPA 4.13 on"]]
    frcAggregationEnabled: NotRequired[Annotated[bool, "nodes from DPA 4.16 on"]]


class SlotLimits(TypedDict):
    """The shortest and the longest slot of the device."""

    value: int
    shortestTimeslot: str
    longestTimeslot: str


class OsRead(TypedDict):
    """What OS Read tells."""

    mid: Annotated[str, "eight hexadecimal digits"]
    osVersion: str
    trMcuType: TrMcuType
    osBuild: Annotated[str, "four hexadecimal digits"]
    rssi: Annotated[str, "of the last reception, such as -38 dBm"]
    supplyVoltage: Annotated[str, "such as 2.97 V"]
    flags: OsFlags
    slotLimits: SlotLimits


class EnumFlags(TypedDict):
    """How the device uses the radio."""

    value: int
    rfModeStd: bool
    rfModeLp: bool
    stdAndLpNetwork: bool


class WholeOsRead(OsRead):
    """What OS Read tells, with the enumeration of the peripherals."""

    dpaVer: NotRequired[Annotated[str, "such as 4.17"]]
    perNr: NotRequired[Annotated[int, "how many user peripherals there are"]]
    embPers: NotRequired[Annotated[list[int], "numbers of the embedded peripherals"]]
    hwpId: NotRequired[int]
    hwpIdVer: NotRequired[int]
    enumFlags: NotRequired[EnumFlags]
    userPers: NotRequired[Annotated[list[int], "numbers of the user peripherals"]]


class Enumerated(TypedDict):
    """What Exploration tells."""

    dpaVer: Annotated[str, "such as 4.17"]
    perNr: Annotated[int, "how many user peripherals there are"]
    embPers: Annotated[list[int], "numbers of the embedded peripherals"]
    hwpId: int
    hwpIdVer: int
    flags: EnumFlags
    userPers: Annotated[list[int], "numbers of the user peripherals"]


def os_read(info: OsInfo, dpa: int, *, node: bool) -> OsRead:
    """What OS Read of a device with this DPA version has told; no key is shown."""
    volts = info.supply_volts or 0.0
    return OsRead(
        mid=f"{info.mid:08X}",
        osVersion=info.os_version_text,
        trMcuType=TrMcuType(
            value=info.mcu_type,
            trType=f"(DC){info.module}" if info.module else "??" + info.os_version_text[4:],
            fccCertified=bool(info.mcu_type & 0x08),
            mcuType=_MCU_TYPES.get(info.mcu_type & 0x07, "UNKNOWN"),
        ),
        osBuild=f"{info.os_build:04X}",
        rssi=f"{info.rssi - _RSSI_OFFSET} dBm",
        supplyVoltage=f"{volts:.2f} V",
        flags=_os_flags(info.flags, dpa, node=node),
        slotLimits=SlotLimits(
            value=info.slot_limits,
            shortestTimeslot=f"{info.shortest_timeslot_ms} ms",
            longestTimeslot=f"{info.longest_timeslot_ms} ms",
        ),
    )


def whole_os_read(info: OsInfo, enumeration: PeripheralEnumeration) -> WholeOsRead:
    """The same of a node, with the enumeration where OS Read carries it (from DPA 4.10 on)."""
    told: Any = os_read(info, enumeration.dpa, node=True)
    if info.enumeration is not None:
        more: Any = enumerated(info.enumeration)
        told = told | more | {"flags": told["flags"], "enumFlags": more["flags"]}
    whole: WholeOsRead = told
    return whole


def enumerated(enumeration: PeripheralEnumeration) -> Enumerated:
    """What Exploration has told."""
    flags = enumeration.flags
    return Enumerated(
        dpaVer=enumeration.dpa_text,
        perNr=enumeration.user_per_nr,
        embPers=sorted(enumeration.embedded),
        hwpId=enumeration.hwpid,
        hwpIdVer=enumeration.hwpid_version,
        flags=EnumFlags(
            value=flags,
            rfModeStd=bool(flags & 0x01),
            rfModeLp=bool(flags & 0x02),
            stdAndLpNetwork=bool(flags & 0x04),
        ),
        userPers=sorted(enumeration.user),
    )


def _os_flags(flags: int, dpa: int, *, node: bool) -> OsFlags:
    told = OsFlags(
        value=flags,
        interfaceType="UART" if flags & 0x02 else "SPI",
        dpaHandlerDetected=bool(flags & 0x04),
        dpaHandlerNotDetectedButEnabled=bool(flags & 0x08),
        noInterfaceSupported=bool(flags & 0x10),
    )
    if dpa >= _NEW_FLAG_NAME:
        told["insufficientOsVersion"] = bool(flags & 0x01)
    else:
        told["insufficientOsBuild"] = bool(flags & 0x01)
    if dpa >= _OS_CHANGED:
        told["iqrfOsChanged"] = bool(flags & 0x20)
    if node and dpa >= _AGGREGATION:
        told["frcAggregationEnabled"] = bool(flags & 0x40)
    return told
