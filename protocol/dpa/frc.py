"""FRC: how values of many nodes share one answer, and the user data of the embedded commands."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from protocol.dpa.fields import octets, within, word
from protocol.errors import LocalProtocolError

# Embedded FRC commands (DPA guide, "FRC commands") and those of the Sensor and Light standards.
PING = 0x00
ACK_BROADCAST_BITS = 0x02
PREBONDED_ALIVE = 0x03
SUPPLY_VOLTAGE = 0x04
PREBONDED_MEMORY_COMPARE_2B = 0x05
SENSOR_2BIT = 0x10
TEMPERATURE = 0x80
ACK_BROADCAST_BYTES = 0x81
MEMORY_READ = 0x82
MEMORY_READ_PLUS_1 = 0x83
FRC_RESPONSE_TIME = 0x84
TEST_RF_SIGNAL = 0x85
SENSOR_1BYTE = 0x90
SENSOR_2BYTE = 0xE0
LIGHT_SEND_LDI = 0xE0
LIGHT_READ_LAI = 0xE1
PREBONDED_MEMORY_READ_4B_PLUS_1 = 0xF8
SENSOR_4BYTE = 0xF9
MEMORY_READ_4B = 0xFA

# Where Memory read finds things in a node's RAM (DPA guide, "Memory read").
RESPONSE_BUFFER = 0x04A0
"""PDATA of the response to the request embedded in a Memory read."""
LAST_RSSI = 0x05B6

FRC_DATA = 55
"""Bytes of FRC data in the answer to Send; the other nine come by Extra result."""
EXTRA_RESULT = 9
BUFFER = FRC_DATA + EXTRA_RESULT

SELECTED_NODES = 30
"""Length of the bitmap of nodes in Send selective."""
MIN_USER_DATA = 2
MAX_USER_DATA = 30
MAX_SELECTIVE_USER_DATA = 25

_MAX_MEMORY_READ = 20
"""Bytes of the memory-read part in Memory read 4B."""
_SECOND_BITS = 32
"""Byte of the buffer where the higher bits of two-bit values begin."""


class Width(Enum):
    """How much one node can say in an FRC (DPA guide, "FRC").

    `bytes` of one value (0: two bits), `capacity` is the highest slot in use, `without_extra`
    the highest one that needs no Extra result.
    """

    BITS2 = (0, 239, 183)
    BYTE1 = (1, 63, 54)
    BYTE2 = (2, 31, 26)
    BYTE4 = (4, 15, 12)

    def __init__(self, width: int, capacity: int, without_extra: int) -> None:
        self.bytes = width
        self.capacity = capacity
        self.without_extra = without_extra

    @property
    def highest_value(self) -> int:
        """The highest raw value."""
        return (1 << 8 * self.bytes) - 1 if self.bytes else 3


def width_of(command: int) -> Width:
    """The width of the values that an FRC command collects; the code itself tells."""
    if command < 0x80:
        return Width.BITS2
    if command < 0xE0:
        return Width.BYTE1
    return Width.BYTE2 if command < 0xF8 else Width.BYTE4


def bitmap(nodes: Iterable[int], length: int = SELECTED_NODES) -> bytes:
    """A bit per address, least significant first: bit 0 of byte 1 is address 8.

    Raises LocalProtocolError for an address that has no bit.
    """
    bits = 0
    for node in nodes:
        bits |= 1 << within("address", node, 0, 8 * length - 1)
    return bits.to_bytes(length, "little")


def members(bitmap: bytes) -> frozenset[int]:
    """The numbers of the bits that are set; the inverse of `bitmap`."""
    bits = int.from_bytes(bitmap, "little")
    return frozenset(number for number in range(bits.bit_length()) if bits >> number & 1)


def groups(nodes: Iterable[int], capacity: int) -> tuple[tuple[int, ...], ...]:
    """The nodes, ascending, in as few groups of at most `capacity` as possible."""
    ascending = sorted(set(nodes))
    return tuple(
        tuple(ascending[start : start + capacity]) for start in range(0, len(ascending), capacity)
    )


def slots(width: Width, nodes: Iterable[int], *, selective: bool = True) -> dict[int, int]:
    """Which slot of the answer is whose, by ascending address.

    Selected nodes follow one another from slot 1 on; two-bit values, and all values of an FRC
    to everybody, stand in the slot of their address.
    """
    ascending = sorted(set(nodes))
    if selective and width is not Width.BITS2:
        return {node: slot for slot, node in enumerate(ascending, 1)}
    return {node: node for node in ascending}


def needs_extra(width: Width, highest: int) -> bool:
    """Whether slot `highest` lies (partly) in the Extra result.

    For a selective FRC `highest` is the number of selected nodes; for two-bit values, and for an
    FRC to everybody, it is the highest address.
    """
    return highest > width.without_extra


def unpack(
    width: Width, nodes: Iterable[int], data: bytes, *, selective: bool = True
) -> dict[int, int]:
    """The raw value of each of `nodes` out of FRC data; 0 is a node that kept silent.

    `data` are the 55 bytes of the answer, followed by the nine of the Extra result if it was
    needed. Raises LocalProtocolError where `data` cannot hold that many nodes.
    """
    values = {}
    for node, slot in slots(width, nodes, selective=selective).items():
        within(f"{width.name} slot", slot, 1, width.capacity)
        end = _last_byte(width, slot) + 1
        if end > len(data):
            raise LocalProtocolError(
                f"slot {slot} of {width.name} ends at byte {end}, FRC data at {len(data)}"
            )
        values[node] = _read(width, slot, data)
    return values


def pack(
    width: Width, nodes: Iterable[int], values: Mapping[int, int], *, selective: bool = True
) -> bytes:
    """The 64 bytes a coordinator collects; nodes without a value keep silent.

    As in the coordinator, a node whose slot does not exist is left out. Raises
    LocalProtocolError for a value that is too large for the width.
    """
    buffer = bytearray(BUFFER)
    for node, slot in slots(width, nodes, selective=selective).items():
        value = within("FRC value", values.get(node, 0), 0, width.highest_value)
        if 0 < slot <= width.capacity:
            _write(width, slot, value, buffer)
    return bytes(buffer)


def memory_read(address: int, pnum: int, pcmd: int, data: bytes = b"") -> bytes:
    """User data of Memory read: execute a request, then say what stands at `address`."""
    return word("RAM address", address) + octets(PNUM=pnum, PCMD=pcmd, length=len(data)) + data


def memory_read_4b(
    address: int, pnum: int, pcmd: int, data: bytes = b"", *, plus_one: bool
) -> bytes:
    """User data of Memory read 4B; `plus_one` sets a silent node apart from four zero bytes.

    With `plus_one` a node answers its value + 1, so that only 0xFFFFFFFF looks like silence.
    """
    read = memory_read(address, pnum, pcmd, data)
    if len(read) > _MAX_MEMORY_READ:
        raise LocalProtocolError(f"{len(read)} bytes of memory read, {_MAX_MEMORY_READ} fit")
    return bytes((plus_one, 0)) + read


def acknowledged_broadcast(pnum: int, pcmd: int, hwpid: int, data: bytes = b"") -> bytes:
    """User data of Acknowledged broadcast: the request that the nodes execute and acknowledge."""
    request = octets(PNUM=pnum, PCMD=pcmd) + word("HWPID", hwpid) + data
    return octets(length=len(request) + 1) + request


def response_time_ms(params: int) -> int:
    """How long nodes may take for their answer, by bits 4-6 of the FRC parameters."""
    step = params >> 4 & 0x07
    return 40 + (320 << step - 1) if step else 40


def params_of_ms(milliseconds: int) -> int:
    """The FRC parameters of which `response_time_ms` is this; raises LocalProtocolError."""
    for params in range(0, 0x80, 0x10):
        if response_time_ms(params) == milliseconds:
            return params
    raise LocalProtocolError(f"{milliseconds} ms are no response time of an FRC")


def _last_byte(width: Width, slot: int) -> int:
    if width is Width.BITS2:
        return _SECOND_BITS + slot // 8
    return width.bytes * (slot + 1) - 1


def _read(width: Width, slot: int, data: Sequence[int]) -> int:
    if width is Width.BITS2:
        low, high = data[slot // 8], data[_SECOND_BITS + slot // 8]
        return (low >> slot % 8 & 1) | (high >> slot % 8 & 1) << 1
    start = width.bytes * slot
    return int.from_bytes(bytes(data[start : start + width.bytes]), "little")


def _write(width: Width, slot: int, value: int, buffer: bytearray) -> None:
    if width is Width.BITS2:
        buffer[slot // 8] |= (value & 1) << slot % 8
        buffer[_SECOND_BITS + slot // 8] |= (value >> 1) << slot % 8
        return
    start = width.bytes * slot
    buffer[start : start + width.bytes] = value.to_bytes(width.bytes, "little")
