"""Once a second: how late the event loop is, and what only shows by looking again and again."""

from collections.abc import Callable
from typing import NoReturn

import trio
from attrs import define, field

from protocol.outward.metrics import LAG_BUCKETS_S
from protocol.queue.tallies import Durations, Histogram

PERIOD_S = 1.0


@define(eq=False)
class Pulse:
    """Measures how late it is woken; `connected` is looked at each time."""

    _connected: Callable[[], bool]
    _lag: Durations = field(factory=lambda: Durations(LAG_BUCKETS_S), init=False)
    _connected_at: float = field(factory=trio.current_time, init=False)

    @property
    def lag(self) -> Histogram:
        """How late the event loop was."""
        return self._lag.snapshot()

    @property
    def away_s(self) -> float:
        """For how long the module has not been there; from the start on, if it never was."""
        return trio.current_time() - self._connected_at

    async def run(self) -> NoReturn:
        """Look, once a second."""
        while True:
            due = trio.current_time() + PERIOD_S
            await trio.sleep_until(due)
            self._lag.add(trio.current_time() - due)
            if self._connected():
                self._connected_at = trio.current_time()
