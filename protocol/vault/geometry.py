"""A NOR flash as a ring of snapshots sees it: what can be done with it, and how it is divided."""

from attrs import frozen

from protocol.errors import ProtocolError

HEADER_SIZE = 24
"""Bytes in front of each snapshot in the ring."""

_MOST_BLOCKS = 256
"""So many headers are looked at in the beginning."""

_LEAST_BLOCKS = 2
"""One to keep while the other is written."""


class RingError(ProtocolError):
    """What the ring cannot do; the text says why."""


@frozen
class Erase:
    """Set `length` bytes from `address` on to 0xFF; both are multiples of the erase size."""

    address: int
    length: int


@frozen
class Program:
    """Write `data`, which lies within one page, into erased bytes."""

    address: int
    data: bytes


@frozen
class Read:
    """Read `length` bytes."""

    address: int
    length: int


Operation = Erase | Program | Read


@frozen
class Geometry:
    """What is known of a chip, in bytes; `limit` is how much of it is used, from its start."""

    size: int
    erase_size: int
    page_size: int
    limit: int = 0

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot hold a ring; raises RingError."""
        if self.blocks < _LEAST_BLOCKS:
            raise RingError(f"{self.limit or self.size} bytes hold no two blocks of {self.block}")

    @property
    def block(self) -> int:
        """Bytes of a block; the whole chip decides on them, so that a limit may change."""
        size = self.erase_size
        while self.size // size > _MOST_BLOCKS:
            size *= 2
        return size

    @property
    def blocks(self) -> int:
        """How many blocks are used."""
        return min(self.limit or self.size, self.size) // self.block

    @property
    def header(self) -> int:
        """Bytes of a header: whole pages, for no page is programmed twice."""
        return -(-HEADER_SIZE // self.page_size) * self.page_size
