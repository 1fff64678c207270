"""The readings over HTTP: how they are set, and what became of the last cycles."""

from collections import deque
from collections.abc import Mapping

from attrs import define, field, frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.services.sensors.worker import SensorWorker
from protocol.auth.rights import READ
from protocol.outward.cycles import summary
from protocol.outward.http import Response, json_response
from protocol.readings.measured import CycleOver, Values
from protocol.readings.states import States

CYCLES = 50
"""Cycles that are remembered."""


@define(eq=False)
class Cycles:
    """The last cycles as they are told, the newest one last; a listener of the measurements."""

    told: deque[Mapping[str, object]] = field(factory=lambda: deque(maxlen=CYCLES), init=False)

    def values(self, values: Values) -> None:
        """Nothing: these belong to no cycle."""

    def cycle(self, cycle: CycleOver) -> None:
        """Remember a cycle, without its values."""
        self.told.append(summary(cycle))

    def states(self, mid: int, states: States) -> None:
        """Nothing: these belong to no cycle."""


@frozen(eq=False)
class ReadingRoutes:
    """The readings of `worker`."""

    _worker: SensorWorker
    _cycles: Cycles

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = f"How readings are set, and the last {CYCLES} cycles, the newest one last."
        return (Route("GET", "/api/v1/readings", READ, about, self._answer),)

    async def _answer(self, _question: Question) -> Response:
        worker, settings = self._worker, self._worker.settings
        return json_response(
            {
                "running": worker.running,
                "reading": worker.reading,
                "held": worker.held,
                "settings": {
                    "autoRun": settings.auto_run,
                    "period": settings.period,
                    "retryPeriod": settings.retry_period,
                    "asyncReports": settings.async_reports,
                },
                "cycles": list(self._cycles.told),
            }
        )
