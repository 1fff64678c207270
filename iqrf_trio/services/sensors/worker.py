"""The sensor data service: cycles of FRC rounds in the background, stored and reported."""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NoReturn, Protocol

import trio
from attrs import define, evolve, field

from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.progress import Meter
from iqrf_trio.services.sensors import settings as sensor_settings
from iqrf_trio.store import Store, StoreError
from iqrf_trio.store.errors import DatabaseBusyError
from protocol.dpa.attempts import Attempts
from protocol.dpa.errors import DpaError
from protocol.dpa.step import Step
from protocol.network.pace import Pace
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed, RadioReserved
from protocol.readings.measured import CycleOver, of_reading
from protocol.readings.overheard import Values
from protocol.readings.reading import Cycle, Reading
from protocol.readings.rounds import Answer, Round
from protocol.readings.settings import SensorSettings

log = logging.getLogger("iqrf_trio.sensor_worker")

ATTEMPTS = Attempts(3, link_wait_s=5.0)
"""How often a round is tried before its nodes go without a value; resetting a module takes 2 s."""

QUIET_S = 60.0
"""Between two lines of the log about how far a cycle is: most are over before the first."""

MIN_GAP_S = 5.0
"""Between the end of a cycle and the start of the next, so that a cycle longer than its period
leaves air to others."""

STORING_S = 2.0
"""What storing the values has at shutdown."""

STOPPED = "the worker was stopped"
SHUTTING_DOWN = "the gateway is shutting down"
SERVICE_MODE = "the gateway is in service mode"


class NotRunningError(Exception):
    """A cycle was invoked while the worker is stopped."""


class AlreadyReadingError(Exception):
    """A cycle was invoked while one is under way."""


class Reporter(Protocol):
    """Whom the worker tells of its cycles."""

    def started(self, settings: SensorSettings, number: int, at: datetime) -> None:
        """Cycle `number` begins."""

    def finished(self, settings: SensorSettings, number: int, reading: Reading) -> None:
        """Cycle `number` is over and brought `reading`."""


@define(eq=False)
class SensorWorker:
    """Reads all sensors once per period for as long as it is `running`.

    The reporter is told of each cycle twice, with the settings the cycle began with, and
    `measurements` once, when it is over. `on_change` is called whenever `reading` may have changed.
    `within` is told how far a cycle is. While it is `asking`, the radio is its own: what is
    answered will be stored with the cycle.

    While the radio is reserved (service mode) no cycle begins, and one under way ends; whoever
    reserves or releases it calls `reconsider`. `put_off` is given what a busy database refused.
    """

    settings: SensorSettings
    _transceiver: Transceiver
    _scheduler: Scheduler
    _store: Store
    _reporter: Reporter
    _now: Callable[[], datetime]
    _put_off: Callable[[Values, datetime], None] = lambda _values, _at: None
    measurements: Measurements = field(factory=Measurements, kw_only=True)
    running: bool = field(default=False, init=False)
    asking: bool = field(default=False, init=False)
    on_change: Callable[[], None] = field(default=lambda: None, init=False)
    within: Callable[[Pace], None] = field(default=lambda _: None, init=False)
    _asked: bool = field(default=False, init=False)
    _busy: bool = field(default=False, init=False)
    _number: int = field(default=0, init=False)
    _began: float = field(default=-math.inf, init=False)
    _ended: float = field(default=-math.inf, init=False)
    _failed: bool = field(default=False, init=False)
    _held: bool = field(default=False, init=False)
    _warned: set[object] = field(factory=set, init=False)
    _wake: trio.Event = field(factory=trio.Event, init=False)
    _scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _configuring: trio.Lock = field(factory=trio.Lock, init=False)
    _dialogue: Dialogue = field(init=False)

    @_dialogue.default
    def _make_dialogue(self) -> Dialogue:
        return Dialogue(self._transceiver, self._scheduler, Priority.BACKGROUND, ATTEMPTS)

    @property
    def reading(self) -> bool:
        """Whether a cycle is under way, or about to begin."""
        return self._busy or (self._asked and not self._scheduler.reserved)

    @property
    def held(self) -> bool:
        """Whether it runs, but may not read for now."""
        return self.running and self._scheduler.reserved

    def start(self) -> None:
        """Begin with a cycle as soon as it may be; nothing if it runs already."""
        if not self.running:
            self.running = True
            self._ask()

    def stop(self) -> None:
        """No further cycle; the one under way ends after the round on the air."""
        self.running = self._asked = False
        self._scope.cancel()
        self.on_change()

    def invoke(self) -> None:
        """Begin the next cycle now.

        Raises NotRunningError, AlreadyReadingError, or RadioReserved in service mode.
        """
        if not self.running:
            raise NotRunningError
        if self.held:
            raise RadioReserved(SERVICE_MODE)
        if self.reading:
            raise AlreadyReadingError
        self._ask()

    def reconsider(self) -> None:
        """Look anew whether it is time to read."""
        self._wake.set()
        self.on_change()

    async def configure(self, change: Callable[[SensorSettings], SensorSettings]) -> None:
        """Store the changed settings and put them into force; a sleep takes the new period.

        Either both happens or neither; changes at the same time add up. Raises StoreError, and
        what `change` raises.
        """
        async with self._configuring:
            settings = change(self.settings)
            await sensor_settings.save(self._store, settings)
            self.settings = settings
            self._wake.set()

    async def run(self) -> NoReturn:
        """Read when it is time, for as long as the daemon lives."""
        while True:
            self._wake = trio.Event()
            due = self._due if self.running else math.inf
            if trio.current_time() < due:
                with trio.move_on_at(due):
                    await self._wake.wait()
            elif self.held:
                await self._hold()
            else:
                await self._cycle()

    def _ask(self) -> None:
        self._asked = True
        self.reconsider()

    async def _hold(self) -> None:
        """Wait until something changes: service mode, most likely."""
        if not self._held:
            log.info("reading cycle %d waits: %s", self._number + 1, SERVICE_MODE)
        self._held = True
        await self._wake.wait()

    @property
    def _due(self) -> float:
        """When the next cycle begins: a period after the last one began, or at once if asked."""
        if self._asked:
            return -math.inf
        period = self.settings.retry_period if self._failed else self.settings.period
        return max(self._began + 60 * period, self._ended + MIN_GAP_S)

    async def _cycle(self) -> None:
        """One cycle between its two reports: the second comes whatever happens."""
        self._asked, self._busy, self._held = False, True, False
        self.on_change()
        self._scope = trio.CancelScope()
        self._number += 1
        self._began = trio.current_time()
        settings, cycle = self.settings, Cycle(self._store.network)
        cut_short = SHUTTING_DOWN
        self._reporter.started(settings, self._number, self._now())
        try:
            with self._scope:
                await self._read(cycle)
            cut_short = STOPPED if self._scope.cancelled_caught else ""
        except QueueClosed:
            log.info("reading cycle %d: %s", self._number, cut_short)
        except RadioReserved as error:
            cut_short = str(error)
        except Exception:  # the boundary of a cycle: the next one begins afresh
            log.exception("reading cycle %d failed", self._number)
            cut_short = "internal error"
        finally:
            reading = await self._keep(cycle.reading(self._now(), cut_short=cut_short))
            took = trio.current_time() - self._began
            self.measurements.cycle(CycleOver(reading, took, of_reading(reading)))
            self._reporter.finished(settings, self._number, reading)
            self._failed = bool(reading.failure)
            self._busy = False
            self.on_change()
            self._ended = trio.current_time()
            self._log(reading)

    async def _read(self, cycle: Cycle) -> None:
        """Ask round by round, as long as there is somebody to ask.

        Raises QueueClosed, and RadioReserved when service mode begins meanwhile.
        """
        rounds = list(cycle.rounds)
        meter = Meter(f"reading cycle {self._number}", self.within, log, QUIET_S)
        for number, asked in enumerate(rounds, 1):
            answer = await self._answer(asked)
            cycle.take(asked, answer)
            meter.told("FRC", number, len(rounds))
            if isinstance(answer, str) and not self._transceiver.connected:
                break

    async def _answer(self, asked: Round) -> Answer | str:
        """What a round brought, after a few attempts; as text, why it brought nothing."""
        try:
            return await self._dialogue.do(partial(self._step, asked))
        except RadioReserved:
            raise
        except DpaError as error:
            return str(error)

    def _step(self, asked: Round) -> Step[Answer]:
        """The round's own step, with `asking` set as long as it has the radio."""
        self.asking = True
        try:
            answer = yield from asked.step(self._transceiver.timing.frc_response_ms)
            return answer
        finally:
            self.asking = False

    async def _keep(self, reading: Reading) -> Reading:
        """Store what was read; returns the reading as it is to be reported."""
        values = reading.values_for(self._store.network)
        if not values:
            return reading
        failure, lost = "the values were not stored", False
        with self._scheduler.shutdown.shield(STORING_S):
            try:
                await self._store.save_values(values, reading.at)
                return reading
            except StoreError as error:
                lost = not isinstance(error, DatabaseBusyError)
                failure += f": {error}"
                log.error("reading cycle %d: %s", self._number, failure)
            except Exception:  # the boundary of a cycle, as above
                log.exception("the values of reading cycle %d were not stored", self._number)
                failure, lost = f"{failure}: internal error", True
        if not lost:
            self._put_off(values, reading.at)
        return evolve(reading, failure=failure, shortfall="")

    def _log(self, reading: Reading) -> None:
        took = self._ended - self._began
        text = reading.failure or reading.shortfall or "complete"
        log.info("reading cycle %d took %.1f s: %s", self._number, took, text)
        for failed in reading.failed_rounds:
            kind, nodes = failed.round.kind.value, len(failed.round.nodes)
            log.warning("no %s of %d nodes: %s", kind, nodes, failed.reason)
        for unknown in reading.unknown_types:
            self._warn_once(unknown, f"sensors of type {unknown} are not read: no known quantity")
        period = self.settings.period
        if took > 60 * period:
            text = f"a reading takes {took:.0f} s, longer than its period of {period} min"
            self._warn_once(("period", period), text)

    def _warn_once(self, about: object, text: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            log.warning("%s", text)
