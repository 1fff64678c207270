"""The packets between a host and an IQRF module on SPI (IQRF SPI technical guide).

The host is master. It clocks single bytes to see the module's status, and packets to move data;
the module shifts its status and its data out at the same time.
"""

from functools import reduce
from operator import xor

from protocol.errors import LocalProtocolError, RemoteProtocolError

MAX_DATA = 64
"""Bytes of the module's buffer."""

SPEED_HZ = 250_000
"""The clock that every module can follow."""

CLOCK_US = 32
"""What eight bits take."""

SELECT_US = 5
"""From chip select to the first clock, and from the last clock to its release."""

FAST_GAP_US = 150
"""Between two bytes, as long as the module's radio may be at work; modules since TR-72D."""

SLOW_GAP_US = 800
"""Between two bytes for a module that does not serve SPI in the background."""

CHECK = b"\x00"
"""What is sent to see the status."""

DISABLED = 0x00
SUSPENDED = 0x07
REJECTED = 0x3E
"""The last packet from the host had a wrong CRCM."""
ACCEPTED = 0x3F
"""The last packet from the host was good, and is being worked on."""
READY = 0x80
PROGRAMMING = 0x81
DEBUG = 0x82
SLOW = 0x83
"""Ready, but SPI is not served in the background: longer gaps."""
NO_MODULE = 0xFF

_NAMES = {
    DISABLED: "SPI disabled",
    SUSPENDED: "SPI suspended",
    REJECTED: "packet rejected",
    ACCEPTED: "busy",
    READY: "ready",
    PROGRAMMING: "programming mode",
    DEBUG: "debug mode",
    SLOW: "slow mode",
    NO_MODULE: "no module",
}

_DATA_COMMAND = 0xF0
INFO_COMMAND = 0xF5
"""CMD of the question for TR info."""
_WRITE = 0x80
"""In PTYPE: the host changes the buffer."""
_CRC_START = 0x5F
_OVERHEAD = 4
"""CMD and PTYPE before the data, CRC and a status behind them."""


def data_ready(status: int) -> int:
    """How many bytes the module has for the host, 0 if it has none."""
    if status & 0xC0 != 0x40:
        return 0
    return status & 0x3F or MAX_DATA


def status_of_data(length: int) -> int:
    """The status of a module that has `length` bytes (1..64) for the host."""
    return 0x40 | length & 0x3F


def status_name(status: int) -> str:
    """What a status means."""
    if length := data_ready(status):
        return f"{length} bytes ready"
    return _NAMES.get(status, f"status 0x{status:02x}")


def checksum(data: bytes | bytearray) -> int:
    """CRCM over CMD, PTYPE and data; CRCS over PTYPE and data."""
    return reduce(xor, data, _CRC_START)


def write_packet(data: bytes) -> bytes:
    """What the host sends to hand over `data` (1..64 bytes); raises LocalProtocolError."""
    return _packet(_DATA_COMMAND, _WRITE | _length(len(data)), data)


def read_packet(length: int) -> bytes:
    """What the host sends to fetch `length` bytes (1..64); raises LocalProtocolError."""
    return _packet(_DATA_COMMAND, _length(length), bytes(length))


def info_packet(length: int) -> bytes:
    """What the host sends to read TR info; 16 bytes where the OS is older than 4.03, 32 since."""
    return _packet(INFO_COMMAND, _length(length), bytes(length))


def fetched(received: bytes) -> bytes:
    """The data that came while a read packet was sent; raises RemoteProtocolError."""
    data = received[2:-2]
    if checksum(bytes((len(data),)) + data) != received[-2]:
        raise RemoteProtocolError("wrong CRCS")
    return data


def status_behind(received: bytes) -> int:
    """The status with which the module ended a packet."""
    return received[-1]


def duration_us(length: int, gap_us: int) -> int:
    """How long a message of so many bytes keeps the bus."""
    return SELECT_US + length * (CLOCK_US + gap_us)


def _length(length: int) -> int:
    if not 1 <= length <= MAX_DATA:
        raise LocalProtocolError(f"an SPI packet carries 1 to {MAX_DATA} bytes, not {length}")
    return length


def _packet(command: int, ptype: int, data: bytes) -> bytes:
    head = bytes((command, ptype))
    return head + data + bytes((checksum(head + data), 0))
