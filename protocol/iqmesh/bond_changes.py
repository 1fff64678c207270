"""Bonds that a service is changing, as they are noted before anything is changed.

A bond is kept in two places, the node and the coordinator. A node that leaves forgets it first;
where the gateway dies before the coordinator is told, it would stay there for ever.
"""

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class BondChanges:
    """What a service does to the bonds, as far as it is.

    `before` were bonded when it began. `leaving` were told to leave, and it is not known whether
    they have; `left` have acknowledged it, and the coordinator has to forget them. `mids` are
    about to be written into the coordinator's table, by address.
    """

    before: frozenset[int] = frozenset()
    leaving: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()
    mids: Mapping[int, int] = field(factory=dict)

    @property
    def in_doubt(self) -> bool:
        """Whether nobody knows if some nodes have left."""
        return bool(self.leaving - self.left)
