"""The request scheduler: the management lane beside the radio, and the one queue for the radio.

A client's request on the network lane has the radio until it is answered. A procedure or the
sensor worker takes it for one step at a time, so that clients get their turn between the steps.
"""

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.priority_channel import PriorityChannel
from protocol.lanes import Lane, Priority
from protocol.scheduling import (
    Entry,
    Kind,
    LeaseTimeout,
    QueueClosed,
    QueueFull,
    RadioQueue,
    RadioReserved,
    State,
)
from protocol.tallies import Fate, Series, Statistics, Tally

__all__ = [
    "Job",
    "Lease",
    "LeaseTimeout",
    "QueueClosed",
    "QueueFull",
    "RadioReserved",
    "Scheduler",
]

log = logging.getLogger("iqrf_trio.scheduler")
T = TypeVar("T")


@define(eq=False)
class Job:
    """One request of a client; once accepted, exactly one of its functions answers it.

    `work` does it, and turns its errors into answers itself. `abandon` answers that it will not
    run any more, or was cut short (shutdown); `refuse` that the radio stayed leased for longer
    than `patience` seconds; without a `refuse`, `abandon` stands in. `name` is for the log.

    On the network lane an INTERACTIVE job has the radio as long as it works. Any other one is a
    procedure: it works beside the radio, one procedure after the other, and takes the radio by
    `Scheduler.perform` or `Scheduler.lease`.
    """

    priority: Priority
    work: Callable[[], Awaitable[None]]
    abandon: Callable[[], None]
    name: str = "job"
    patience: float = math.inf
    refuse: Callable[[LeaseTimeout], None] | None = None


def _shield() -> trio.CancelScope:
    return trio.CancelScope(shield=True)


@define(eq=False)
class _Turn:
    """How a request or step learns that its turn has come, and others that it is over.

    `tally` is where its fate is counted. `scope` shields the work from whoever asked for it; its
    deadline is set at shutdown.
    """

    tally: Tally
    job: Job | None = None
    scope: trio.CancelScope = field(factory=_shield)
    over: trio.Event = field(factory=trio.Event)
    _decided: trio.Event = field(factory=trio.Event)
    _error: Exception | None = None

    async def wait(self) -> None:
        """Wait for the turn of a step or lease; raises LeaseTimeout or QueueClosed instead."""
        await self._decided.wait()
        if self._error is not None:
            raise self._error

    def decide(self, error: Exception | None = None) -> None:
        """The turn has come, or never will."""
        self._error = error
        self._decided.set()


_Entry = Entry[_Turn]

_REJECTIONS = {
    QueueFull: Fate.FULL,
    QueueClosed: Fate.CLOSED,
    RadioReserved: Fate.RESERVED,
}

_holder: ContextVar[_Entry | None] = ContextVar("_holder", default=None)
"""The request, step or lease by which the current task has the radio."""


@frozen(eq=False)
class Lease:
    """The radio, held between steps: nothing but `perform` gets on the air."""

    _scheduler: "Scheduler"
    entry: _Entry

    async def perform(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` as a step of this lease."""
        return await self._scheduler.perform(self.entry.priority, work, lease=self)


@define(eq=False)
class Scheduler:
    """Hands out turns: management jobs at once, network jobs and steps one at a time.

    Capacities are numbers of jobs: management counts those that run, network those that wait.
    `background_wait` bounds the waiting of lower priorities, `grace` the work under way at
    shutdown; both in seconds. While the radio is `reserved`, only requests of clients get it.
    """

    management_capacity: int = 32
    network_capacity: int = 32
    background_wait: float = 10.0
    grace: float = 5.0
    reserved: bool = field(default=False, init=False)
    _channel: PriorityChannel[_Turn] = field(init=False)
    _management: trio.Nursery | None = field(default=None, init=False)
    _managed: set[_Entry] = field(factory=set, init=False)
    _tallies: dict[Series, Tally] = field(factory=dict, init=False)
    _serving: trio.CancelScope = field(factory=_shield, init=False)
    """Covers the requests that are worked on where the queue is served."""

    @_channel.default
    def _make_channel(self) -> PriorityChannel[_Turn]:
        return PriorityChannel(RadioQueue(self.network_capacity, self.background_wait))

    @property
    def paused(self) -> bool:
        """Whether the radio is kept silent."""
        return self._channel.queue.paused

    @property
    def leased(self) -> bool:
        """Whether somebody holds the radio between steps."""
        return self._channel.queue.lease is not None

    @property
    def on_air(self) -> bool:
        """Whether a request or step has the radio."""
        return self._channel.queue.running is not None

    @property
    def network_waiting(self) -> int:
        """How many client requests wait for the radio."""
        return self._channel.queue.waiting

    @property
    def management_running(self) -> int:
        """How many management jobs run."""
        return len(self._managed)

    def statistics(self) -> Statistics:
        """The figures of this moment."""
        return {series: tally.snapshot() for series, tally in self._tallies.items()}

    def manage(self, work: Callable[[], T], priority: Priority = Priority.INTERACTIVE) -> T:
        """Run a management job that need not wait, here and now; raises as submit_management."""
        tally = self._admit(priority)
        began, fate = trio.current_time(), Fate.FAILED
        try:
            result = work()
            fate = Fate.ANSWERED
            return result
        finally:
            tally.finish(fate, 0, trio.current_time() - began)

    def submit_management(self, job: Job) -> None:
        """Run `job` in a task of its own, beside the radio; raises QueueFull, QueueClosed."""
        tally = self._admit(job.priority, self._management)
        assert self._management is not None
        now = trio.current_time()
        turn = _Turn(tally, job)
        entry = Entry(turn, Kind.REQUEST, job.priority, now, started=now, state=State.ACTIVE)
        self._managed.add(entry)
        self._management.start_soon(self._work_apart, entry)

    def submit_network(self, job: Job) -> None:
        """Let `job` wait for the radio; raises QueueFull, QueueClosed."""
        kind = Kind.REQUEST if job.priority is Priority.INTERACTIVE else Kind.PROCEDURE
        self._put(kind, job.priority, job, patience=job.patience)

    async def perform(
        self,
        priority: Priority,
        work: Callable[[], Awaitable[T]],
        *,
        patience: float = math.inf,
        lease: Lease | None = None,
    ) -> T:
        """Run `work` as one step when its turn comes, and return its result.

        Whoever has the radio already (a job, a lease) performs at once. Cancelling takes a
        waiting step back; one that runs is finished first. Raises what `work` raises,
        QueueClosed at shutdown, RadioReserved while it is, and LeaseTimeout after waiting
        `patience` seconds behind a lease.
        """
        holder = self._own() if lease is None else lease.entry
        if holder is not None and holder is self._channel.queue.running:
            return await work()
        entry = self._put(Kind.STEP, priority, lease=holder, patience=patience)
        with self._finishing(entry):
            await entry.item.wait()
            return await _run(entry, work)

    @asynccontextmanager
    async def lease(
        self, priority: Priority, *, patience: float = math.inf
    ) -> AsyncIterator[Lease]:
        """Hold the radio between steps: until the end of the block only its own steps run.

        Raises QueueClosed, RadioReserved and LeaseTimeout as `perform` does.
        """
        holder = self._own()
        if holder is not None:
            yield Lease(self, holder)
            return
        entry = self._put(Kind.LEASE, priority, patience=patience)
        with self._finishing(entry):
            await entry.item.wait()
            token = _holder.set(entry)
            try:
                yield Lease(self, entry)
            finally:
                _holder.reset(token)

    def reserve(self) -> None:
        """Keep the radio for requests of clients: from now on no step or lease is accepted.

        Raises RadioReserved while somebody holds a lease.
        """
        if self.leased:
            raise RadioReserved("exclusive access already assigned")
        self.reserved = True

    def release(self) -> None:
        """Give the radio to procedures and the background again."""
        self.reserved = False

    async def pause(self) -> None:
        """Keep the radio silent, from the end of the job or step under way; returns then.

        It stays paused even if the wait is cancelled. Requests are accepted until the queue is
        full.
        """
        self._channel.pause()
        running = self._channel.queue.running
        if running is None:
            await trio.lowlevel.checkpoint()
        else:
            await running.item.over.wait()

    def resume(self) -> None:
        """Serve what waits, in order."""
        self._channel.resume()

    def adjust(
        self, *, management_capacity: int, network_capacity: int, background_wait: float
    ) -> None:
        """Put other bounds into force; what waits already goes on waiting."""
        self.management_capacity = management_capacity
        self._channel.queue.capacity = self.network_capacity = network_capacity
        self._channel.queue.background_wait = self.background_wait = background_wait

    def close(self) -> None:
        """Abandon what waits; later submits raise QueueClosed. What is under way goes on."""
        for entry in self._channel.close():
            self._refuse(entry, Fate.ABANDONED, QueueClosed("the gateway is shutting down"))

    async def run_network(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve the radio queue; when cancelled, close it and finish what is under way."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._serve, nursery)
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self.close()
                self._hurry(self._channel.queue.active)

    async def run_management(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Own the tasks of management jobs; when cancelled, finish those under way."""
        async with trio.open_nursery() as nursery:
            self._management = nursery
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._management = None
                self._hurry(self._managed)

    def _own(self) -> _Entry | None:
        """By what the current task has the radio; a copied context may outlive it."""
        holder = _holder.get()
        queue = self._channel.queue
        return holder if holder in (queue.running, queue.lease) else None

    def _admit(self, priority: Priority, needs: object = True) -> Tally:
        """Accept a management job; `needs` is what must be there for it."""
        tally = self._tally(Lane.MANAGEMENT, Kind.REQUEST, priority)
        if self._channel.queue.closed or not needs:
            tally.end(Fate.CLOSED)
            raise QueueClosed("the gateway is not running")
        if len(self._managed) >= self.management_capacity:
            tally.end(Fate.FULL)
            raise QueueFull(self.management_capacity)
        tally.accept()
        return tally

    def _put(
        self,
        kind: Kind,
        priority: Priority,
        job: Job | None = None,
        *,
        lease: _Entry | None = None,
        patience: float,
    ) -> _Entry:
        tally = self._tally(Lane.NETWORK, kind, priority)
        turn = _Turn(tally, job, self._serving if kind is Kind.REQUEST else _shield())
        try:
            if self.reserved and job is None:
                raise RadioReserved("the gateway is in service mode")
            entry = self._channel.put(turn, kind, priority, lease=lease, patience=patience)
        except (QueueFull, QueueClosed, RadioReserved) as error:
            tally.end(_REJECTIONS[type(error)])
            raise
        tally.accept()
        return entry

    async def _serve(self, nursery: trio.Nursery) -> None:
        """Deal with one entry after the other until the queue is closed.

        A client's request is worked on right here: nothing else may have the radio meanwhile.
        """
        with self._serving, suppress(trio.EndOfChannel):
            while True:
                entry = await self._channel.receive()
                if entry.state is State.EXPIRED:
                    self._refuse(entry, Fate.LEASED, LeaseTimeout(entry.patience))
                elif entry.item.job is None:
                    entry.item.decide()
                elif entry.kind is Kind.REQUEST:
                    await self._work(entry)
                else:
                    nursery.start_soon(self._work_apart, entry)

    async def _work_apart(self, entry: _Entry) -> None:
        """Work on a job in a task of its own."""
        with entry.item.scope:
            await self._work(entry)

    async def _work(self, entry: _Entry) -> None:
        """The boundary of a job: what it did not handle itself ends here."""
        job = entry.item.job
        assert job is not None
        fate = Fate.FAILED
        token = _holder.set(entry)
        try:
            await job.work()
            fate = Fate.ANSWERED
        except Exception as error:
            log.error("%s failed", job.name, exc_info=error)
        except BaseException:  # cut short, since the grace is over
            self._tell(job, job.abandon)
            raise
        finally:
            _holder.reset(token)
            self._finish(entry, fate)

    def _refuse(self, entry: _Entry, fate: Fate, error: QueueClosed | LeaseTimeout) -> None:
        entry.item.tally.end(fate)
        entry.item.over.set()
        job = entry.item.job
        if job is None:
            entry.item.decide(error)
        elif isinstance(error, LeaseTimeout) and job.refuse is not None:
            self._tell(job, partial(job.refuse, error))
        else:
            self._tell(job, job.abandon)

    def _tell(self, job: Job, how: Callable[[], None]) -> None:
        try:
            how()
        except Exception:
            log.exception("%s was not told that it will not run", job.name)

    def _hurry(self, entries: Iterable[_Entry]) -> None:
        """What is under way has the grace time from now."""
        for entry in entries:
            entry.item.scope.deadline = trio.current_time() + self.grace

    # The books: each entry is accepted or rejected, and each accepted one ends once.

    def _tally(self, lane: Lane, kind: Kind, priority: Priority) -> Tally:
        series = Series(lane, kind, priority)
        tally = self._tallies.get(series)
        if tally is None:
            tally = self._tallies[series] = Tally()
        return tally

    @contextmanager
    def _finishing(self, entry: _Entry) -> Iterator[None]:
        """Whatever happens to the entry, it is over at the end of the block."""
        fate = Fate.FAILED
        try:
            yield
            fate = Fate.ANSWERED
        finally:
            self._finish(entry, fate)

    def _finish(self, entry: _Entry, fate: Fate) -> None:
        if entry.state is State.WAITING:
            entry.item.tally.end(Fate.WITHDRAWN)
        elif entry.state is State.ACTIVE:
            waited, ran = entry.started - entry.since, trio.current_time() - entry.started
            entry.item.tally.finish(fate, waited, ran)
        entry.item.over.set()
        self._managed.discard(entry)
        self._channel.done(entry)


async def _run(entry: _Entry, work: Callable[[], Awaitable[T]]) -> T:
    with entry.item.scope:
        token = _holder.set(entry)
        try:
            return await work()
        finally:
            _holder.reset(token)
    raise QueueClosed("cut short by the shutdown")
