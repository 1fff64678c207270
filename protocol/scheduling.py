"""Who is next on the radio, as a state machine; and the figures of what became of each request."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from attrs import define, field, frozen

from protocol.dpa.errors import DpaError
from protocol.errors import LocalProtocolError
from protocol.lanes import Lane, Priority

T = TypeVar("T")

_EXCLUSIVE_ACCESS = -8  # "ERROR_IFACE_EXCLUSIVE_ACCESS" of the gateway API


class QueueFull(LocalProtocolError):  # noqa: N818 - a state of the queue, named as clients know it
    """As many requests wait (network) or run (management) as the lane may hold: `capacity`."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        super().__init__(f"the queue holds its {capacity} requests already")


class QueueClosed(LocalProtocolError):  # noqa: N818 - as above
    """The gateway is shutting down, or has not started yet."""


class LeaseTimeout(DpaError):  # noqa: N818 - as above
    """The radio stayed leased for longer than the request was ready to wait."""

    def __init__(self, patience: float) -> None:
        super().__init__(_EXCLUSIVE_ACCESS, f"the radio is in exclusive use ({patience:g} s)")


class Kind(Enum):
    """What waits for the radio, by what it does when its turn comes."""

    REQUEST = "request"
    """Has the radio until it is done. Counts towards the capacity."""

    PROCEDURE = "procedure"
    """A request made of steps that queue up one by one: it leaves the radio to others meanwhile,
    but a second procedure starts after it. Counts towards the capacity."""

    STEP = "step"
    """Has the radio until it is done. Whoever asks for it waits for it, so it is not counted."""

    LEASE = "lease"
    """Keeps everything but its own steps off the radio until it is done."""


class State(Enum):
    """The life of an entry."""

    WAITING = "waiting"
    ACTIVE = "active"
    EXPIRED = "expired"
    """Its patience ended behind a lease; it will not become active."""
    OVER = "over"


class _Place(Enum):
    """What at most one entry has at a time."""

    RADIO = "radio"
    LEASE = "lease"
    PROCEDURE = "procedure"


_PLACES = {
    Kind.REQUEST: _Place.RADIO,
    Kind.STEP: _Place.RADIO,
    Kind.LEASE: _Place.LEASE,
    Kind.PROCEDURE: _Place.PROCEDURE,
}
_COUNTED = {Kind.REQUEST, Kind.PROCEDURE}


@define(eq=False)
class Entry(Generic[T]):
    """One item in the queue. Times are seconds of a monotonic clock.

    `since` is when it was put and, once active, `started` when its turn came. A step may belong
    to a `lease`. `patience` is how long it is ready to wait behind a lease that is not its own.
    """

    item: T
    kind: Kind
    priority: Priority
    since: float
    lease: "Entry[T] | None" = None
    patience: float = math.inf
    started: float = math.nan
    state: State = State.WAITING


@define(eq=False)
class RadioQueue(Generic[T]):
    """Entries by priority, first come first served within each, one on the radio at a time.

    At most `capacity` requests wait. An entry below the highest priority that has waited for
    `background_wait` seconds is next, whatever else waits, the longest waiting first; only a
    lease holds it up.
    """

    capacity: int
    background_wait: float
    paused: bool = field(default=False, init=False)
    closed: bool = field(default=False, init=False)
    _waiting: list[Entry[T]] = field(factory=list, init=False)  # in order of arrival
    _active: dict[_Place, Entry[T]] = field(factory=dict, init=False)
    _blocked_since: float = field(default=-math.inf, init=False)  # by the lease under way

    @property
    def waiting(self) -> int:
        """How many of the waiting entries count towards the capacity."""
        return sum(entry.kind in _COUNTED for entry in self._waiting)

    @property
    def running(self) -> Entry[T] | None:
        """The entry that has the radio now."""
        return self._active.get(_Place.RADIO)

    @property
    def lease(self) -> Entry[T] | None:
        """The lease under way."""
        return self._active.get(_Place.LEASE)

    @property
    def active(self) -> tuple[Entry[T], ...]:
        """All entries whose turn has come and that are not done."""
        return tuple(self._active.values())

    def put(
        self,
        item: T,
        kind: Kind,
        priority: Priority,
        now: float,
        *,
        lease: Entry[T] | None = None,
        patience: float = math.inf,
    ) -> Entry[T]:
        """Let `item` wait for its turn.

        Raises QueueClosed, QueueFull, and LocalProtocolError for a step of a lease that is over.
        """
        if self.closed:
            raise QueueClosed("the queue takes no requests")
        if kind in _COUNTED and self.waiting >= self.capacity:
            raise QueueFull(self.capacity)
        if lease is not None and lease is not self.lease:
            raise LocalProtocolError("the lease is over")
        entry = Entry(item, kind, priority, now, lease, patience)
        self._waiting.append(entry)
        return entry

    def next(self, now: float) -> Entry[T] | None:
        """Take the entry to deal with now: ACTIVE if its turn has come, else EXPIRED."""
        if self.paused:
            return None
        for entry in self._waiting:
            if self._expires_at(entry) <= now:
                return self._take(entry, State.EXPIRED)
        chosen = self._choose(now)
        return None if chosen is None else self._begin(chosen, now)

    def expires_at(self) -> float:
        """When `next` will have an expired entry if nothing else happens; infinity for never."""
        return min(map(self._expires_at, self._waiting), default=math.inf)

    def done(self, entry: Entry[T]) -> None:
        """`entry` is over, or not wanted any more; does nothing the second time."""
        if entry.state is State.WAITING:
            self._waiting.remove(entry)
        elif entry.state is State.ACTIVE:
            del self._active[_PLACES[entry.kind]]
        entry.state = State.OVER
        for step in self._waiting:
            if step.lease is entry:
                step.lease = None  # it waits like any other from now on

    def pause(self) -> None:
        """From now on nothing becomes active; what is active goes on."""
        self.paused = True

    def resume(self, now: float) -> None:
        """Go on; the time spent paused is not counted as waiting behind a lease."""
        if self.paused:
            self.paused = False
            self._blocked_since = now

    def close(self) -> tuple[Entry[T], ...]:
        """Take no more, and give back all that wait."""
        self.closed = True
        waiting, self._waiting = tuple(self._waiting), []
        for entry in waiting:
            entry.state = State.OVER
        return waiting

    def _choose(self, now: float) -> Entry[T] | None:
        """There are three cases.

        1. Something has the radio: nothing else does.
        2. The radio is leased: the first step of the lease.
        3. Otherwise whoever has waited too long, or else whoever has the highest priority.
        """
        if self.running is not None:
            return None
        if self.lease is not None:
            return next((entry for entry in self._waiting if entry.lease is self.lease), None)
        free = [entry for entry in self._waiting if _PLACES[entry.kind] not in self._active]
        for entry in free:
            if entry.priority > min(Priority) and now - entry.since >= self.background_wait:
                return entry
        return min(free, key=lambda entry: entry.priority, default=None)

    def _begin(self, entry: Entry[T], now: float) -> Entry[T]:
        entry.started = now
        self._active[_PLACES[entry.kind]] = entry
        if entry.kind is Kind.LEASE:
            self._blocked_since = now
        return self._take(entry, State.ACTIVE)

    def _take(self, entry: Entry[T], state: State) -> Entry[T]:
        self._waiting.remove(entry)
        entry.state = state
        return entry

    def _expires_at(self, entry: Entry[T]) -> float:
        if self.paused or self.lease is None or entry.lease is self.lease:
            return math.inf
        return max(entry.since, self._blocked_since) + entry.patience


class Fate(Enum):
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
    FULL = "full"
    """Rejected, not accepted: no room."""
    CLOSED = "closed"
    """Rejected, not accepted: shutting down."""


BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Upper bounds of the histograms, in seconds: from a local command to a long discovery."""


@frozen
class Histogram:
    """Durations: how many fell up to each of BUCKETS_S, those above at the end; and their sum."""

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
class _Durations:
    counts: list[int] = field(factory=lambda: [0] * (len(BUCKETS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.total_s += seconds

    def snapshot(self) -> Histogram:
        return Histogram(tuple(self.counts), self.total_s)


@define
class Tally:
    """Counts what happens to the requests of one series."""

    accepted: int = 0
    _fates: Counter[Fate] = field(factory=Counter)
    _waited: _Durations = field(factory=_Durations)
    _ran: _Durations = field(factory=_Durations)

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


@frozen
class Series:
    """What figures are kept for."""

    lane: Lane
    kind: Kind
    priority: Priority


Statistics = Mapping[Series, Figures]
"""One snapshot of everything the scheduler did; series without an event are absent."""
