"""The console: the files of a page for browsers, which asks everything else by the API."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import trio
from attrs import frozen

from iqrf_trio.http.routes import Openness, Question, Route
from protocol.outward.http import ProblemError, Response, etag_of, with_etag

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load and reach: only this server, and nothing that was written into it."""

_HEADERS = (("content-security-policy", CONTENT_SECURITY_POLICY), ("cache-control", "no-cache"))

_INDEX = "index.html"

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""By the ending of the name; all others are plain text: the licences."""


@frozen
class _File:
    content: bytes
    content_type: str
    etag: str


@frozen(eq=False)
class PageRoutes:
    """The files of the page, which show nothing of this gateway: who it is for has to sign in."""

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        page, part = "The console: a page for browsers.", "A file of the console."
        return (
            Route("GET", "/", Openness.ALL, page, self._answer),
            Route("GET", "/console/{file}", Openness.ALL, part, self._answer),
            Route("GET", "/console/{folder}/{file}", Openness.ALL, part, self._answer),
        )

    async def _answer(self, question: Question) -> Response:
        name = "/".join(question.parts) or _INDEX
        known = await trio.to_thread.run_sync(_files, abandon_on_cancel=True)
        found = known.get(name)
        if found is None:
            raise ProblemError(404, f"the console has no file {name}")
        response = Response(200, found.content, found.content_type, _HEADERS)
        return with_etag(question.request, response, found.etag)


@cache
def _files() -> Mapping[str, _File]:
    """All files by their path, read when the first browser comes."""
    return {name: _file(name, each.read_bytes()) for name, each in _walk(files(__package__))}


def _file(name: str, content: bytes) -> _File:
    kind = _TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")
    return _File(content, kind, etag_of(content))


def _walk(package: Traversable) -> list[tuple[str, Traversable]]:
    """The files of the folder `console` and of its folders."""
    found = []
    for each in (package / "console").iterdir():
        inside = [each] if each.is_file() else each.iterdir()
        prefix = "" if each.is_file() else f"{each.name}/"
        found += [(prefix + file.name, file) for file in inside if file.is_file()]
    return found
