"""How far something is that takes minutes: told to whoever asked, and now and then in the log."""

import logging
from collections.abc import Callable

import trio
from attrs import define, field

from protocol.network.pace import Pace

LOG_PAUSE_S = 10.0
"""Between two lines of the log about something that somebody waits for."""


@define
class Meter:
    """Makes of the parts that are done how far it is, at the pace of those before."""

    _about: str
    _within: Callable[[Pace], None]
    _log: logging.Logger
    _pause_s: float = LOG_PAUSE_S
    _began: float = field(factory=trio.current_time)
    _logged: float = field(factory=trio.current_time)

    def told(self, state: str, done: int, total: int) -> None:
        """One more part, such as an FRC, is done."""
        now = trio.current_time()
        progress = Pace.of(state, done, total, now - self._began)
        self._within(progress)
        if done == total:
            self._began = now  # of what comes next
        if now >= self._logged + self._pause_s:
            self._logged = now
            self._log.info("%s: %s", self._about, progress)
