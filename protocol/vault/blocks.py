"""The backup of one device: its blocks, and the one string of bytes that clients keep of them."""

from collections.abc import Iterable
from functools import reduce
from operator import xor

from attrs import define, field, frozen

from protocol.dpa.peripherals.coordinator import BACKUP_BLOCK
from protocol.errors import ProtocolError

MAX_BLOCKS = 256
"""The index of a block is one byte; coordinators have 169, nodes 7."""

_HEADER = 3
"""Count of blocks (two bytes, low one first) and check byte, as iqmeshNetwork_Backup has them."""

_CHECK = 0x5F
"""The check byte is the XOR of this and all bytes of all blocks."""


class BadBackupError(ProtocolError):
    """Blocks that are no complete backup of one device; the text says why."""


class WrongSizeError(BadBackupError):
    """There are more or fewer blocks than the backup itself says."""


class WrongCheckError(BadBackupError):
    """The check byte is that of other blocks."""


@frozen
class DeviceBackup:
    """What brings a device back: who it was, and its blocks, which hold keys (never shown)."""

    address: int
    mid: int
    dpa: int
    blocks: tuple[bytes, ...] = field(repr=False)


def remaining(block: bytes) -> int:
    """How many blocks follow this one: its last byte."""
    return block[-1]


@define
class Collection:
    """The blocks of one device as they come, beginning with index 0."""

    blocks: list[bytes] = field(factory=list, repr=False)

    @property
    def next_index(self) -> int | None:
        """The index to ask for, None once all are there."""
        if self.blocks and not remaining(self.blocks[-1]):
            return None
        return len(self.blocks)

    @property
    def total(self) -> int | None:
        """How many there will be, None before the first."""
        return len(self.blocks) + remaining(self.blocks[-1]) if self.blocks else None

    def add(self, block: bytes) -> None:
        """Take the next block; raises BadBackupError if it does not continue those before."""
        if self.blocks and remaining(block) != remaining(self.blocks[-1]) - 1:
            raise BadBackupError(
                f"block {len(self.blocks)} says that {remaining(block)} follow, "
                f"the one before said {remaining(self.blocks[-1])}"
            )
        self.blocks.append(block)


def pack(blocks: Iterable[bytes]) -> bytes:
    """The blocks as one string of bytes."""
    parts = list(blocks)
    body = b"".join(parts)
    return len(parts).to_bytes(2, "little") + bytes((_check_byte(body),)) + body


def unpack(data: bytes) -> tuple[bytes, ...]:
    """The blocks in what `pack` made; raises BadBackupError for anything else."""
    body = data[_HEADER:]
    if not body or len(body) % BACKUP_BLOCK:
        raise WrongSizeError(f"{len(data)} bytes are no header and whole blocks")
    count = len(body) // BACKUP_BLOCK
    if count > MAX_BLOCKS or int.from_bytes(data[:2], "little") != count:
        raise WrongSizeError(f"the header does not say that there are {count} blocks")
    if data[2] != _check_byte(body):
        raise WrongCheckError("the check byte does not fit to the blocks")
    collection = Collection()
    for start in range(0, len(body), BACKUP_BLOCK):
        if collection.next_index is None:
            raise WrongSizeError(f"blocks follow the last one, number {len(collection.blocks)}")
        collection.add(body[start : start + BACKUP_BLOCK])
    if collection.next_index is not None:
        raise WrongSizeError(f"{remaining(collection.blocks[-1])} blocks are missing")
    return tuple(collection.blocks)


def differing(written: Iterable[bytes], read: Iterable[bytes]) -> int:
    """In how many places two backups differ; one that is shorter lacks blocks."""
    ours, theirs = list(written), list(read)
    unequal = sum(a != b for a, b in zip(ours, theirs, strict=False))
    return unequal + abs(len(ours) - len(theirs))


def _check_byte(body: bytes) -> int:
    return reduce(xor, body, _CHECK)
