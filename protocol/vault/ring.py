"""A ring of snapshots in a NOR flash: which bytes to erase, program and read, and in what order.

The chip is divided into blocks. Each snapshot takes the next blocks behind the one before, and
begins anew at the first block behind the last one, so that all blocks are erased equally often.
What makes it valid, its header, is programmed last and after the rest was read back; the newest
readable snapshot is never erased. So the power may fail at any moment.

Every function is a generator of operations: whoever drives it does each one and sends back what a
Read has read. Bits of a flash go from 1 to 0 when programmed, and back only by erasing.
"""

import struct
import zlib
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

from attrs import evolve, frozen

from protocol.vault.geometry import (
    HEADER_SIZE,
    Erase,
    Geometry,
    Operation,
    Program,
    Read,
    RingError,
)

T = TypeVar("T")

_HEADER = struct.Struct("<4sIIIII")
"""Magic, sequence, blocks of the ring, length and CRC of the content, CRC of the header."""

assert _HEADER.size == HEADER_SIZE

_MAGIC = b"IQRG"

READ_SIZE = 1024
"""Bytes read at a time: a transfer of some milliseconds, between which others get the bus."""


class TooLargeError(RingError):
    """A snapshot that does not fit beside the one that has to be kept."""


class DamagedSlotError(RingError):
    """A slot whose content is not what was written into it."""


class VerificationError(RingError):
    """The flash does not hold what was programmed: it is worn out or protected."""


Steps = Generator[Operation, bytes, T]


@frozen
class Slot:
    """One snapshot in the ring of `ring` blocks: its number, first block, length and CRC."""

    sequence: int
    first: int
    ring: int
    length: int
    crc: int

    def blocks(self, geometry: Geometry) -> tuple[int, ...]:
        """The blocks that it occupies, in order."""
        count = -(-(geometry.header + self.length) // geometry.block)
        return tuple((self.first + number) % self.ring for number in range(count))


@frozen
class Ring:
    """What is in the flash: `slots`, newest first, of which `readable` was seen to be whole."""

    geometry: Geometry
    slots: tuple[Slot, ...] = ()
    readable: Slot | None = None

    def next_slot(self, content: bytes) -> Slot:
        """Where `content` would go; raises TooLargeError if it must not."""
        geometry, newest = self.geometry, self.slots[0] if self.slots else None
        first = (newest.blocks(geometry)[-1] + 1) % geometry.blocks if newest else 0
        slot = Slot(
            sequence=newest.sequence + 1 if newest else 1,
            first=first,
            ring=geometry.blocks,
            length=len(content),
            crc=zlib.crc32(content),
        )
        return self._beside_the_readable(slot)

    def _beside_the_readable(self, slot: Slot) -> Slot:
        """The slot, moved behind the readable one if it would overwrite that; TooLargeError."""
        geometry = self.geometry
        kept = frozenset(self.readable.blocks(geometry)) if self.readable else frozenset()
        for _ in range(geometry.blocks):
            blocks = slot.blocks(geometry)
            if len(set(blocks)) == len(blocks) and not kept.intersection(blocks):
                return slot
            slot = evolve(slot, first=(slot.first + 1) % geometry.blocks)
        room = (geometry.blocks - len(kept)) * geometry.block - geometry.header
        raise TooLargeError(f"{slot.length} bytes do not fit into the flash, where {room} are free")

    def with_slot(self, slot: Slot) -> "Ring":
        """The ring after `slot` was written."""
        taken = frozenset(slot.blocks(self.geometry))
        rest = (old for old in self.slots if not taken.intersection(old.blocks(self.geometry)))
        return Ring(self.geometry, (slot, *rest), slot)


def scan(geometry: Geometry) -> Steps[Ring]:
    """Look for snapshots in the whole chip, and check the newest ones until one is whole."""
    found = []
    for block in range(geometry.size // geometry.block):
        slot = _slot(block, (yield Read(block * geometry.block, _HEADER.size)), geometry)
        if slot is not None:
            found.append(slot)
    ring = Ring(geometry, tuple(_not_overwritten(found, geometry)))
    for slot in ring.slots:
        try:
            yield from read(ring, slot)
        except DamagedSlotError:
            continue
        return evolve(ring, readable=slot)
    return ring


def read(ring: Ring, slot: Slot) -> Steps[bytes]:
    """The content of a slot; raises DamagedSlotError."""
    content = bytearray()
    for address, length in _extents(ring.geometry, slot, READ_SIZE):
        content += yield Read(address, length)
    if zlib.crc32(content) != slot.crc:
        raise DamagedSlotError(f"snapshot {slot.sequence} in the flash is damaged")
    return bytes(content)


def write(ring: Ring, content: bytes) -> Steps[Ring]:
    """Add a snapshot and read it back; the ring with it.

    Raises TooLargeError before anything was changed, and VerificationError.
    """
    geometry, slot = ring.geometry, ring.next_slot(content)
    for block in slot.blocks(geometry):
        yield Erase(block * geometry.block, geometry.block)
    yield from _program(_pieces(geometry, slot, content))
    yield from _compare(_pieces(geometry, slot, content), slot)
    start = slot.first * geometry.block
    header = list(_pages(start, _pack(slot), geometry.page_size))
    yield from _program(header)
    yield from _compare(header, slot)
    return ring.with_slot(slot)


def _slot(block: int, header: bytes, geometry: Geometry) -> Slot | None:
    """The slot that begins at `block`, if these bytes are a header."""
    magic, sequence, ring, length, crc, check = _HEADER.unpack(header)
    if magic != _MAGIC or check != zlib.crc32(header[:-4]) or block >= ring:
        return None
    if ring * geometry.block > geometry.size or length > ring * geometry.block:
        return None
    return Slot(sequence, block, ring, length, crc)


def _not_overwritten(found: Iterable[Slot], geometry: Geometry) -> Iterator[Slot]:
    """The slots of which no newer one has taken a block, newest first."""
    taken: set[int] = set()
    for slot in sorted(found, key=lambda slot: slot.sequence, reverse=True):
        blocks = slot.blocks(geometry)
        if taken.isdisjoint(blocks):
            yield slot
        taken.update(blocks)


def _pack(slot: Slot) -> bytes:
    fields = (_MAGIC, slot.sequence, slot.ring, slot.length, slot.crc)
    header = _HEADER.pack(*fields, 0)[:-4]
    return header + zlib.crc32(header).to_bytes(4, "little")


def _extents(geometry: Geometry, slot: Slot, largest: int) -> Iterator[tuple[int, int]]:
    """Address and length of the stretches that hold a slot's content, none longer than allowed."""
    left, skip = slot.length, geometry.header
    for block in slot.blocks(geometry):
        start, end = block * geometry.block + skip, (block + 1) * geometry.block
        skip = 0
        while left and start < end:
            length = min(left, end - start, largest)
            yield start, length
            start, left = start + length, left - length


def _pieces(geometry: Geometry, slot: Slot, content: bytes) -> Iterator[Program]:
    """The content, page by page."""
    position = 0
    for address, length in _extents(geometry, slot, geometry.page_size):
        yield Program(address, content[position : position + length])
        position += length


def _pages(address: int, data: bytes, size: int) -> Iterator[Program]:
    for start in range(0, len(data), size):
        yield Program(address + start, data[start : start + size])


def _program(pieces: Iterable[Program]) -> Steps[None]:
    for piece in pieces:  # noqa: UP028 - what stands behind `yield from` would be sent answers
        yield piece


def _compare(pieces: Iterable[Program], slot: Slot) -> Steps[None]:
    for piece in pieces:
        if (yield Read(piece.address, len(piece.data))) != piece.data:
            raise VerificationError(
                f"snapshot {slot.sequence}: the flash does not hold what was written at "
                f"{piece.address:#x}; it is worn out or write-protected"
            )
