"""Keeps the sensor values that pass by: reports of nodes, answers to clients' reads and FRCs."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.store import Store, StoreError
from protocol.dpa.counters import Counters
from protocol.dpa.pnum import FRC
from protocol.dpa.transaction import Outcome
from protocol.errors import ProtocolError
from protocol.network.network import Value
from protocol.readings.measured import of_overheard
from protocol.readings.overheard import Exchange, Values, answered, reported

log = logging.getLogger("iqrf_trio.overheard")

GATHER_S = 1.0
"""How long values wait for others, so that a busy network costs one write a second."""

STORING_S = 2.0
"""What the last values have at shutdown."""


@define(eq=False)
class Overheard:
    """Takes frames and outcomes as they pass, without waiting, and stores their values soon.

    `measurements` are handed the values too, whether or not they could be stored.
    """

    _store: Store
    _now: Callable[[], datetime]
    measurements: Measurements = field(factory=Measurements)
    _pending: dict[tuple[int, int], Value] = field(factory=dict, init=False)
    _noted: trio.Event = field(factory=trio.Event, init=False)
    _last_frc: tuple[int, Exchange] | None = field(default=None, init=False)

    def frame(self, frame: bytes) -> None:
        """A device has sent `frame` on its own."""
        self._note(lambda: reported(frame, self._store.network), frame)

    def answer(self, outcome: Outcome, counters: Callable[[], Counters]) -> None:
        """The transaction that was counted last has come to its `outcome`."""
        if outcome.response is None:
            return
        exchange, before = (outcome.request, outcome.response), None
        if outcome.request.pnum == FRC:
            # Between an FRC and its Extra result there is nothing, not even what got no answer.
            number = counters().transactions
            if self._last_frc is not None and self._last_frc[0] == number - 1:
                before = self._last_frc[1]
            self._last_frc = number, exchange
        values = partial(answered, exchange, self._store.network, before=before)
        self._note(values, outcome.response.pdata)

    async def run(self) -> NoReturn:
        """Store what was noted, for as long as the daemon lives."""
        try:
            while True:
                await self._noted.wait()
                await trio.sleep(GATHER_S)
                await self._keep()
        finally:
            with trio.move_on_after(STORING_S, shield=True):
                await self._keep()

    def _note(self, read: Callable[[], Values], data: bytes) -> None:
        try:
            self._pending |= read()
        except ProtocolError as error:
            log.info("sensor values are not understood: %s: %s", error, data.hex("."))
        if self._pending:
            self._noted.set()

    async def _keep(self) -> None:
        values, self._pending, self._noted = self._pending, {}, trio.Event()
        if not values:
            return
        now = self._now()
        self.measurements.values(of_overheard(values, self._store.network, now))
        try:
            await self._store.save_values(values, now)
        except StoreError as error:
            log.error("%d sensor values that passed by were not stored: %s", len(values), error)
