"""The configuration in force over HTTP, with the origin of each value."""

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from iqrf_trio.config import Config, explained
from iqrf_trio.http.routes import Question, Route
from protocol.auth.rights import READ
from protocol.outward.http import Response, json_response


@frozen(eq=False)
class ConfigurationRoutes:
    """What `config` gives: secrets are in files, of which it names the places."""

    _config: Callable[[], Config]

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "Each key of the configuration in force, with its value and its origin."
        return (Route("GET", "/api/v1/config", READ, about, self._answer),)

    async def _answer(self, _question: Question) -> Response:
        told = {
            key: {"value": str(value) if isinstance(value, Path) else value, "origin": origin}
            for key, value, origin in explained(self._config())
        }
        return json_response(told)
