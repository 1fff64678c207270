"""The management lane: jobs beside the radio, which never wait for it."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

import trio
from attrs import define, field

from iqrf_trio.radio.jobs import Job, do
from iqrf_trio.radio.turns import holder
from iqrf_trio.shutdown import Shield, Shutdown
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind, QueueClosed, QueueFull
from protocol.queue.tallies import Fate, Series, Tally

T = TypeVar("T")


@define(eq=False)
class Management:
    """Begins each job at once, and refuses those that would be more than `capacity` at a time.

    Jobs that wait for something run in `nursery`, while there is one. At shutdown those that run
    go on until the time for work is over.
    """

    capacity: int
    _tallies: defaultdict[Series, Tally]
    _shutdown: Shutdown
    nursery: trio.Nursery | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _running: int = field(default=0, init=False)

    @property
    def running(self) -> int:
        """How many jobs run."""
        return self._running

    def do(self, work: Callable[[], T], priority: Priority, *, vital: bool = False) -> T:
        """Have a job that need not wait done, and return its result.

        A `vital` job is accepted also where the lane is full.
        """
        tally = self._admit(priority, closed=self._closed, vital=vital)
        began, fate = trio.current_time(), Fate.FAILED
        try:
            result = work()
            fate = Fate.ANSWERED
            return result
        finally:
            tally.finish(fate, 0, trio.current_time() - began)

    def start(self, job: Job) -> None:
        """Run `job` in a task of its own."""
        tally = self._admit(job.priority, closed=self._closed or self.nursery is None)
        assert self.nursery is not None
        self._running += 1
        scope = self._shutdown.shield()
        self.nursery.start_soon(self._work, job, tally, scope, trio.current_time())

    async def probe(self) -> None:
        """Return when a task of this lane has run, or never.

        It takes no place among the jobs: a client that fills the lane must not make the gateway
        look dead.
        """
        ran = trio.Event()
        if self.nursery is not None:
            self.nursery.start_soon(_set, ran)
        await ran.wait()

    def close(self) -> None:
        """Refuse all that comes; what runs goes on."""
        self._closed = True

    def _admit(self, priority: Priority, *, closed: bool, vital: bool = False) -> Tally:
        tally = self._tallies[Series(Lane.MANAGEMENT, Kind.REQUEST, priority)]
        if closed:
            tally.end(Fate.CLOSED)
            raise QueueClosed("the gateway is not running")
        if self.running >= self.capacity and not vital:
            tally.end(Fate.FULL)
            raise QueueFull(self.capacity)
        tally.accept()
        return tally

    async def _work(self, job: Job, tally: Tally, scope: Shield, began: float) -> None:
        holder.set(None)  # a request that starts it does not lend it the radio
        fate = Fate.FAILED
        try:
            with scope:
                fate = await do(job)
        finally:
            tally.finish(fate, 0, trio.current_time() - began)
            self._running -= 1


async def _set(event: trio.Event) -> None:
    await trio.lowlevel.checkpoint()
    event.set()
