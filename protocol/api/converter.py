"""JSON of clients as the API's classes: an InvalidRequestError says what is wrong, and where."""

from collections.abc import Callable
from typing import TypeVar

from protocol.api.errors import InvalidRequestError
from protocol.strict.errors import MemberError
from protocol.strict.json import json_reader

T = TypeVar("T")

_READER = json_reader()

register = _READER.register
"""Let a function make the values of a type in requests (see Reader)."""


def structure(value: object, type_: type[T]) -> T:
    """`value` (parsed JSON) as `type_`; raises InvalidRequestError with path and reason."""
    return reader(type_)(value)


def reader(type_: type[T]) -> Callable[[object], T]:
    """What `structure` does for one type, for whoever does it often."""
    return _READER.reading(type_, _refusal)


def _refusal(error: MemberError) -> InvalidRequestError:
    return InvalidRequestError(f"{error.path.lstrip('.') or 'message'}: {error.reason}")
