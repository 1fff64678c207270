"""Who is next on the radio, as a state machine."""

import math
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Generic, TypeVar

from attrs import define, field

from protocol.dpa.errors import EXCLUSIVE_ACCESS, DpaError
from protocol.errors import LocalProtocolError
from protocol.queue.lanes import Priority

T = TypeVar("T")


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
        super().__init__(EXCLUSIVE_ACCESS, f"the radio is in exclusive use ({patience:g} s)")


class RadioReserved(DpaError):  # noqa: N818 - as above
    """The radio is kept for single requests, or somebody holds it who keeps it from being."""

    def __init__(self, reason: str) -> None:
        super().__init__(EXCLUSIVE_ACCESS, reason)


class Kind(StrEnum):
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


_COUNTED = (Kind.REQUEST, Kind.PROCEDURE)


def never() -> bool:
    """For what waits for the end of every lease."""
    return False


@define(eq=False)
class Entry(Generic[T]):
    """One item in the queue. Times are seconds of a monotonic clock.

    `since` is when it was put and, once active, `started` when its turn came. A step may belong
    to a `lease`; if it outlives it, it waits like any other. `patience` is how long an entry is
    ready to wait behind a lease that is not its own. `number` counts the entries as they arrive.

    A lease that is `shared` lets requests in between its steps that are content with that
    (`fits`); these do not lose their patience behind it.
    """

    item: T
    kind: Kind
    priority: Priority
    since: float
    lease: "Entry[T] | None" = None
    patience: float = math.inf
    number: int = 0
    shared: bool = False
    fits: Callable[[], bool] = never
    started: float = math.nan
    state: State = State.WAITING


@define(eq=False)
class RadioQueue(Generic[T]):
    """Entries by priority, first come first served within each, one on the radio at a time.

    At most `capacity` requests wait. An entry below the highest priority that has waited for
    `background_wait` seconds is next, whatever else waits, the longest waiting first; only a
    lease holds it up. `running` is the entry that has the radio now, `lease` the lease and
    `procedure` the procedure under way.
    """

    capacity: int
    background_wait: float
    paused: bool = field(default=False, init=False)
    closed: bool = field(default=False, init=False)
    running: Entry[T] | None = field(default=None, init=False)
    lease: Entry[T] | None = field(default=None, init=False)
    procedure: Entry[T] | None = field(default=None, init=False)
    waiting: int = field(default=0, init=False)
    """How many of the waiting entries count towards the capacity."""
    _lines: tuple[dict[Entry[T], None], ...] = field(init=False)  # in order of arrival
    _arrived: int = field(default=0, init=False)
    _blocked_since: float = field(default=-math.inf, init=False)  # by the lease under way

    @_lines.default
    def _one_line_for_each_priority(self) -> tuple[dict[Entry[T], None], ...]:
        return tuple({} for _ in Priority)

    @property
    def line(self) -> tuple[Entry[T], ...]:
        """All that wait, in the order in which they came."""
        return tuple(self._all())

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not any(self._lines)

    @property
    def active(self) -> tuple[Entry[T], ...]:
        """All entries whose turn has come and that are not done."""
        places = self.running, self.lease, self.procedure
        return tuple(entry for entry in places if entry is not None)

    def put(
        self,
        item: T,
        kind: Kind,
        priority: Priority,
        now: float,
        *,
        lease: Entry[T] | None = None,
        patience: float = math.inf,
        shared: bool = False,
        fits: Callable[[], bool] = never,
    ) -> Entry[T]:
        """Let `item` wait for its turn; `shared` is for leases, `fits` for requests (see Entry).

        Raises QueueClosed, QueueFull, and LocalProtocolError for a step of a lease that is over.
        """
        if self.closed:
            raise QueueClosed("the queue takes no requests")
        counted = kind in _COUNTED
        if counted and self.waiting >= self.capacity:
            raise QueueFull(self.capacity)
        if lease is not None and lease is not self.lease:
            raise LocalProtocolError("the lease is over")
        self.waiting += counted
        self._arrived += 1
        entry = Entry(item, kind, priority, now, lease, patience, self._arrived, shared, fits)
        self._lines[priority][entry] = None
        return entry

    def peek(self, now: float) -> Entry[T] | None:
        """The entry whose turn it is now, which stays where it is; None while there is a lease."""
        return None if self.paused or self.lease is not None else self._choose(now)

    def next(self, now: float) -> Entry[T] | None:
        """Take the entry to deal with now: ACTIVE if its turn has come, else EXPIRED."""
        if self.paused:
            return None
        if self.lease is not None:
            for entry in self._all():
                if self._expires_at(entry) <= now:
                    self._take(entry, State.EXPIRED)
                    return entry
        chosen = self._choose(now)
        if chosen is not None:
            self.begin(chosen, now)
        return chosen

    def begin(self, entry: Entry[T], now: float) -> None:
        """The turn of an entry that was peeked at has come."""
        entry.started = now
        if entry.kind is Kind.LEASE:
            self.lease = entry
            self._blocked_since = now
        elif entry.kind is Kind.PROCEDURE:
            self.procedure = entry
        else:
            self.running = entry
        self._take(entry, State.ACTIVE)

    def expires_at(self) -> float:
        """When `next` will have an expired entry if nothing else happens; infinity for never."""
        if self.paused or self.lease is None:
            return math.inf
        return min(map(self._expires_at, self._all()), default=math.inf)

    def done(self, entry: Entry[T]) -> None:
        """`entry` is over, or not wanted any more; does nothing the second time."""
        if entry.state is State.WAITING:
            self._take(entry, State.OVER)
        elif entry is self.running:
            self.running = None
        elif entry is self.lease:
            self.lease = None
        elif entry is self.procedure:
            self.procedure = None
        entry.state = State.OVER

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
        waiting = tuple(self._all())
        for entry in waiting:
            self._take(entry, State.OVER)
        return waiting

    def _all(self) -> list[Entry[T]]:
        return sorted((entry for line in self._lines for entry in line), key=_arrival)

    def _choose(self, now: float) -> Entry[T] | None:
        """There are three cases.

        1. Something has the radio: nothing else does.
        2. The radio is leased: the first step of the lease, or, where the lease is shared, what
           came first of its steps and the requests that fit between them.
        3. Otherwise whoever has waited too long, or else whoever has the highest priority.
        """
        if self.running is not None:
            return None
        heads = [head for line in self._lines if line and (head := self._head(line)) is not None]
        if len(heads) > 1:
            overdue = heads if self.lease is not None else self._overdue(heads, now)
            return min(overdue, key=_arrival, default=heads[0])
        return heads[0] if heads else None

    def _head(self, line: dict[Entry[T], None]) -> Entry[T] | None:
        """The first of a line whose turn may come."""
        for entry in line:
            if self.lease is not None:
                may_run = self._passes(entry)
            else:
                may_run = self.procedure is None or entry.kind is not Kind.PROCEDURE
            if may_run:
                return entry
        return None

    def _overdue(self, heads: list[Entry[T]], now: float) -> list[Entry[T]]:
        return [
            head
            for head in heads
            if head.priority is not Priority.INTERACTIVE
            and now - head.since >= self.background_wait
        ]

    def _passes(self, entry: Entry[T]) -> bool:
        """Whether an entry may run while there is a lease."""
        if entry.lease is self.lease:
            return True
        shared = self.lease is not None and self.lease.shared
        return shared and entry.kind is Kind.REQUEST and entry.fits()

    def _take(self, entry: Entry[T], state: State) -> None:
        del self._lines[entry.priority][entry]
        self.waiting -= entry.kind in _COUNTED
        entry.state = state

    def _expires_at(self, entry: Entry[T]) -> float:
        """Of an entry that waits while there is a lease."""
        if self._passes(entry):
            return math.inf
        return max(entry.since, self._blocked_since) + entry.patience


def _arrival(entry: Entry[T]) -> int:
    return entry.number
