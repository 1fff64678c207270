"""Watches the event loop and the dispatching of requests, and says so while both are well.

The radio has no part in it: without a module the gateway stays up, and restarting it would not
bring one.
"""

import logging
from functools import partial

import trio
from attrs import frozen

from iqrf_trio.edges.notify import Notifier
from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed, QueueFull

log = logging.getLogger("iqrf_trio.watchdog")

BEATS = 3
"""How often the service manager hears of us before it would lose patience."""

MAX_LAG_S = 1.0
"""How late the event loop may wake a task and still count as quick: clients notice more."""


@frozen
class Watchdog:
    """Says that the gateway is alive, for as long as it is."""

    _notifier: Notifier
    _scheduler: Scheduler

    async def run(self) -> None:
        """Look and tell, three times per period; without a period there is nobody to tell."""
        period = self._notifier.watchdog_s
        if period is None:
            return
        beat = period / BEATS
        self._notifier.alive()
        while True:
            due = trio.current_time() + beat
            await trio.sleep_until(due)
            lag = trio.current_time() - due
            if lag > min(MAX_LAG_S, beat):
                log.warning("the event loop was held up for %.1f s", lag)
            elif await self._dispatches(beat):
                self._notifier.alive()
            else:
                log.error("management requests have not been dispatched for %.1f s", beat)

    async def _dispatches(self, patience_s: float) -> bool:
        """Whether a request on the management lane is done in time."""
        done = trio.Event()
        job = Job(Priority.BACKGROUND, partial(_set, done), done.set, name="watchdog")
        try:
            self._scheduler.submit_management(job)
        except (QueueFull, QueueClosed):
            await trio.lowlevel.checkpoint()
            return False
        with trio.move_on_after(patience_s):
            await done.wait()
            return True
        return False


async def _set(event: trio.Event) -> None:
    await trio.lowlevel.checkpoint()
    event.set()
