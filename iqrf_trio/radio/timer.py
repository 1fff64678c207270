"""Ends transactions that no task waits for when their time is up."""

import math
from collections.abc import Callable

import trio
from attrs import define, field

from iqrf_trio.radio.flight import Flight
from iqrf_trio.shutdown import Share, Shutdown


@define(eq=False)
class Timer:
    """One task that sleeps until the deadline of the transaction under way, and looks at it then.

    A transaction that is over in time leaves the deadline behind: the task wakes up for nothing
    once in a while, instead of once for each transaction. At the `shutdown` deadlines move, so it
    looks again.
    """

    _shutdown: Shutdown
    _flight: Callable[[], Flight | None]
    _sleeping: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _due: float = field(default=math.inf, init=False)
    """The deadline of `_sleeping`."""

    def expect(self, flight: Flight) -> None:
        """Look at `flight` at its deadline at the latest."""
        if (ends_at := min(flight.transaction.deadline, flight.limit)) < self._due:
            self._sleeping.deadline = self._due = ends_at

    async def run(self) -> None:
        """Look after deadlines until cancelled."""
        while not self._shutdown.begun:
            with self._asleep():
                await self._shutdown.wait()
        while True:
            with self._asleep():
                await trio.sleep_forever()

    def _asleep(self) -> trio.CancelScope:
        """End the transaction whose time is up; the scope ends when that of the next one is."""
        self._sleeping, self._due = trio.CancelScope(), math.inf
        flight = self._flight()
        if flight is not None and flight.conclude is not None:
            now = trio.current_time()
            if flight.limit == math.inf:  # not begun after the shutdown
                flight.limit = self._shutdown.moment(Share.AIR)
            if min(flight.transaction.deadline, flight.limit) <= now:
                flight.expire(now)
            else:
                self.expect(flight)
        return self._sleeping
