"""Health over HTTP: whether the process lives, whether it serves, and how each part is."""

from collections.abc import Callable

import trio
from attrs import frozen

from iqrf_trio.http.routes import Openness, Question, Route
from iqrf_trio.services.health import HealthChecks
from protocol.outward.health import Status, document, part
from protocol.outward.http import ProblemError, Response, json_response

_UNCACHED = (("cache-control", "no-store"),)


@frozen(eq=False)
class HealthRoutes:
    """`ready` tells whether requests are served; it is false before and while stopping."""

    _checks: HealthChecks
    _ready: Callable[[], bool]
    _version: str
    _instance: str
    _began: float

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/livez", Openness.ALL, "Whether the event loop answers.", self._live),
            Route("GET", "/readyz", Openness.ALL, "Whether requests are served.", self._serving),
            Route("GET", "/healthz", Openness.LOCAL, "How all parts are.", self._all),
            Route("GET", "/healthz/{part}", Openness.LOCAL, "How one part is.", self._part),
        )

    async def _live(self, _question: Question) -> Response:
        return json_response({"status": "pass"}, headers=_UNCACHED)

    async def _serving(self, _question: Question) -> Response:
        if self._ready():
            return json_response({"status": "pass"}, headers=_UNCACHED)
        return json_response({"status": "fail"}, 503, headers=_UNCACHED)

    async def _all(self, _question: Question) -> Response:
        health = self._checks.examine()
        told = document(
            health,
            version=self._version,
            instance=self._instance,
            uptime_s=trio.current_time() - self._began,
        )
        return json_response(told, _code(health.status), _UNCACHED)

    async def _part(self, question: Question) -> Response:
        [name] = question.parts
        try:
            check = self._checks.part(name)
        except KeyError:
            known = ", ".join(self._checks.names())
            text = f"there is no part {name!r}; there are {known}"
            raise ProblemError(404, text) from None
        return json_response(part(check), _code(check.status), _UNCACHED)


def _code(status: Status) -> int:
    return 503 if status is Status.FAIL else 200
