"""Whether messages are what the generated schemas say: strictly, with no member undeclared."""

from collections.abc import Callable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from protocol.api import schemas
from protocol.api.errors import MESSAGE_ERROR
from protocol.api.family import Row
from protocol.api.registry import REGISTRY, UNASKED

Complaint = str | None
"""What is wrong with a message and where; None for a good one."""


def complaint_about_request(row: Row, message: Any) -> Complaint:
    """What the schema of the request says against it."""
    return _complaint(_request(row), message)


def complaint_about_answer(mtype: str, message: Any) -> Complaint:
    """What the schemas say against what the gateway sent as a message of this type."""
    if mtype in REGISTRY:
        return _complaint(_answer(mtype), message)
    if mtype in UNASKED:
        return _complaint(_made(lambda: schemas.unasked(UNASKED[mtype], strict=True)), message)
    if mtype == MESSAGE_ERROR:
        return _complaint(_error(), message)
    return f"there is no schema of {mtype}"


def complaint_about_authentication(message: Any) -> Complaint:
    """What the schemas say against the gateway's answer to a token."""
    return _complaint(_authentication(message.get("type")), message)


@cache
def _request(row: Row) -> Any:
    return Draft202012Validator(schemas.request(row))


@cache
def _answer(mtype: str) -> Any:
    return Draft202012Validator(schemas.answer(REGISTRY[mtype], strict=True))


def _made(make: Callable[[], Any]) -> Any:
    return Draft202012Validator(make())


@cache
def _error() -> Any:
    return Draft202012Validator(schemas.message_error(strict=True))


@cache
def _authentication(kind: object) -> Any:
    return Draft202012Validator(schemas.authentication(strict=True)[str(kind)])


def _complaint(validator: Any, message: Any) -> Complaint:
    for error in validator.iter_errors(message):
        place = ".".join(map(str, error.absolute_path))
        return f"{place}: {error.message}"
    return None
