"""Jobs that keep a log, and a scheduler to run them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
from attrs import define, field

from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind
from protocol.queue.tallies import Fate, Series

INTERACTIVE, PROCEDURE, BACKGROUND = Priority


@define
class Log:
    """Jobs and steps that take their time on the radio, and what became of them."""

    answers: list[str] = field(factory=list)
    abandoned: list[str] = field(factory=list)
    refused: list[str] = field(factory=list)
    on_air: list[str] = field(factory=list)
    began: list[tuple[str, float]] = field(factory=list)

    def job(
        self,
        name: str,
        seconds: float = 1,
        priority: Priority = INTERACTIVE,
        patience: float = float("inf"),
    ) -> Job:
        return Job(
            priority,
            lambda: self.work(name, seconds),
            lambda: self.abandoned.append(name),
            name,
            patience,
            lambda error: self.refused.append(f"{name}: {error.status}"),
        )

    async def work(self, name: str, seconds: float = 1) -> None:
        assert not self.on_air, "the radio does one thing at a time"
        self.began.append((name, trio.current_time()))
        self.on_air.append(name)
        try:
            await trio.sleep(seconds)
        finally:
            self.on_air.remove(name)
        self.answers.append(name)

    def step(self, name: str, seconds: float = 1) -> Callable[[], Awaitable[None]]:
        return lambda: self.work(name, seconds)


@asynccontextmanager
async def running(scheduler: Scheduler) -> AsyncIterator[trio.Nursery]:
    """Both lanes served until the end of the block, then cancelled."""
    async with trio.open_nursery() as nursery:
        await nursery.start(scheduler.run_network)
        await nursery.start(scheduler.run_management)
        yield nursery
        nursery.cancel_scope.cancel()


def fates(
    scheduler: Scheduler, kind: Kind, priority: Priority, lane: Lane = Lane.NETWORK
) -> dict[Fate, int]:
    """What became of a series; those that happened at least once."""
    figures = scheduler.statistics()[Series(lane, kind, priority)]
    return {fate: count for fate, count in figures.fates.items() if count}
