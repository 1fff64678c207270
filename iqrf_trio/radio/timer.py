"""Ends transactions that no task waits for when their time is up."""

from collections.abc import Callable

import trio
from attrs import define, field

from iqrf_trio.radio.flight import Flight
from iqrf_trio.shutdown import Shutdown


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

    def expect(self, flight: Flight) -> None:
        """Look at `flight` at its deadline at the latest."""
        self._sleeping.deadline = min(self._sleeping.deadline, flight.scope.deadline)

    async def run(self) -> None:
        """Look after deadlines until cancelled."""
        while not self._shutdown.begun:
            with trio.CancelScope() as self._sleeping:
                self._look()
                await self._shutdown.wait()
        while True:
            with trio.CancelScope() as self._sleeping:
                self._look()
                await trio.sleep_forever()

    def _look(self) -> None:
        """End the transaction whose time is up, and sleep until that of the next one."""
        flight = self._flight()
        if flight is None or flight.conclude is None:
            return
        if flight.scope.deadline <= trio.current_time():
            flight.expire()
        elif flight.scope.deadline < self._sleeping.deadline:
            self._sleeping.deadline = flight.scope.deadline
