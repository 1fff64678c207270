"""All that can be asked over HTTP, told over HTTP."""

from collections.abc import Sequence

from iqrf_trio.http.routes import Openness, Question, Route, Routes
from protocol.auth.rights import READ
from protocol.outward.http import Response, json_response


def listed(routes: Sequence[Route]) -> Routes:
    """These routes, and one that lists them all."""

    async def answer(_question: Question) -> Response:
        return json_response([_told(each) for each in (*routes, listing)])

    listing = Route("GET", "/api/v1", READ, "All that can be asked over HTTP.", answer)
    return Routes((*routes, listing))


def _told(route: Route) -> dict[str, object]:
    needed = route.rights
    open_to = needed.value if isinstance(needed, Openness) else None
    return {
        "method": route.method,
        "path": route.path,
        "about": route.about,
        "query": dict(route.query),
        "body": dict(route.body),
        "open": open_to,
        "scope": None if isinstance(needed, Openness) else needed.scope.value,
        "service": not isinstance(needed, Openness) and needed.service,
    }
