"""Exploration: what a device is, and which peripherals it has (DPA guide, "Exploration")."""

import struct
from typing import ClassVar

from attrs import evolve, field, frozen

from protocol.dpa.call import Call, Command, Layout
from protocol.dpa.fields import Packed, unpacked, within
from protocol.dpa.frc import bitmap, members
from protocol.dpa.packet import Request
from protocol.dpa.pnum import EXPLORATION, FIRST_USER, PERIPHERAL_INFO_PCMD
from protocol.dpa.timing import RfMode, Timing

DPA_VERSION_MASK = 0x3F7F
"""Bit 15 marks a demo, 14 is reserved, and bit 7 of the low byte is no digit of the version."""

_STD_MODE = 1 << 0
_STD_LP_NETWORK = 1 << 2

_EMBEDDED_LENGTH = 4
_ENUMERATION = struct.Struct("<HB4sHHB")
_USER_LENGTH = 12
"""Bytes of the bitmap of user peripherals at most."""


@frozen
class PeripheralEnumeration:
    """What a device is made of: DPA version, profile, and the numbers of its peripherals.

    `dpa` is the version word without its flag bits (0x0417 = 4.17). `embedded` and `user` hold
    PNUMs. `user_per_nr` is the number of user peripherals as the device counts them.
    """

    dpa: int
    user_per_nr: int
    embedded: frozenset[int]
    hwpid: int
    hwpid_version: int
    flags: int
    user: frozenset[int] = field(factory=frozenset)

    @classmethod
    def decode(cls, pdata: bytes) -> "PeripheralEnumeration":
        """Read 12 bytes and as many of the bitmap of user peripherals as there are.

        Raises BadResponseError for fewer than 12.
        """
        dpa, user_per_nr, embedded, hwpid, hwpid_version, flags = unpacked(_ENUMERATION, pdata)
        user = pdata[_ENUMERATION.size : _ENUMERATION.size + _USER_LENGTH]
        return cls(
            dpa=dpa & DPA_VERSION_MASK,
            user_per_nr=user_per_nr,
            embedded=members(embedded),
            hwpid=hwpid,
            hwpid_version=hwpid_version,
            flags=flags,
            user=frozenset(FIRST_USER + bit for bit in members(user)),
        )

    def encode(self) -> bytes:
        """The PDATA of the answer; as from a device, no zeros behind the last user peripheral."""
        user = bitmap((pnum - FIRST_USER for pnum in self.user), _USER_LENGTH)
        header = _ENUMERATION.pack(
            self.dpa,
            self.user_per_nr,
            bitmap(self.embedded, _EMBEDDED_LENGTH),
            self.hwpid,
            self.hwpid_version,
            self.flags,
        )
        return header + user.rstrip(b"\0")

    @property
    def dpa_text(self) -> str:
        """The DPA version as people write it: "4.17"."""
        return f"{self.dpa >> 8:X}.{self.dpa & 0xFF:02X}"

    @property
    def is_lp(self) -> bool:
        """Whether the device works by LP timing: no STD receiver, or in an STD+LP network."""
        return not self.flags & _STD_MODE or bool(self.flags & _STD_LP_NETWORK)

    def implements(self, pnum: int) -> bool:
        """Whether the device has this peripheral."""
        return pnum in (self.embedded if pnum < FIRST_USER else self.user)


@frozen
class PeripheralInfo(Packed):
    """What kind of peripheral stands behind a PNUM; `type` 0 is none."""

    layout: ClassVar = struct.Struct("<BBBB")

    extended_type: int
    type: int
    par1: int
    par2: int


def _decode_infos(pdata: bytes) -> tuple[PeripheralInfo, ...]:
    return tuple(
        PeripheralInfo.decode(pdata[start : start + 4]) for start in range(0, len(pdata), 4)
    )


def rf_mode_learnt(timing: Timing, enumeration: PeripheralEnumeration) -> Timing:
    """What is known of the network once its coordinator is known."""
    return evolve(timing, rf_mode=RfMode.LP if enumeration.is_lp else RfMode.STD)


def _rf_mode(timing: Timing, _pdata: bytes, enumeration: PeripheralEnumeration) -> Timing:
    return rf_mode_learnt(timing, enumeration)


ENUMERATE = Command(
    EXPLORATION,
    PERIPHERAL_INFO_PCMD,
    "Enumerate",
    Layout(PeripheralEnumeration.decode, PeripheralEnumeration.encode),
    teaches=_rf_mode,
)


def enumerate_peripherals(nadr: int) -> Call[PeripheralEnumeration]:
    """What the device at `nadr` is."""
    return ENUMERATE.call(nadr)


def peripheral_info(nadr: int, pnum: int) -> Call[PeripheralInfo]:
    """What the device at `nadr` has behind `pnum` (0x00..0xFE)."""
    within("PNUM", pnum, 0, EXPLORATION - 1)
    return Call(Request(nadr, pnum, PERIPHERAL_INFO_PCMD), PeripheralInfo.decode)


def more_peripherals(nadr: int, first: int) -> Call[tuple[PeripheralInfo, ...]]:
    """The peripherals from `first` on, up to 14 of them."""
    within("PNUM", first, 0, PERIPHERAL_INFO_PCMD - 1)
    return Call(Request(nadr, EXPLORATION, first), _decode_infos)
