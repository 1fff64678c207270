"""The JSON object in the body of a request, read strictly: wrong members are told, not ignored."""

from collections.abc import Collection, Mapping
from typing import TypeVar

import orjson

from protocol.outward.http import ProblemError, Request

T = TypeVar("T")

Body = Mapping[str, object]


def json_object(request: Request, members: Collection[str]) -> Body:
    """The members of the body, none but `members`; no body is none. Raises ProblemError 400."""
    try:
        body = orjson.loads(request.body or b"{}")
    except ValueError:
        raise ProblemError(400, "the body has to be a JSON object") from None
    if not isinstance(body, dict):
        raise ProblemError(400, "the body has to be a JSON object")
    if unknown := sorted(body.keys() - set(members)):
        known = ", ".join(members) or "none"
        raise ProblemError(400, f"the member {unknown[0]!r} is not known; known are: {known}")
    return body


def member(body: Body, name: str, kind: type[T], default: T | None = None) -> T:
    """A member of this JSON type; the default where it is missing. Raises ProblemError 400."""
    value = body.get(name, default)
    if value is None and name not in body:
        raise ProblemError(400, f"the member {name!r} is missing")
    if type(value) is not kind:
        raise ProblemError(400, f"{name!r} has to be {_NAMES[kind]}")
    return value


_NAMES: Mapping[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}
