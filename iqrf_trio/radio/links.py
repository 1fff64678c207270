"""One link to the module after the other: opening, growing pauses, resets."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from iqrf_trio.radio.flight import Air
from iqrf_trio.shutdown import Share, Shutdown
from protocol.dpa.counters import Count

log = logging.getLogger("iqrf_trio.transceiver")

LONGEST_PAUSE_S = 60
"""Between two attempts to open the port; the first is 1 s, each further one twice as long."""

RESET_AFTER = 3
"""Failures to open the port in a row, after which the module behind it is reset."""

CLOSING_S = 1.0
"""What a link has to let go of its device."""

REMEDY = "; sudo iqrf-trio doctor tells what to do"
"""What the first failure in a row says besides its reason."""


@define(eq=False)
class Links:
    """Opens the port again and again, with pauses that grow until a link works.

    `counts` is where OPENED and RESET are counted. A module is not reset before the `air` is free:
    in the midst of a discovery that would cost the tables of the network.
    """

    _port: Port
    _counts: Counter[Count]
    _air: Air
    _shutdown: Shutdown
    _failures: int = field(default=0, init=False)
    _reset_due: bool = field(default=False, init=False)

    def works(self) -> None:
        """The coordinator said something: the next failure is the first in a row."""
        self._failures = 0

    def blame(self, error: PortError) -> None:
        """The link was lost for this; a module that hangs is reset before the next one."""
        self._reset_due |= isinstance(error, ModuleError)

    async def run(self, use: Callable[[Link], Awaitable[str]]) -> NoReturn:
        """Have each link used; `use` returns why it was lost."""
        while True:
            reason = await self._next(use)
            self._failures += 1
            self._reset_due |= self._failures >= RESET_AFTER
            pause = min(2 ** (self._failures - 1), LONGEST_PAUSE_S)
            name = self._port.name
            log.warning(
                "%s; next attempt in %d s%s",
                reason if reason.startswith(name) else f"{name}: {reason}",
                pause,
                REMEDY if self._failures == 1 else "",
            )
            await trio.sleep(pause)

    async def _next(self, use: Callable[[Link], Awaitable[str]]) -> str:
        """The boundary of the port: whatever it raises is the reason for the next attempt."""
        try:
            if self._reset_due:
                await self._reset()
            if self._port.opening_resets:
                await self._air.wait()
            link = await self._port.open()
            self._counts[Count.OPENED] += 1
            try:
                return await use(link)
            finally:
                with self._shutdown.shield(CLOSING_S, Share.REST):
                    await link.aclose()
        except PortError as error:
            self.blame(error)
            return str(error)
        except Exception:
            log.exception("%s failed", self._port.name)
            return "internal error"

    async def _reset(self) -> None:
        if not self._port.can_reset:
            self._reset_due = False
            if obstacle := self._port.reset_obstacle:
                log.warning("%s: %s", self._port.name, obstacle)
            return
        await self._air.wait()
        log.warning("%s: resetting the module", self._port.name)
        self._counts[Count.RESET] += 1
        await self._port.reset()
        self._reset_due = False
        self._air.clear()
