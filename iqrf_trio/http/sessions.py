"""Session keys over HTTP: a browser shows its token once and keeps a key instead."""

from attrs import frozen

from iqrf_trio.http.access import KEY_LIFE_S, Keys
from iqrf_trio.http.routes import Openness, Question, Route
from protocol.auth.rights import READ
from protocol.outward.http import ProblemError, Response, json_response


@frozen(eq=False)
class SessionRoutes:
    """Gives and takes back session keys."""

    _keys: Keys

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        path = "/api/v1/session"
        return (
            Route(
                "POST",
                path,
                READ,
                "A session key for the token that is shown.",
                self._begin,
                status=201,
            ),
            Route("GET", path, READ, "What the token or key allows.", self._tell),
            Route(
                "DELETE", path, READ, "End the session key that is shown.", self._end, status=204
            ),
            Route(
                "GET",
                "/ws",
                Openness.ALL,
                "A WebSocket, as on the gateway's own port.",
                _no_ws,
                status=101,
            ),
        )

    async def _begin(self, question: Question) -> Response:
        grant = question.caller.needs(READ)
        key = self._keys.give(question.request.bearer or "", grant)
        told = {"key": key, "seconds": round(KEY_LIFE_S), **self._rights(question)}
        return json_response(told, 201, (("cache-control", "no-store"),))

    async def _tell(self, question: Question) -> Response:
        return json_response(self._rights(question))

    async def _end(self, question: Question) -> Response:
        if not self._keys.take_back(question.request.bearer or ""):
            raise ProblemError(409, "this is a token, no session key: revoke it to end it")
        return Response(204)

    def _rights(self, question: Question) -> dict[str, object]:
        grant = question.caller.needs(READ)
        return {
            "scope": grant.rights.scope.value,
            "service": grant.rights.service,
            "expires": grant.expires_at.isoformat(),
        }


async def _no_ws(question: Question) -> Response:
    """What asks for the WebSocket and did not get it."""
    if question.request.wants_websocket:
        raise ProblemError(403, "pages of another origin get no WebSocket")
    raise ProblemError(426, "this takes a WebSocket", (("upgrade", "websocket"),))
