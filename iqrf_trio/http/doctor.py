"""What the doctor finds on this machine, over HTTP."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from attrs import frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.services.health import HealthChecks
from protocol.auth.rights import READ
from protocol.outward.health import part
from protocol.outward.http import Response, json_response

Findings = Sequence[Mapping[str, str]]
"""Of each finding what was checked (`check`), its `severity`, `text`, and what mends it (`fix`)."""


@frozen(eq=False)
class DoctorRoutes:
    """`examine` looks at the machine, `checks` at the gateway's parts."""

    _examine: Callable[[], Awaitable[Findings]]
    _checks: HealthChecks

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "What keeps the gateway from working on this machine, and what mends it."
        return (Route("GET", "/api/v1/doctor", READ, about, self._answer),)

    async def _answer(self, _question: Question) -> Response:
        health = self._checks.examine()
        checks = {name: part(check) for name, check in health.checks.items()}
        return json_response({"findings": await self._examine(), "checks": checks})
