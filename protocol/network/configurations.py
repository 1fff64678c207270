"""Which configuration (OS peripheral, "TR configuration") each module has, by its MID.

Followed from transaction to transaction, whoever asked: what was read replaces what was known,
what was written changes it. Keys that were set (OS SetSecurity) can never be read, and are not
part of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, field, frozen

from protocol.dpa.errors import DpaError
from protocol.dpa.frc import ACK_BROADCAST_BITS, SELECTED_NODES, members, unpack, width_of
from protocol.dpa.packet import BROADCAST, COORDINATOR, MAX_NODE, Request, Response
from protocol.dpa.peripherals.coordinator import (
    AUTHORIZE_BOND,
    BOND_NODE,
    CLEAR_ALL_BONDS,
    COORDINATOR_RESTORE,
    REMOVE_BOND,
    SMART_CONNECT,
    Bonded,
)
from protocol.dpa.peripherals.frc import FRC_SEND, FRC_SEND_SELECTIVE, FrcAnswer
from protocol.dpa.peripherals.os import (
    OS_BATCH,
    OS_FACTORY_SETTINGS,
    OS_READ,
    OS_READ_CONFIG,
    OS_WRITE_CONFIG,
    OS_WRITE_CONFIG_BYTE,
    batched,
    checksum,
)
from protocol.dpa.pnum import COORDINATOR_PNUM
from protocol.network.tables import NO_MID

Triplet = tuple[int, int, int]
"""Address, value and mask of one byte (OS WriteCfgByte)."""

SETTINGS = 31
"""Bytes of settings, at the addresses 1 to 31."""

RFPGM_AT = 0x20

_DONE = 0b01
"""Bit of an acknowledged broadcast: the node has executed the command."""

_ACK_HEADER = 5
"""Length, PNUM, PCMD and HWPID in front of the data of an acknowledged broadcast."""


@frozen
class Configuration:
    """What can be written back to a device: the 31 bytes of settings, and RFPGM."""

    settings: bytes
    rfpgm: int

    def written(self, triplets: Sequence[Triplet]) -> "Configuration":
        """The configuration after these bytes were written."""
        content = bytearray(self.settings) + bytes((self.rfpgm,))
        for address, value, mask in triplets:
            if 1 <= address <= RFPGM_AT:
                content[address - 1] = content[address - 1] & ~mask | value & mask
        return Configuration(bytes(content[:-1]), content[-1])


Change = Configuration | tuple[Triplet, ...] | None
"""What became of the configuration of a module: known as a whole, changed in some bytes, unknown
from now on."""


@define(eq=False)
class Configurations:
    """Reads transactions as changes of configurations.

    `mid_of` is the MID at an address as it is stored, None where it is not known. It may be out
    of date for a node that was bonded a moment ago: until such a node has said who it is, nothing
    is noted of it, since it would be kept as another module's.
    """

    _mid_of: Callable[[int], int | None]
    _heard: dict[int, int | None] = field(factory=dict, init=False)
    """MID by address, from the nodes themselves; None after the address was given to another."""

    def observe(self, request: Request, response: Response | None) -> list[tuple[int, Change]]:
        """The changes, by MID, of a transaction that has succeeded."""
        if request.pnum not in PERIPHERALS:
            return []
        if request.nadr == BROADCAST:
            return self._by_mid(_broadcast(request))
        if response is None or response.rcode:
            return []
        self._follow_bonds(request, response)
        if request.nadr == COORDINATOR and _key(request) in _FRCS:
            changes = _acknowledged(request, response)
        else:
            changes = _answered(request, response)
        return self._by_mid(changes)

    def _by_mid(self, changes: Iterable[tuple[int, Change]]) -> list[tuple[int, Change]]:
        return [(mid, change) for node, change in changes if (mid := self._mid(node)) is not None]

    def _mid(self, node: int) -> int | None:
        mid = self._heard[node] if node in self._heard else self._mid_of(node)
        return None if mid is None or mid in NO_MID else mid

    def _follow_bonds(self, request: Request, response: Response) -> None:
        key = _key(request)
        if key == OS_READ.key:
            # The MID are the first four bytes of the answer (DPA guide, "OS Read").
            self._heard[request.nadr] = int.from_bytes(response.pdata[:4], "little")
        elif request.nadr != COORDINATOR:
            return
        elif key == REMOVE_BOND.key:
            self._heard.update(dict.fromkeys(request.pdata[:1], None))
        elif key in (BOND_NODE.key, SMART_CONNECT.key, AUTHORIZE_BOND.key):
            self._heard.update(dict.fromkeys(_given(request, response), None))
        elif key in (CLEAR_ALL_BONDS.key, COORDINATOR_RESTORE.key) or (
            key == OS_BATCH.key
            and any(pnum == COORDINATOR_PNUM for pnum, _ in batched(request.pdata))
        ):
            self._heard.update(dict.fromkeys(range(1, MAX_NODE + 1), None))


def _given(request: Request, response: Response) -> Iterator[int]:
    """The addresses that nodes were given."""
    try:
        yield Bonded.decode(response.pdata).address
    except DpaError:
        return
    if _key(request) == AUTHORIZE_BOND.key:
        yield from request.pdata[::5]  # pairs of an address and a MID of four bytes


def _answered(request: Request, response: Response) -> Iterator[tuple[int, Change]]:
    """What one device was asked, and has answered."""
    key, pdata = _key(request), request.pdata
    if key == OS_READ_CONFIG.key:
        try:
            read = OS_READ_CONFIG.call(request.nadr).decode(response.pdata)
        except DpaError:
            return
        if read.intact:
            yield request.nadr, Configuration(read.settings, read.rfpgm)
    elif key == OS_WRITE_CONFIG.key and len(pdata) == 1 + SETTINGS + 1:
        settings = pdata[1 : 1 + SETTINGS]
        # A device refuses a wrong checksum; should it not, nothing is known of what it has.
        sound = pdata[0] == checksum(settings)
        yield request.nadr, Configuration(settings, pdata[-1]) if sound else None
    elif key == OS_WRITE_CONFIG_BYTE.key:
        yield request.nadr, _triplets(pdata)
    elif key == OS_FACTORY_SETTINGS.key or (
        key == OS_BATCH.key and any(each in _CHANGING for each in batched(pdata))
    ):
        # Of a batch nobody learns which of its requests have failed.
        yield request.nadr, None


def _broadcast(request: Request) -> Iterator[tuple[int, Change]]:
    """What all nodes were told; it is not known which of them have heard it."""
    if _key(request) == OS_WRITE_CONFIG_BYTE.key:
        change = _triplets(request.pdata)
        yield from ((node, change) for node in range(1, MAX_NODE + 1))


def _acknowledged(request: Request, response: Response) -> Iterator[tuple[int, Change]]:
    """What nodes were told by an acknowledged broadcast, and have executed."""
    command, rest = request.pdata[:1], request.pdata[1:]
    nodes: frozenset[int] = frozenset(range(1, MAX_NODE + 1))
    if _key(request) == FRC_SEND_SELECTIVE.key:
        nodes, rest = members(rest[:SELECTED_NODES]) - {0}, rest[SELECTED_NODES:]
    if command != bytes((ACK_BROADCAST_BITS,)) or len(rest) < _ACK_HEADER:
        return
    key, data = (rest[1], rest[2]), rest[_ACK_HEADER : rest[0]]
    try:
        answer = FrcAnswer.decode(response.pdata)
    except DpaError:
        return
    if not answer.ok or key not in _CHANGING:
        return
    # The first of the two bits of all nodes stand in the first 30 bytes, so that the Extra
    # result is not needed.
    width = width_of(ACK_BROADCAST_BITS)
    bits = unpack(width, nodes, answer.data.ljust(64, b"\0"))
    change = _triplets(data) if key == OS_WRITE_CONFIG_BYTE.key else None
    yield from ((node, change) for node in sorted(nodes) if bits[node] & _DONE)


def _triplets(pdata: bytes) -> tuple[Triplet, ...]:
    return tuple(
        (pdata[start], pdata[start + 1], pdata[start + 2])
        for start in range(0, len(pdata) - len(pdata) % 3, 3)
    )


def _key(request: Request) -> tuple[int, int]:
    return request.pnum, request.pcmd


PERIPHERALS = frozenset({OS_READ.pnum, COORDINATOR_PNUM, FRC_SEND.pnum})
"""All that is said of configurations and bonds is said with one of these."""

_FRCS = (FRC_SEND.key, FRC_SEND_SELECTIVE.key)

_CHANGING = (OS_WRITE_CONFIG_BYTE.key, OS_WRITE_CONFIG.key, OS_FACTORY_SETTINGS.key)
