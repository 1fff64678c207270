"""The console: the files of a page for browsers, which asks everything else by the API."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
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

_POLICY = ("content-security-policy", CONTENT_SECURITY_POLICY)
_ASK_AGAIN = (_POLICY, ("cache-control", "no-cache"))
_KEEP = (_POLICY, ("cache-control", "max-age=31536000, immutable"))

_INDEX = "index.html"

_FOLDER = "console/"
"""Below which the page's files are; the index names them with their version in between."""

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
class _Page:
    """All files by their path, and the version that they have together.

    `index` is the one that names the others with the version in their addresses.
    """

    index: _File
    files: Mapping[str, _File]
    version: str


@frozen(eq=False)
class PageRoutes:
    """The files of the page, which show nothing of this gateway: who it is for has to sign in.

    A browser asks for each file once: its address has the version in it, and it may be kept for
    ever. Without a version, or with that of a former gateway, it is asked for again each time.
    """

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        page, part = "The console: a page for browsers.", "A file of the console."
        return (
            Route("GET", "/", Openness.ALL, page, self._answer),
            Route("GET", "/console/{file}", Openness.ALL, part, self._answer),
            Route("GET", "/console/{folder}/{file}", Openness.ALL, part, self._answer),
            Route("GET", "/console/{version}/{folder}/{file}", Openness.ALL, part, self._answer),
        )

    async def _answer(self, question: Question) -> Response:
        page = await trio.to_thread.run_sync(_page, abandon_on_cancel=True)
        asked, kept = question.parts, False
        if len(asked) > 1 and len(asked[0]) == len(page.version):
            kept, asked = asked[0] == page.version, asked[1:]
        name = "/".join(asked)
        found = page.files.get(name) if name else page.index
        if found is None:
            raise ProblemError(404, f"the console has no file {name}")
        response = Response(200, found.content, found.content_type, _KEEP if kept else _ASK_AGAIN)
        return with_etag(question.request, response, found.etag)


@cache
def _page() -> _Page:
    """The files, read when the first browser comes."""
    contents = {name: each.read_bytes() for name, each in _walk(files(__package__))}
    joined = b"".join(name.encode() + contents[name] for name in sorted(contents))
    version = sha256(joined).hexdigest()[:16]
    index = contents[_INDEX].replace(_FOLDER.encode(), f"{_FOLDER}{version}/".encode())
    named = {name: _file(name, each) for name, each in contents.items()}
    return _Page(_file(_INDEX, index), named, version)


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
