"""HTTP as values: requests, responses, problems, and who may ask for what by which name.

Sources: RFC 9110 (semantics), RFC 9457 (problem details), RFC 6750 (bearer tokens).
"""

from collections.abc import AsyncIterable, Mapping
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from attrs import field, frozen

JSON = "application/json"
JSON_LINES = "application/jsonl"
PROBLEM = "application/problem+json"
TEXT = "text/plain; charset=utf-8"

Headers = tuple[tuple[str, str], ...]

_BEARER = "bearer"
_MAX_FIELDS = 50
"""Parameters of a query that are looked at; more is no request of ours."""


@frozen
class Request:
    """One request. `path` is decoded and without the query, names of `headers` are lower case.

    `query` holds the last value of each parameter.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict)
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The header of this lower-case name; of several the values joined by commas."""
        values = [value for each, value in self.headers if each == name]
        return ", ".join(values) if values else None

    @property
    def joined_headers(self) -> Mapping[str, str]:
        """All headers by name, several of one name joined by commas (RFC 9110, 5.3)."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header; None without one, or of another kind."""
        scheme, _, token = (self.header("authorization") or "").partition(" ")
        return token.strip() or None if scheme.lower() == _BEARER else None

    @property
    def wants_websocket(self) -> bool:
        """Whether the connection is to become a WebSocket."""
        return (self.header("upgrade") or "").strip().lower() == "websocket"


@frozen
class Response:
    """One answer; a body that comes in pieces is sent as they come."""

    status: int
    body: bytes | AsyncIterable[bytes] = b""
    content_type: str = ""
    headers: Headers = ()


class ProblemError(Exception):
    """A request that is refused: the status, and in words what is wrong with it."""

    def __init__(self, status: int, detail: str, headers: Headers = ()) -> None:
        self.status = status
        self.detail = detail
        self.headers = headers
        super().__init__(f"{status}: {detail}")

    def response(self) -> Response:
        """The problem as an answer (RFC 9457)."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return Response(self.status, orjson.dumps(document), PROBLEM, self.headers)


class CutShortError(Exception):
    """The rest of an answer is not given: whoever asked for it may not have it any more."""


def parse_target(target: str) -> tuple[str, Mapping[str, str]]:
    """Path and query of a request target, decoded; raises ProblemError 400 for what is none."""
    try:
        split = urlsplit(target)
        path = unquote(split.path, errors="strict")
        query = parse_qsl(
            split.query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError as error:
        raise ProblemError(400, f"the address of the request cannot be read: {error}") from None
    if not path.startswith("/"):
        raise ProblemError(400, "the address of the request has no path")
    return path, dict(query)


def json_response(value: object, status: int = 200, headers: Headers = ()) -> Response:
    """`value` as JSON."""
    return Response(status, orjson.dumps(value), JSON, headers)


def etag_of(content: bytes) -> str:
    """What names this very content."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def with_etag(request: Request, response: Response, etag: str) -> Response:
    """The response, or 304 where the client has this content already."""
    headers = (*response.headers, ("etag", etag))
    known = request.header("if-none-match") or ""
    # What is asked with GET needs no more than the same meaning (RFC 9110, 13.1.2).
    if "*" in known or _strong(etag) in {_strong(each.strip()) for each in known.split(",")}:
        return Response(304, b"", "", headers)
    return Response(response.status, response.body, response.content_type, headers)


def _strong(etag: str) -> str:
    return etag.removeprefix("W/")


def host_of(header: str) -> str:
    """The name in a Host header, lower case and without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def is_named(request: Request, names: frozenset[str]) -> bool:
    """Whether the request asks for one of `names`, or for an address.

    An IP address is always fine: a page cannot make it mean another machine.
    """
    host = host_of(request.header("host") or "")
    if host in names:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_host(request: Request, names: frozenset[str]) -> None:
    """Refuse names that are none of ours, so that no page reaches us by a name of its own.

    Raises ProblemError: 421, and 400 where the header is missing.
    """
    header = request.header("host")
    if header is None:
        raise ProblemError(400, "the header Host is missing")
    if not is_named(request, names):
        fix = "add the name to http.hosts of the configuration"
        raise ProblemError(421, f"this gateway is not asked by the name {host_of(header)!r}; {fix}")


def is_same_origin(request: Request) -> bool:
    """Whether a request comes from a page of this server, or from no page at all."""
    origin = request.header("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == (request.header("host") or "").strip().lower()
