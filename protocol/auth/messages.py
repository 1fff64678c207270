"""The authentication messages: what counts as one, and the gateway's two answers."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict

import orjson

from protocol.auth import times

_BOM = "\ufeff"


class Auth(TypedDict):
    """The first message of a client."""

    type: Literal["auth"]
    token: Annotated[str, "as `iqrf-trio token create` printed it"]


class Success(TypedDict):
    """The answer to a good token."""

    expiration: Annotated[str, "until when it serves: ISO 8601, UTC"]
    service: Annotated[bool, "whether it has the service permission"]
    type: Literal["auth_success"]


class Failure(TypedDict):
    """Why a client is not let in, or not any longer; the connection is closed then."""

    code: Annotated[Literal[1, 2, 3, 4, 5, 6], "what kind of error it is"]
    error: Annotated[str, "the same in words"]
    type: Literal["auth_error"]


def token_in(text: str | bytes) -> str | None:
    """The token of an authentication message, None for any other JSON.

    A byte order mark in front is passed over. Raises ValueError for what is no JSON.
    """
    # Who is not authenticated yet is not to make the gateway spend time on the text: what the
    # fast parser cannot represent is no JSON here.
    body = text.decode() if isinstance(text, bytes) else text
    return token_of(orjson.loads(body.removeprefix(_BOM)))


def token_of(value: object) -> str | None:
    """The token, if `value` is an object of exactly `"type": "auth"` and a string `token`."""
    if not isinstance(value, dict) or value.keys() != {"type", "token"}:
        return None
    token = value["token"]
    return token if value["type"] == "auth" and isinstance(token, str) else None


def is_auth(text: str | bytes) -> bool:
    """Whether `text` is an authentication message. Raises ValueError for what is no JSON."""
    return token_in(text) is not None


def success(expiration: datetime, *, service: bool) -> str:
    """The answer to a good token: until when it serves, and whether for service mode too."""
    # Clients compare whole strings: members in alphabetical order.
    told = Success(expiration=times.format_iso(expiration), service=service, type="auth_success")
    return orjson.dumps(told).decode()


def failure(code: int, error: str) -> str:
    """The answer to a failed authentication, with its code (1..6) and text."""
    return orjson.dumps({"code": code, "error": error, "type": "auth_error"}).decode()
