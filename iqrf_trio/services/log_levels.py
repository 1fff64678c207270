"""Levels of the log that somebody has changed for a while, and that go back by themselves."""

from math import inf
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio import logs

FOR_S = 15 * 60.0
"""How long a change lasts. A log at `debug` that is forgotten fills the journal."""


@define(eq=False)
class LogLevels:
    """The areas whose level is changed, each with when that is over (Trio's clock)."""

    _ends: dict[str, float] = field(factory=dict, init=False)
    _changed: trio.Event = field(factory=trio.Event, init=False)

    def change(self, area: str, level: str) -> float:
        """Log `area` ("" for all) from this level on for a while; how long that is, in seconds."""
        logs.change(area, level)
        self._ends[area] = trio.current_time() + FOR_S
        self._changed.set()
        return FOR_S

    def left_s(self, area: str) -> float | None:
        """For how long an area is still logged otherwise; None where it is as configured."""
        return max(0.0, self._ends[area] - trio.current_time()) if area in self._ends else None

    async def run(self) -> NoReturn:
        """Put back what is over, and at the end everything."""
        try:
            while True:
                self._changed = trio.Event()
                with trio.move_on_at(min(self._ends.values(), default=inf)):
                    await self._changed.wait()
                self._put_back(trio.current_time())
        finally:
            self._put_back(inf)

    def _put_back(self, now: float) -> None:
        for area in [area for area, end in self._ends.items() if end <= now]:
            del self._ends[area]
            logs.restore(area)
