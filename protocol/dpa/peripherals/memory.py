"""The commands of the memory peripherals: EEPROM, EEEPROM, RAM (DPA guide)."""

from collections.abc import Callable

from protocol.dpa.call import NOTHING, RAW, Call, Command, Field
from protocol.dpa.fields import exactly, octets, within, word
from protocol.dpa.packet import MAX_PDATA
from protocol.dpa.pnum import EEEPROM, EEPROM, RAM

MAX_READ = 54
"""Bytes that one read of EEEPROM may ask for (the limit the vendor's tools keep)."""

MAX_WRITE = MAX_PDATA - 2
"""Bytes that fit one write behind an address of two bytes."""

READABLE = 0x8000
"""Addresses of EEEPROM from here on cannot be read."""
WRITABLE = 0x4000

# Tables of the coordinator in its external EEPROM (DPA guide, "Memory map").
MID_TABLE = 0x4000
MID_RECORD = 8
"""Bytes per address; the first four are the MID, least significant first."""
VRN_TABLE = 0x5000
ZONE_TABLE = 0x5200
"""One byte per address: zone + 1."""
PARENT_TABLE = 0x5300
"""One byte per address: VRN of the parent."""


def _reads(size: int) -> Callable[[bytes], list[Field]]:
    """For `asks`: an address of so many bytes, and how much is read there."""

    def read(pdata: bytes) -> list[Field]:
        return [_place(pdata, size), ("length", str(pdata[size]))]

    return read


def _writes(size: int) -> Callable[[bytes], list[Field]]:
    """For `asks`: an address of so many bytes, and what is written there."""

    def read(pdata: bytes) -> list[Field]:
        return [_place(pdata, size), ("data", pdata[size:].hex(".") or "empty")]

    return read


def _place(pdata: bytes, size: int) -> Field:
    address = int.from_bytes(pdata[:size], "little")
    return "address", f"0x{address:0{2 * size}X}"


def _last_byte(pdata: bytes) -> int:
    return pdata[-1]


EEPROM_READ = Command(EEPROM, 0x00, "Read", RAW, asks=_reads(1), length_asked=_last_byte)
EEPROM_WRITE = Command(EEPROM, 0x01, "Write", NOTHING, asks=_writes(1))
EEEPROM_READ = Command(EEEPROM, 0x02, "Read", RAW, asks=_reads(2), length_asked=_last_byte)
EEEPROM_WRITE = Command(EEEPROM, 0x03, "Write", NOTHING, asks=_writes(2))
RAM_READ = Command(RAM, 0x00, "Read", RAW, asks=_reads(1), length_asked=_last_byte)
RAM_WRITE = Command(RAM, 0x01, "Write", NOTHING, asks=_writes(1))
RAM_READ_ANY = Command(RAM, 0x0F, "ReadAny", RAW, asks=_reads(2))

MEMORY_COMMANDS = (
    EEPROM_READ,
    EEPROM_WRITE,
    EEEPROM_READ,
    EEEPROM_WRITE,
    RAM_READ,
    RAM_WRITE,
    RAM_READ_ANY,
)


def eeprom_read(nadr: int, address: int, length: int) -> Call[bytes]:
    """Read 1..56 bytes of the internal EEPROM."""
    return EEPROM_READ.call(nadr, _span(address, length), decode=_of(length))


def eeprom_write(nadr: int, address: int, data: bytes) -> Call[None]:
    """Write 1..55 bytes to the internal EEPROM."""
    within("length of data", len(data), 1, MAX_PDATA - 1)
    return EEPROM_WRITE.call(nadr, octets(address=address) + data)


def eeeprom_read(nadr: int, address: int, length: int) -> Call[bytes]:
    """Read 1..54 bytes of the external EEPROM.

    Fewer bytes in the answer than asked for are a BadResponseError.
    """
    within("length", length, 1, MAX_READ)
    within("address", address, 0, READABLE - length)
    pdata = word("address", address) + octets(length=length)
    return EEEPROM_READ.call(nadr, pdata, decode=_of(length))


def eeeprom_write(nadr: int, address: int, data: bytes) -> Call[None]:
    """Write 1..54 bytes to the external EEPROM."""
    within("length of data", len(data), 1, MAX_WRITE)
    within("address", address, 0, WRITABLE - len(data))
    return EEEPROM_WRITE.call(nadr, word("address", address) + data)


def ram_read(nadr: int, address: int, length: int) -> Call[bytes]:
    """Read 1..56 bytes of the user's RAM."""
    return RAM_READ.call(nadr, _span(address, length), decode=_of(length))


def ram_write(nadr: int, address: int, data: bytes) -> Call[None]:
    """Write 1..55 bytes to the user's RAM."""
    within("length of data", len(data), 1, MAX_PDATA - 1)
    return RAM_WRITE.call(nadr, octets(address=address) + data)


def _span(address: int, length: int) -> bytes:
    within("length", length, 1, MAX_PDATA)
    return octets(address=address, length=length)


def _of(length: int) -> Callable[[bytes], bytes]:
    return lambda pdata: exactly(pdata, length)
