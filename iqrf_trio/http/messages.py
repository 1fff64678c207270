"""The messages of the JSON API over HTTP, with their schemas, so that forms can be made of them."""

from functools import cache

import orjson
from attrs import frozen

from iqrf_trio.http.routes import Question, Route
from protocol.api import schemas
from protocol.api.family import Row
from protocol.api.registry import REGISTRY
from protocol.auth.rights import READ, Rights
from protocol.outward.http import JSON, Response, etag_of, with_etag


@frozen(eq=False)
class MessageRoutes:
    """Which requests there are."""

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "All requests of the JSON API with the schema of `req`, an example and the scope."
        return (Route("GET", "/api/v1/messages", READ, about, self._answer),)

    async def _answer(self, question: Question) -> Response:
        body = _document()
        return with_etag(question.request, Response(200, body, JSON), etag_of(body))


@cache
def _document() -> bytes:
    return orjson.dumps({"messages": [_message(REGISTRY[name]) for name in sorted(REGISTRY)]})


def _message(row: Row) -> dict[str, object]:
    """`scope` is null where it depends on the parameters, `schema` where there is no `req`."""
    rights = row.rights if isinstance(row.rights, Rights) else None
    final = row.final
    return {
        "mType": row.mtype,
        "about": row.about,
        "lane": row.lane.value,
        "scope": rights.scope.value if rights else None,
        "service": rights.service if rights else False,
        "schema": None if row.parameters is None else schemas.schema(row.parameters),
        "example": row.example,
        "extras": sorted(extra.value for extra in row.extras),
        "final": final
        and {"member": final.member, "value": final.value, "byDevice": final.by_device},
    }
