"""Which path is answered by what, and what it takes to ask."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from enum import Enum

from attrs import field, frozen

from iqrf_trio.http.access import Caller
from protocol.auth.rights import READ, Rights
from protocol.outward.http import JSON, ProblemError, Request, Response


class Openness(Enum):
    """Who may ask without a token."""

    ALL = "everybody"
    LOCAL = "programs on this machine; others need a token"


@frozen(eq=False)
class Question:
    """One request with who asks, and the parts of the path that the route left open."""

    request: Request
    caller: Caller
    parts: tuple[str, ...] = ()


Answerer = Callable[[Question], Awaitable[Response]]


@frozen(eq=False)
class Route:
    """One path and method. `rights` is what it takes, or who may ask without a token.

    A part of `path` such as `{id}` stands for any one part. `about` says in a sentence what is
    answered, `query` what the parameters mean and `body` what the members of a JSON body mean, by
    name. `status` is that of a request that went well, `content` the type of its answer.
    """

    method: str
    path: str
    rights: Rights | Openness
    about: str
    answer: Answerer
    query: Mapping[str, str] = field(factory=dict)
    body: Mapping[str, str] = field(factory=dict)
    status: int = 200
    content: str = JSON


@frozen(eq=False)
class Routes:
    """All routes, and which of them answers a request."""

    _routes: tuple[Route, ...]
    _by_path: Mapping[tuple[str, ...], dict[str, Route]] = field(init=False)

    @_by_path.default
    def _make_index(self) -> Mapping[tuple[str, ...], dict[str, Route]]:
        index: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in self._routes:
            index.setdefault(_split(route.path), {})[route.method] = route
        return index

    def __iter__(self) -> Iterator[Route]:
        """In the order in which they were given."""
        return iter(self._routes)

    def name_of(self, request: Request) -> str:
        """The path of the route that a request asks, "other" for none."""
        asked = _split(request.path)
        for pattern in self._by_path:
            if _open_parts(pattern, asked) is not None:
                return "/" + "/".join(pattern)
        return "other"

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer. Raises ProblemError 400, 404, 405, and what a route does."""
        route, parts = self._find(request)
        if isinstance(route.rights, Rights):
            caller.needs(route.rights)
        elif route.rights is Openness.LOCAL and not caller.local:
            caller.needs(READ)
        if route.query and (unknown := sorted(request.query.keys() - route.query.keys())):
            known = ", ".join(route.query)
            text = f"the parameter {unknown[0]!r} is not known; known are: {known}"
            raise ProblemError(400, text)
        return await route.answer(Question(request, caller, parts))

    def _find(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        asked = _split(request.path)
        for pattern, methods in self._by_path.items():
            parts = _open_parts(pattern, asked)
            if parts is None:
                continue
            route = methods.get("GET" if request.method == "HEAD" else request.method)
            if route is None:
                allowed = {*methods, "HEAD"} if "GET" in methods else {*methods}
                allow = (("allow", ", ".join(sorted(allowed))),)
                text = f"{request.method} is not possible here"
                raise ProblemError(405, text, allow)
            return route, parts
        raise ProblemError(404, f"there is nothing at {request.path}")


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _open_parts(pattern: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...] | None:
    """What stands for the open parts of the pattern; None where the path is another one."""
    if len(pattern) != len(asked):
        return None
    pairs = tuple(zip(pattern, asked, strict=True))
    if any(part != here and not part.startswith("{") for part, here in pairs):
        return None
    return tuple(here for part, here in pairs if part.startswith("{"))
