"""The scheduler hands out the radio, one turn at a time; the management lane runs beside it.

A client's request on the network lane has the radio until it is answered. A procedure or the
sensor worker takes it for one step at a time, so that clients get their turn between the steps.
"""

import logging
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.radio.jobs import Job, do
from iqrf_trio.radio.management import Management
from iqrf_trio.radio.priority_channel import PriorityChannel
from iqrf_trio.radio.silence import Owner, Silence
from iqrf_trio.radio.turns import Entry, Turn, end, holder, refuse, run
from iqrf_trio.shutdown import Shield, Shutdown
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import (
    Kind,
    LeaseTimeout,
    QueueClosed,
    QueueFull,
    RadioQueue,
    RadioReserved,
    State,
    never,
)
from protocol.queue.tallies import Fate, Series, Statistics, Tally

log = logging.getLogger("iqrf_trio.scheduler")
T = TypeVar("T")

_REJECTIONS = {
    QueueFull: Fate.FULL,
    QueueClosed: Fate.CLOSED,
    RadioReserved: Fate.RESERVED,
}


@frozen(eq=False)
class Lease:
    """The radio, held between steps: nothing but `perform` gets on the air."""

    _scheduler: "Scheduler"
    entry: Entry

    async def perform(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` as a step of this lease."""
        return await self._scheduler.perform(self.entry.priority, work, lease=self)


@define(eq=False)
class Scheduler:
    """Hands out turns: management jobs at once, network jobs and steps one at a time.

    Capacities are numbers of jobs: management counts those that run, network those that wait.
    `background_wait` (seconds) bounds the waiting of lower priorities. While the radio is
    `reserved`, only requests of clients get it. When the `shutdown` begins, `close` refuses what
    waits, and what is under way has until the time for work is over.
    """

    management_capacity: int = 32
    network_capacity: int = 32
    background_wait: float = 10.0
    shutdown: Shutdown = field(factory=Shutdown)
    reserved: bool = field(default=False, init=False)
    _channel: PriorityChannel[Turn] = field(init=False)
    _tallies: defaultdict[Series, Tally] = field(factory=lambda: defaultdict(Tally), init=False)
    _management: Management = field(init=False)
    _silence: Silence = field(factory=Silence, init=False)
    _serving: Shield = field(init=False)
    """Covers the requests that are worked on where the queue is served."""

    @_channel.default
    def _make_channel(self) -> PriorityChannel[Turn]:
        queue: RadioQueue[Turn] = RadioQueue(self.network_capacity, self.background_wait)
        return PriorityChannel(queue, self._at_once)

    def _at_once(self, turn: Turn) -> Callable[[Entry], bool] | None:
        """What begins a request without a task, where it is of that kind."""
        return None if turn.job is None or turn.job.begin is None else self._begin

    @_management.default
    def _make_management(self) -> Management:
        return Management(self.management_capacity, self._tallies, self.shutdown)

    @_serving.default
    def _make_shield(self) -> Shield:
        return self.shutdown.shield()

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
    def line(self) -> tuple[Entry, ...]:
        """All that waits for the radio, in the order in which it came."""
        return self._channel.queue.line

    @property
    def active(self) -> tuple[Entry, ...]:
        """What has the radio, holds it between steps, or is a procedure under way."""
        return self._channel.queue.active

    @property
    def management_running(self) -> int:
        """How many management jobs run."""
        return self._management.running

    def statistics(self) -> Statistics:
        """The figures of this moment."""
        return {series: tally.snapshot() for series, tally in self._tallies.items()}

    def manage(
        self,
        work: Callable[[], T],
        priority: Priority = Priority.INTERACTIVE,
        *,
        vital: bool = False,
    ) -> T:
        """Run a management job that need not wait, here and now; raises as submit_management.

        A `vital` job is accepted also where the lane is full.
        """
        return self._management.do(work, priority, vital=vital)

    async def probe(self) -> None:
        """Return when the management lane has run a task, which takes no place in it."""
        await self._management.probe()

    def submit_management(self, job: Job) -> None:
        """Run `job` in a task of its own, beside the radio; raises QueueFull, QueueClosed."""
        self._management.start(job)

    def submit_network(self, job: Job) -> None:
        """Let `job` wait for the radio; raises QueueFull, QueueClosed."""
        kind = Kind.REQUEST if job.priority is Priority.INTERACTIVE else Kind.PROCEDURE
        self._put(kind, job.priority, job, patience=job.patience, fits=job.fits)

    def withdraw(self, owner: object) -> None:
        """Take back the jobs of `owner` that wait for the radio; nobody is told."""
        for entry in self._channel.queue.line:
            if entry.item.job is not None and entry.item.job.owner is owner:
                self._finish(entry, Fate.WITHDRAWN)

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
        own = self._own() if lease is None else lease.entry
        if own is not None and own is self._channel.queue.running:
            return await work()
        entry = self._put(Kind.STEP, priority, lease=own, patience=patience)
        with self._finishing(entry):
            await entry.item.wait()
            return await run(entry, work)

    @asynccontextmanager
    async def lease(
        self, priority: Priority, *, patience: float = math.inf, shared: bool = False
    ) -> AsyncIterator[Lease]:
        """Hold the radio between steps: until the end of the block only its own steps run.

        One that is `shared` lets requests of clients in between that fit there (`Job.fits`).
        Raises QueueClosed, RadioReserved and LeaseTimeout as `perform` does.
        """
        own = self._own()
        if own is not None:
            yield Lease(self, own)
            return
        entry = self._put(Kind.LEASE, priority, patience=patience, shared=shared)
        with self._finishing(entry):
            await entry.item.wait()
            token = holder.set(entry)
            try:
                yield Lease(self, entry)
            finally:
                holder.reset(token)

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
            await running.item.wait_over()

    def pause_for(self, owner: Owner, tell: Callable[[], None]) -> None:
        """Keep the radio silent as `pause` does, and call `tell` once it is.

        It is called too when the queue is resumed before, or when `owner` is gone. Nothing waits
        in a task, so that no number of pauses takes places from others.
        """
        self._channel.pause()
        if self._channel.queue.running is None:
            tell()
        else:
            self._silence.expect(owner, tell)

    def resume(self) -> None:
        """Serve what waits, in order."""
        self._silence.tell()
        self._channel.resume()

    def adjust(
        self, *, management_capacity: int, network_capacity: int, background_wait: float
    ) -> None:
        """Put other bounds into force; what waits already goes on waiting."""
        self._management.capacity = self.management_capacity = management_capacity
        self._channel.queue.capacity = self.network_capacity = network_capacity
        self._channel.queue.background_wait = self.background_wait = background_wait

    def close(self) -> None:
        """Abandon what waits; later submits raise QueueClosed. What is under way goes on."""
        self._management.close()
        for entry in self._channel.close():
            refuse(entry, Fate.ABANDONED, QueueClosed("the gateway is shutting down"))

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
                self._stop()

    async def run_management(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Own the tasks of management jobs; when cancelled, finish those under way."""
        async with trio.open_nursery() as nursery:
            self._management.nursery = nursery
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._management.nursery = None
                self._stop()

    def _stop(self) -> None:
        """The lanes are cancelled: that is the shutdown, whatever the reason."""
        self.shutdown.begin()
        self.close()

    def _own(self) -> Entry | None:
        """By what the current task has the radio; a copied context may outlive it."""
        entry, queue = holder.get(), self._channel.queue
        return entry if entry in (queue.running, queue.lease) else None

    def _put(
        self,
        kind: Kind,
        priority: Priority,
        job: Job | None = None,
        *,
        lease: Entry | None = None,
        patience: float,
        shared: bool = False,
        fits: Callable[[], bool] = never,
    ) -> Entry:
        tally = self._tallies[Series(Lane.NETWORK, kind, priority)]
        scope = self._serving if kind is Kind.REQUEST else self.shutdown.shield()
        turn = Turn(tally, scope, job)
        try:
            if self.reserved and job is None:
                raise RadioReserved("the gateway is in service mode")
            entry = self._channel.put(
                turn, kind, priority, lease=lease, patience=patience, shared=shared, fits=fits
            )
        except (QueueFull, QueueClosed, RadioReserved) as error:
            tally.end(_REJECTIONS[type(error)])
            raise
        tally.accept()
        return entry

    async def _serve(self, nursery: trio.Nursery) -> None:
        """Deal with one entry after the other until the queue is closed.

        A client's request is worked on right here: nothing else may have the radio meanwhile.
        """
        with self._serving:
            with suppress(trio.EndOfChannel):
                while True:
                    entry = await self._channel.receive()
                    if entry.state is State.EXPIRED:
                        refuse(entry, Fate.LEASED, LeaseTimeout(entry.patience))
                    elif entry.item.job is None:
                        entry.item.decide()
                    elif entry.kind is Kind.REQUEST:
                        await self._work(entry)
                    else:
                        nursery.start_soon(self._work_apart, entry)
            # A request that was begun without a task is finished as well.
            running = self._channel.queue.running
            if running is not None and running.item.job is not None:
                await running.item.wait_over()

    def _begin(self, entry: Entry) -> bool:
        """Begin a request whose turn has come in this step; False where it takes a task."""
        job = entry.item.job
        assert job is not None
        assert job.begin is not None
        try:
            return job.begin(partial(self._finish, entry, Fate.ANSWERED))
        except Exception as error:
            log.error("%s could not be begun", job.name, exc_info=error)
            return False

    async def _work_apart(self, entry: Entry) -> None:
        """Work on a job in a task of its own."""
        with entry.item.scope:
            await self._work(entry)

    async def _work(self, entry: Entry) -> None:
        """Do the job whose turn has come."""
        job = entry.item.job
        assert job is not None
        fate = Fate.FAILED
        token = holder.set(entry)
        try:
            fate = await do(job)
        finally:
            holder.reset(token)
            self._finish(entry, fate)

    @contextmanager
    def _finishing(self, entry: Entry) -> Iterator[None]:
        """Whatever happens to the entry, it is over at the end of the block."""
        fate = Fate.FAILED
        try:
            yield
            fate = Fate.ANSWERED
        finally:
            self._finish(entry, fate)

    def _finish(self, entry: Entry, fate: Fate) -> None:
        now = trio.current_time()
        end(entry, fate, now)
        self._channel.done(entry, now)
        if self._channel.queue.running is None:
            self._silence.tell()
