"""Places for connections that have not authenticated yet: who gets one, and who has to go.

A peer that says nothing costs its sender nothing, so there are always more of them than places.
Who has said nothing yet gets none, and is the first to go when too many are there. Each network
has a share: when places are short, the oldest connection of the largest share goes, never the
newcomer. Time is an argument, seconds of a monotonic clock.
"""

from collections import Counter
from collections.abc import Iterable
from math import inf

from attrs import define, field

PATIENCE_S = 2.0
"""How long a connection keeps its place against others if nobody else waits. A handshake of an
honest client takes milliseconds, on a bad line some hundred of them."""


@define(eq=False)
class Place:
    """One connection of `network` that came at `since`; `leaving` once it was told to go."""

    network: str
    since: float
    held: bool = field(default=False, init=False)
    leaving: bool = field(default=False, init=False)


@define
class Places:
    """The connections that hold a place, and those that wait for one, in the order they came.

    `silent` are those that have not said anything, and do not wait for a place yet.
    """

    held: dict[Place, None] = field(factory=dict)
    waiting: dict[Place, None] = field(factory=dict)
    silent: dict[Place, None] = field(factory=dict)

    def arrive(self, place: Place) -> None:
        """There is a connection that has not said anything."""
        self.silent[place] = None

    def ask(self, place: Place) -> None:
        """`place` waits for its turn from now on."""
        self.silent.pop(place, None)
        self.waiting[place] = None

    def remove(self, place: Place) -> None:
        """The connection is over, or authenticated; may be said twice."""
        self.held.pop(place, None)
        self.waiting.pop(place, None)
        self.silent.pop(place, None)
        place.held = False

    def admit(self) -> Place:
        """Give a place to the newest connection of the network that holds the fewest.

        The newest, because those that wait for long are the ones that sent nothing.
        """
        shares = Counter(place.network for place in self.held)
        chosen = min(reversed(self.waiting), key=lambda place: shares[place.network])
        del self.waiting[chosen]
        self.held[chosen] = None
        chosen.held = True
        return chosen

    def to_leave(self, capacity: int) -> tuple[Place | None, float]:
        """Who has to make room for those that wait, and from when on; (None, infinity): nobody.

        The more wait for each place, the less long a connection may keep it. By the square: so few
        wait in a flood then that every newcomer gets a place, if only for a tenth of a second.
        """
        leaving = sum(place.leaving for place in self.held)
        oldest = _oldest_of_largest_share(self.held)
        if oldest is None or leaving >= len(self.waiting):
            return None, inf
        pressure = 1 + (len(self.waiting) - 1) / max(1, capacity)
        return oldest, oldest.since + PATIENCE_S / pressure**2

    def overflowing(self, most: int) -> Place | None:
        """Which of those without a place has to go so that there are no more than `most`.

        Never the one that came last: what it sends may be on its way.
        """
        silent, waiting = (
            [place for place in places if not place.leaving]
            for places in (self.silent, self.waiting)
        )
        if len(silent) + len(waiting) <= most:
            return None
        return _oldest_of_largest_share(silent[:-1] or waiting or silent)


def _oldest_of_largest_share(places: Iterable[Place]) -> Place | None:
    staying = [place for place in places if not place.leaving]
    shares = Counter(place.network for place in staying)
    return min(staying, key=lambda place: (-shares[place.network], place.since), default=None)
