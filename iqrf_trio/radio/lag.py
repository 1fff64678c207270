"""How late frames are read, as the event loop was busy with something else."""

import trio


class Lag(trio.abc.Instrument):
    """Measures the turns of the event loop: what comes during one is read in the next.

    A turn begins with its first task rather than with the end of the wait for sockets, because a
    mock clock jumps in between.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._last_s = 0.0

    def at(self, now: float) -> float:
        """So long ago, in seconds, what is read in this turn can have come."""
        return self._last_s if self._began is None else self._last_s + now - self._began

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """See Instrument."""
        if self._began is None:
            self._began = trio.current_time()

    def before_io_wait(self, timeout: float) -> None:
        """See Instrument."""
        self._last_s = 0.0 if self._began is None else trio.current_time() - self._began
        self._began = None
