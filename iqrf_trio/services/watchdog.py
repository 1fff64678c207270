"""Tells the service manager that the gateway is alive, as long as it is.

It is alive while the event loop is quick and the management lane runs what it is given. Neither
the radio nor the clients have a part in it: without a module the gateway stays up, since a restart
would not bring one, and a lane that a client has filled is no reason for a restart.
"""

import logging

import trio
from attrs import frozen

from iqrf_trio.edges.notify import Notifier
from iqrf_trio.radio.scheduler import Scheduler

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
        """Whether the management lane runs a task in time."""
        with trio.move_on_after(patience_s) as patience:
            await self._scheduler.probe()
        return not patience.cancelled_caught
