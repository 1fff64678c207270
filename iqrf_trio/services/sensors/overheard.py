"""Keeps the sensor values that pass by: reports of nodes, answers to clients' reads and FRCs."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import Store, StoreError
from iqrf_trio.store.database import Hop
from iqrf_trio.store.errors import DatabaseBusyError
from iqrf_trio.store.spill import Spill
from protocol.dpa.counters import Counters
from protocol.dpa.pnum import FRC
from protocol.dpa.transaction import Outcome
from protocol.errors import ProtocolError
from protocol.readings.measured import of_overheard
from protocol.readings.overheard import PERIPHERALS, Exchange, Values, answered, reported
from protocol.readings.unstored import Unstored, parse
from protocol.standard.quantities import Value

log = logging.getLogger("iqrf_trio.overheard")

GATHER_S = 1.0
"""How long values wait for others, so that a busy network costs one write a second."""

RETRY_S = 10.0
"""Between attempts while another program holds the database."""

MOST_BATCHES = 100
"""That wait for the database; the oldest ones go when there are more."""


@define(eq=False)
class Overheard:
    """Takes frames and outcomes as they pass, without waiting, and stores their values soon.

    Values wait while another program holds the database. What is not stored at `shutdown` goes to
    the `spill` file, which the next start reads before anything else. `measurements` are handed
    the values too, whether or not they could be stored.
    """

    _store: Store
    _now: Callable[[], datetime]
    _shutdown: Shutdown
    _spill: Spill
    _hop: Hop
    measurements: Measurements = field(factory=Measurements)
    _pending: dict[tuple[int, int], Value] = field(factory=dict, init=False)
    _batches: deque[Unstored] = field(factory=deque, init=False)
    _failure: str = field(default="", init=False)
    """Why values were not stored the last time; "" where they were."""
    _noted: trio.Event = field(factory=trio.Event, init=False)
    _last_frc: tuple[int, Exchange] | None = field(default=None, init=False)

    def frame(self, frame: bytes) -> None:
        """A device has sent `frame` on its own."""
        self._note(lambda: reported(frame, self._store.network), frame)

    def answer(self, outcome: Outcome, counters: Callable[[], Counters]) -> None:
        """The transaction that was counted last has come to its `outcome`."""
        if outcome.response is None or outcome.request.pnum not in PERIPHERALS:
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

    def put_off(self, values: Values, at: datetime) -> None:
        """Store `values`, measured at `at`, when the database can take them again."""
        self._add(values, at)
        self._noted.set()

    async def run(self) -> NoReturn:
        """Store what was noted, for as long as the daemon lives."""
        try:
            await self._recover()
            while True:
                await self._noted.wait()
                await trio.sleep(GATHER_S)
                await self._try_to_keep()
        finally:
            with self._shutdown.shield(share=Share.REST):
                await self._finish()

    def _note(self, read: Callable[[], Values], data: bytes) -> None:
        try:
            self._pending |= read()
        except ProtocolError as error:
            log.info("sensor values are not understood: %s: %s", error, data.hex("."))
        if self._pending:
            self._noted.set()

    def _add(self, values: Values, at: datetime) -> None:
        if len(self._batches) >= MOST_BATCHES:
            lost = self._batches.popleft()
            log.error("%d sensor values are lost: the database is busy", len(lost.values))
        self._batches.append(Unstored.of(values, self._store.network, at))

    async def _try_to_keep(self) -> None:
        """Store everything; another error than a busy database costs the values."""
        try:
            await self._keep()
        except DatabaseBusyError as error:
            log.warning("sensor values that passed by have to wait: %s", error)
            await trio.sleep(RETRY_S)
            self._noted.set()
        except StoreError as error:
            count = len(self._batches.popleft().values)
            # On a dead disk it would be the same each second.
            level = logging.DEBUG if str(error) == self._failure else logging.ERROR
            log.log(level, "%d sensor values that passed by were not stored: %s", count, error)
            self._failure = str(error)
            self._noted.set()
        else:
            self._failure = ""

    async def _keep(self) -> None:
        """Store everything; raises StoreError, and then the first of `_batches` is not stored."""
        self._noted = trio.Event()
        if self._pending:
            values, self._pending = self._pending, {}
            now = self._now()
            self.measurements.values(of_overheard(values, self._store.network, now))
            self._add(values, now)
        while self._batches:
            batch = self._batches.popleft()
            try:
                await self._save(batch)
            except BaseException:  # cancelled, perhaps
                self._batches.appendleft(batch)
                raise

    async def _save(self, batch: Unstored) -> None:
        if values := batch.still_news(self._store.network, self._now()):
            await self._store.save_values(values, batch.at)

    async def _finish(self) -> None:
        """Store what there is, or have the next start do it."""
        try:
            await self._keep()
        except StoreError:
            lines = [batch.dump() for batch in self._batches]
            try:
                await self._hop(partial(self._spill.add, lines))
            except (AbandonedError, StoreError) as error:
                log.error("sensor values that passed by are lost: %s", error)
            else:
                log.warning("%s: the next start stores these sensor values", self._spill.path)

    async def _recover(self) -> None:
        """Store what the last run could not."""
        try:
            lines = await self._hop(self._spill.lines)
            if not lines:
                return
            for batch in filter(None, map(parse, lines)):
                await self._save(batch)
            await self._hop(self._spill.remove)
        except (AbandonedError, StoreError) as error:
            log.error("sensor values of the last run are not stored: %s", error)
        else:
            log.info("sensor values of the last run are stored")
