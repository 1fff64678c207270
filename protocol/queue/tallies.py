"""What became of each request and step, in figures."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from attrs import define, field, frozen

from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind


class Fate(StrEnum):
    """What became of a request or step."""

    ANSWERED = "answered"
    FAILED = "failed"
    """It ran and raised."""
    ABANDONED = "abandoned"
    """Accepted, but the gateway shut down before its turn."""
    WITHDRAWN = "withdrawn"
    """Whoever asked for it went away before its turn."""
    LEASED = "leased"
    """Accepted, then rejected because the radio stayed leased."""
    RESERVED = "reserved"
    """Rejected, not accepted: the radio is reserved."""
    FULL = "full"
    """Rejected, not accepted: no room."""
    CLOSED = "closed"
    """Rejected, not accepted: shutting down."""


BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Upper bounds of the histograms, in seconds: from a local command to a long discovery."""


@frozen
class Histogram:
    """Durations: how many fell up to each bound, those above all at the end; and their sum.

    The bounds are BUCKETS_S unless it is said otherwise.
    """

    counts: tuple[int, ...]
    total_s: float

    @property
    def count(self) -> int:
        """How many durations there were."""
        return sum(self.counts)


@frozen
class Figures:
    """What one series of requests did since the start.

    What was accepted and has no fate yet waits or runs.
    """

    accepted: int
    fates: Mapping[Fate, int]
    waited: Histogram
    ran: Histogram


@define
class Durations:
    """Counts durations by `bounds`, the upper bounds of their buckets in seconds, ascending."""

    bounds: tuple[float, ...] = BUCKETS_S
    _counts: list[int] = field(init=False)
    _total_s: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        """One bucket more than bounds: for what is above them."""
        self._counts = [0] * (len(self.bounds) + 1)

    def add(self, seconds: float) -> None:
        """Count one more."""
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self._total_s += seconds

    def snapshot(self) -> Histogram:
        """The durations up to this moment."""
        return Histogram(tuple(self._counts), self._total_s)


@define
class Tally:
    """Counts what happens to the requests of one series."""

    accepted: int = 0
    _fates: Counter[Fate] = field(factory=Counter)
    _waited: Durations = field(factory=Durations)
    _ran: Durations = field(factory=Durations)

    def accept(self) -> None:
        """One more request was accepted."""
        self.accepted += 1

    def end(self, fate: Fate) -> None:
        """One that did not run has met its fate."""
        self._fates[fate] += 1

    def finish(self, fate: Fate, waited: float, ran: float) -> None:
        """One that waited and then ran for so many seconds is over."""
        self._fates[fate] += 1
        self._waited.add(waited)
        self._ran.add(ran)

    def snapshot(self) -> Figures:
        """The figures of this moment."""
        fates = {fate: self._fates[fate] for fate in Fate}
        return Figures(self.accepted, fates, self._waited.snapshot(), self._ran.snapshot())


class Series(NamedTuple):
    """What figures are kept for."""

    lane: Lane
    kind: Kind
    priority: Priority


Statistics = Mapping[Series, Figures]
"""One snapshot of everything the scheduler did; series without an event are absent."""
