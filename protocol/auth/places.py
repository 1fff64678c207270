"""Places for connections that have not authenticated yet: who gets one, and who has to go.

A peer that says nothing costs its sender nothing, so there are always more of them than places.
Who has said nothing yet gets none, and the greater crowd goes first when too many are there: the
silent, or those that sent half of a request. Each network
has a share: when places are short, of the largest share the connection goes that has had its place
for longest, never the newcomer. Time is an argument, seconds of a monotonic clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from math import inf

from attrs import define, field

PATIENCE_S = 2.0
"""How long a connection keeps its place against others if only one of them waits."""

HANDSHAKE_S = 0.2
"""The same while it is no WebSocket yet: an honest client sends its request at once and whole, so
that nobody has to wait for one who has sent half of it."""

AUTHENTICATION_S = 1.0
"""The same for a WebSocket: a client sends its token when it has got the answer to its request, on
a bad line after some hundred milliseconds."""

LEAST_S = 0.1
"""What everybody has, however many wait. Whoever is sent away comes again at once: with less, all
time would be spent on sending away."""


@define(eq=False)
class Place:
    """One connection of `network` that came at `since`; `leaving` once it was told to go.

    It got its place at `got_at`. Its time runs from `kept_from`: from then, or from when it was
    found not to be the one that is waited for.
    """

    network: str
    since: float
    got_at: float = field(default=-inf, init=False)
    kept_from: float = field(default=-inf, init=False)
    held: bool = field(default=False, init=False)
    leaving: bool = field(default=False, init=False)


@define
class Places:
    """The connections that hold a place, and those that wait for one, in the order they came.

    `silent` are those that have not said anything, and do not wait for a place yet. `patience_s` is
    how long a place is kept against one other.
    """

    patience_s: float = PATIENCE_S
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

    def admit(self, now: float) -> Place:
        """Give a place to the newest connection of the network that holds the fewest.

        The newest, because those that wait for long are the ones that sent nothing.
        """
        shares = Counter(place.network for place in self.held)
        chosen = min(reversed(self.waiting), key=lambda place: shares[place.network])
        del self.waiting[chosen]
        self.held[chosen] = None
        chosen.held, chosen.got_at, chosen.kept_from = True, now, now
        return chosen

    def keep(self, place: Place, now: float) -> bool:
        """It is not the peer that is waited for: its time runs anew. False if it had enough.

        Whoever sends without end is never read to the end.
        """
        if now - place.got_at >= PATIENCE_S:
            return False
        place.kept_from = now
        return True

    def to_leave(self, capacity: int) -> tuple[Place | None, float]:
        """Who has to make room for those that wait, and from when on; (None, infinity): nobody.

        The more wait for each place, the less long a connection may keep it. By the square: so few
        wait in a flood then that every newcomer gets a place, if only for LEAST_S.
        """
        leaving = sum(place.leaving for place in self.held)
        oldest = _of_largest_share(self.held, lambda place: place.kept_from)
        if oldest is None or leaving >= len(self.waiting):
            return None, inf
        pressure = 1 + (len(self.waiting) - 1) / max(1, capacity)
        return oldest, oldest.kept_from + max(LEAST_S, self.patience_s / pressure**2)

    def overflowing(self, most: int) -> Place | None:
        """Which of those without a place has to go so that there are no more than `most`.

        One of the silent or one of those that wait, of whichever there are more: a flood of the
        one kind costs the other nothing, and what an honest client sends reaches us some time
        after the connection itself. Never the silent one that came last.
        """
        silent, waiting = (
            [place for place in places if not place.leaving]
            for places in (self.silent, self.waiting)
        )
        if len(silent) + len(waiting) <= most:
            return None
        going = waiting if len(waiting) > len(silent) else silent[:-1] or waiting or silent
        return _of_largest_share(going, lambda place: place.since)


def _of_largest_share(places: Iterable[Place], age: Callable[[Place], float]) -> Place | None:
    """Of the network that has most of these places, the one that has been there for longest."""
    staying = [place for place in places if not place.leaving]
    shares = Counter(place.network for place in staying)
    return min(staying, key=lambda place: (-shares[place.network], age(place)), default=None)
