"""The sensor data service: cycles of FRC rounds in the background, stored and reported."""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NoReturn, Protocol

import trio
from attrs import define, field

from iqrf_trio.frc import read_frc
from iqrf_trio.scheduler import Scheduler
from iqrf_trio.store import Store, StoreError
from iqrf_trio.transceiver import Transceiver
from protocol.sensor_settings import SensorSettings
from protocol.dpa.errors import DpaError
from protocol.lanes import Priority
from protocol.reading import Answer, Cycle, Reading, Round
from protocol.standard import sensor

log = logging.getLogger("iqrf_trio.sensor_worker")

ATTEMPTS = 3
"""How often a round is tried before its nodes go without a value."""

RETRY_PAUSE_S = 0.25

MIN_GAP_S = 5.0
"""Between the end of a cycle and the start of the next, so that a cycle longer than its period
leaves air to others."""


class NotRunningError(Exception):
    """A cycle was invoked while the worker is stopped."""


class AlreadyReadingError(Exception):
    """A cycle was invoked while one is under way."""


class Reporter(Protocol):
    """Whom the worker tells of its cycles."""

    def started(self, settings: SensorSettings, number: int, at: datetime) -> None:
        """Cycle `number` begins."""

    def finished(
        self, settings: SensorSettings, number: int, reading: Reading, failure: str
    ) -> None:
        """Cycle `number` is over; `failure` is empty, or why it brought nothing at all."""


@define(eq=False)
class SensorWorker:
    """Reads all sensors once per period for as long as it is `running`.

    `running` and `reading` are what `iqrfSensorData_Status` tells. The reporter is told of each
    cycle twice, with the settings the cycle began with.
    """

    settings: SensorSettings
    _transceiver: Transceiver
    _scheduler: Scheduler
    _store: Store
    _reporter: Reporter
    _now: Callable[[], datetime]
    running: bool = False
    reading: bool = False
    _number: int = 0
    _asked: bool = False
    _began: float = 0.0
    _ended: float = 0.0
    _failed: bool = False
    _warned: set[object] = field(factory=set)
    _wake: trio.Event = field(factory=trio.Event)
    _scope: trio.CancelScope = field(factory=trio.CancelScope)

    def start(self) -> None:
        """Begin with a cycle at once; nothing if it runs already."""
        if not self.running:
            self.running = True
            self._ask()

    def stop(self) -> None:
        """No further cycle; the one under way ends after the round on the air."""
        self.running = False
        self._scope.cancel()

    def invoke(self) -> None:
        """Begin the next cycle now; raises NotRunningError or AlreadyReadingError."""
        if not self.running:
            raise NotRunningError
        if self.reading:
            raise AlreadyReadingError
        self._ask()

    def configure(self, settings: SensorSettings) -> None:
        """Use `settings` from now on; a sleep under way takes the new period."""
        self.settings = settings
        self._wake.set()

    async def run(self) -> NoReturn:
        """Read when it is time, for as long as the daemon lives."""
        while True:
            self._wake = trio.Event()
            if self.running and trio.current_time() >= self._due:
                await self._cycle()
            else:
                with trio.move_on_at(self._due if self.running else math.inf):
                    await self._wake.wait()

    def _ask(self) -> None:
        self._asked = True
        self._wake.set()

    @property
    def _due(self) -> float:
        """When the next cycle begins: a period after the last one began, or at once if asked."""
        if self._asked:
            return -math.inf
        period = self.settings.retry_period if self._failed else self.settings.period
        return max(self._began + 60 * period, self._ended + MIN_GAP_S)

    async def _cycle(self) -> None:
        self._asked = False
        self._number += 1
        self._began = trio.current_time()
        self._scope = trio.CancelScope()
        self.reading = True
        try:
            await self._read_and_report(self.settings, self._number)
        finally:
            self.reading = False
            self._ended = trio.current_time()
        took = self._ended - self._began
        log.info("reading cycle %d took %.1f s", self._number, took)
        if took > 60 * self.settings.period:
            self._warn_once("period", f"a reading takes {took:.0f} s, longer than its period")

    async def _read_and_report(self, settings: SensorSettings, number: int) -> None:
        """One cycle between its two reports: the second comes whatever happens."""
        cycle = Cycle(self._store.network)
        failure = "shutting down"
        self._reporter.started(settings, number, self._now())
        try:
            with self._scope:
                for asked in cycle.rounds:
                    cycle.take(asked, await self._answer(asked))
            await self._store.save_values(cycle.values(), self._now())
            failure = cycle.reason if cycle.failed else ""
        except StoreError as error:
            failure = f"the values were not stored: {error}"
        except Exception:  # the boundary of a cycle: the next one begins afresh
            log.exception("reading cycle %d failed", number)
            failure = "internal error"
        finally:
            self._failed = bool(failure)
            reading = cycle.reading(self._now())
            self._log(reading)
            self._reporter.finished(settings, number, reading, failure)

    async def _answer(self, asked: Round) -> Answer | str:
        """What a round brought, after a few attempts; as text, why it brought nothing."""
        work = partial(self._ask_nodes, asked)
        for attempt in range(ATTEMPTS):
            if attempt:
                await trio.sleep(RETRY_PAUSE_S)
            try:
                return await self._scheduler.perform(Priority.BACKGROUND, work)
            except DpaError as error:
                reason = str(error)
        return reason

    async def _ask_nodes(self, asked: Round) -> Answer:
        if asked.command is not None:
            return await read_frc(self._transceiver, asked.command, asked.nodes, asked.user_data)
        ((address, index),) = asked.sensors
        return await self._transceiver.call(sensor.read_with_types(address, (index,)))

    def _log(self, reading: Reading) -> None:
        for failed in reading.failed_rounds:
            log.warning(
                "no %s of %d nodes: %s",
                failed.round.kind.value,
                len(failed.round.nodes),
                failed.reason,
            )
        for unknown in reading.unknown_types:
            self._warn_once(unknown, f"sensors of type {unknown} are not read: no known quantity")

    def _warn_once(self, about: object, text: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            log.warning("%s", text)
