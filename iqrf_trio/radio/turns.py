"""Turns: how a request, step or lease learns that its turn has come, has it, and ends it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

import trio
from attrs import define

from iqrf_trio.radio.jobs import Job, turn_away
from iqrf_trio.shutdown import Shield
from protocol.queue import scheduling
from protocol.queue.scheduling import LeaseTimeout, QueueClosed, State
from protocol.queue.tallies import Fate, Tally

T = TypeVar("T")


@define(eq=False)
class Turn:
    """What the scheduler knows of a queue's entry, and how others learn that it is over.

    `tally` is where its fate is counted. `scope` shields the work from whoever asked for it, until
    the time for work is over at shutdown.
    """

    tally: Tally
    scope: Shield
    job: Job | None = None
    _decided: trio.Event | None = None
    _over: trio.Event | None = None
    """Made where somebody waits for them: nobody does so for most requests."""
    _error: Exception | None = None

    async def wait(self) -> None:
        """Wait for the turn of a step or lease; raises LeaseTimeout or QueueClosed instead."""
        if self._decided is None:
            self._decided = trio.Event()
        await self._decided.wait()
        if self._error is not None:
            raise self._error

    def decide(self, error: Exception | None = None) -> None:
        """The turn has come, or never will."""
        self._error = error
        if self._decided is None:
            self._decided = trio.Event()
        self._decided.set()

    async def wait_over(self) -> None:
        """Wait until whoever has the turn is done with it."""
        if self._over is None:
            self._over = trio.Event()
        await self._over.wait()

    def end(self) -> None:
        """Tell those who wait for it that it is over."""
        if self._over is not None:
            self._over.set()


Entry = scheduling.Entry[Turn]

holder: ContextVar[Entry | None] = ContextVar("holder", default=None)
"""The request, step or lease by which the current task has the radio, or had it."""


async def run(entry: Entry, step: Callable[[], Awaitable[T]]) -> T:
    """Run the step whose turn has come; raises QueueClosed if the shutdown cuts it short."""
    with entry.item.scope:
        token = holder.set(entry)
        try:
            return await step()
        finally:
            holder.reset(token)
    raise QueueClosed("cut short by the shutdown")


def refuse(entry: Entry, fate: Fate, error: QueueClosed | LeaseTimeout) -> None:
    """The turn will not come: tell whoever waits for it."""
    turn = entry.item
    turn.tally.end(fate)
    turn.end()
    if turn.job is None:
        turn.decide(error)
    else:
        turn_away(turn.job, error)


def end(entry: Entry, fate: Fate, now: float) -> None:
    """Whoever had the turn is done with it, or went away before it came; counted once."""
    if entry.state is State.WAITING:
        entry.item.tally.end(Fate.WITHDRAWN)
    elif entry.state is State.ACTIVE:
        waited, ran = entry.started - entry.since, now - entry.started
        entry.item.tally.finish(fate, waited, ran)
    entry.item.end()
