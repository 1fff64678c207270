"""How late frames are read, as the event loop was busy with something else."""

from collections.abc import Callable

import trio


class Lag(trio.abc.Instrument):
    """Measures the turns of the event loop: what comes during one is read in the next.

    A turn begins with its first task rather than with the end of the wait for sockets, because a
    mock clock jumps in between. It is called for each step of any task, so `now` should be that of
    the clock in use itself.
    """

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self._began: float | None = None
        self._last_s = 0.0

    def at(self, now: float) -> float:
        """So long ago, in seconds, what is read in this turn can have come."""
        return self._last_s if self._began is None else self._last_s + now - self._began

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """See Instrument."""
        if self._began is None:
            self._began = self._now()

    def before_io_wait(self, timeout: float) -> None:
        """See Instrument."""
        self._last_s = 0.0 if self._began is None else self._now() - self._began
        self._began = None
