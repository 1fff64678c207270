"""The end of the program: one deadline for everything, and the only place that makes shields.

A shield is a cancel scope that keeps a cancellation from outside away from what must not be cut
off (a frame on the wire, a commit). Without a deadline it could keep the process from ending, so
every shield is made here: when the shutdown begins, each one gets the earlier of its own deadline
and its share of the time that is left.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from math import inf
from types import TracebackType
from typing import Self, TypeVar
from weakref import WeakSet

import trio
from attrs import define, field

T = TypeVar("T")

GRACE_S = 5.0
"""From the signal to the moment when everything is over (`Shutdown.stop_at`)."""


class Share(float, Enum):
    """What has to be over after which part of the grace; each one leaves time for the next.

    AIR: the transaction that is on the air. WORK: requests under way, and what they store.
    ANSWERS: the sessions have been handed their last answers. FAREWELL: clients have read them
    and the connections are closed. REST: what was measured is stored, the port is closed. ALL: the
    database is closed.
    """

    AIR = 0.5
    WORK = 0.6
    ANSWERS = 0.65
    FAREWELL = 0.9
    REST = 0.95
    ALL = 1.0


class AbandonedError(Exception):
    """A thread did not come to its end in time; nothing is known of what it was doing."""


@define(eq=False, weakref_slot=True)
class Shield:
    """A cancel scope that is shielded until its deadline, which is never later than `limit`.

    To be entered once, as a `trio.CancelScope`.
    """

    _deadline: float
    _limit: float
    _share: Share
    _scope: trio.CancelScope = field(factory=lambda: trio.CancelScope(shield=True), init=False)

    def __attrs_post_init__(self) -> None:
        """The scope has the earlier of the two moments from the beginning."""
        self._apply()

    @property
    def share(self) -> Share:
        """At what part of the grace it has to end."""
        return self._share

    @property
    def deadline(self) -> float:
        """When it ends, in Trio's clock; may be moved, but not beyond its limit."""
        return self._scope.deadline

    @deadline.setter
    def deadline(self, deadline: float) -> None:
        self._deadline = deadline
        self._apply()

    @property
    def cancelled_caught(self) -> bool:
        """Whether what it covered was cut off."""
        return self._scope.cancelled_caught

    def limit(self, moment: float) -> None:
        """Let it end at `moment` at the latest."""
        self._limit = moment
        self._apply()

    def cancel(self) -> None:
        """End it at once."""
        self._scope.cancel()

    def _apply(self) -> None:
        self._scope.deadline = min(self._deadline, self._limit)

    def __enter__(self) -> Self:
        """Begin the part that is shielded."""
        self._scope.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """End it; True where it was cut off and nothing else went wrong."""
        return self._scope.__exit__(kind, error, traceback)


@define(eq=False)
class Shutdown:
    """When the program has to be over, and all shields that have to be over by then.

    `grace_s` is counted from the call of `begin`.
    """

    grace_s: float = GRACE_S
    _began: float = field(default=inf, init=False)
    _begun: trio.Event = field(factory=trio.Event, init=False)
    _shields: WeakSet[Shield] = field(factory=WeakSet, init=False)
    _interrupted: set[trio.CancelScope] = field(factory=set, init=False)

    @property
    def begun(self) -> bool:
        """Whether the program is about to end."""
        return self._began < inf

    @property
    def stop_at(self) -> float:
        """When everything has to be over, in Trio's clock; infinite before `begin`."""
        return self.moment(Share.ALL)

    def moment(self, share: Share) -> float:
        """When what has this share has to be over, in Trio's clock; infinite before `begin`."""
        return self._began + share * self.grace_s

    def begin(self) -> None:
        """Begin to count; all shields that there are get their limit. Does nothing twice."""
        if self.begun:
            return
        self._began = trio.current_time()
        self._begun.set()
        for shield in self._shields:
            shield.limit(self.moment(shield.share))
        for scope in self._interrupted:
            scope.cancel()

    async def wait(self) -> None:
        """Wait until the shutdown begins."""
        await self._begun.wait()

    @contextmanager
    def interrupting(self) -> Iterator[trio.CancelScope]:
        """Cancel the block when the shutdown begins, or at once if it has begun."""
        with trio.CancelScope() as scope:
            self._interrupted.add(scope)
            if self.begun:
                scope.cancel()
            try:
                yield scope
            finally:
                self._interrupted.discard(scope)

    def shield(self, seconds: float = inf, share: Share = Share.WORK) -> Shield:
        """A shield for at most `seconds` from now, and for no longer than `share` at shutdown.

        One that is made when this share is used up has the next one, so that cleaning up behind
        something that was cut off has its time too.
        """
        deadline = inf if seconds == inf else trio.current_time() + seconds
        shield = Shield(deadline, self.limit_of(share), share)
        self._shields.add(shield)
        return shield

    def limit_of(self, share: Share) -> float:
        """When what is begun now has to be over; infinite before `begin`."""
        if self._began == inf:
            return inf
        now, end = trio.current_time(), self.moment(share)
        return next((at for at in map(self.moment, Share) if at >= end and at > now), self.stop_at)

    async def hop(self, work: Callable[[], T], /) -> T:
        """Run a blocking function in a thread, to its end even when cancelled.

        At shutdown the thread is left alone when the time for work is over: a disk or a bus that
        does not answer cannot keep the process. Raises what `work` raises, and AbandonedError
        where nothing was cancelled.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        with self.shield():
            return await trio.to_thread.run_sync(work, abandon_on_cancel=True)
        await trio.lowlevel.checkpoint_if_cancelled()
        raise AbandonedError("not finished before the shutdown")
