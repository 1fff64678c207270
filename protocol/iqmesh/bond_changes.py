"""Bonds that a service is changing, as they are noted before anything is changed, and after.

A bond is kept in two places, the node and the coordinator. A node that leaves forgets it first;
where the gateway dies before the coordinator is told, it would stay there for ever.
"""

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Replacing:
    """A module (MID) that takes the place of another one at an address."""

    address: int
    old: int
    new: int


@frozen
class BondChanges:
    """What a service does to the bonds, as far as it is.

    `before` were bonded when it began. `leaving` were told to leave, and it is not known whether
    they have; `left` have acknowledged it, and the coordinator has to forget them. `mids` are
    about to be written into the coordinator's table, by address.

    `joined` (MIDs by address, 0 where it is not known) and `gone` are what has come of it; of an
    `undoing` that is not recorded, since it cannot be undone.
    """

    before: frozenset[int] = frozenset()
    leaving: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()
    mids: Mapping[int, int] = field(factory=dict)
    joined: Mapping[int, int] = field(factory=dict)
    gone: frozenset[int] = frozenset()
    undoing: bool = False
    unanswered: bool = False
    """Whether nobody knows what came of a transaction that may have changed a bond."""
    replacing: Replacing | None = None
    """Until it is certain which of the two has the address, and the books say so."""

    @property
    def in_doubt(self) -> bool:
        """Whether nobody knows if nodes have left or joined, or which module has an address."""
        unclear = self.unanswered or self.replacing is not None
        return unclear or bool(self.leaving - self.left)


@frozen
class BondRecord:
    """A change of bonds that has come to its end, kept to be undone.

    `joined` and `gone` are MIDs by address, 0 where one is not known. `number` is its place among
    all records, 0 before it has one.
    """

    service: str
    joined: Mapping[int, int]
    gone: Mapping[int, int]
    number: int = 0
