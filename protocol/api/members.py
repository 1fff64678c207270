"""What the value of a JSON member may be: strict checks, and the words for what is wrong."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sized
from string import hexdigits
from types import NoneType
from typing import Any

from attrs import frozen

from protocol.api.errors import shorten

MAX_DEPTH = 64
"""Levels of nesting in free-form objects; the writer of JSON gives up at 254."""

_BEYOND = 2.0**63
"""A floating-point number from here on may be meant as any of many integers."""


class MemberError(ValueError):
    """Why a value cannot be what a member asks for: the reason alone, without the path."""


@frozen
class Range:
    """The inclusive limits of a number: `Annotated[int, Range(0, 239)]`."""

    low: int | None
    high: int | None = None

    def __call__(self, value: int) -> None:
        """Raise MemberError for a number outside."""
        if self.low is not None and value < self.low:
            raise MemberError(f"must be at least {self.low}, not {value}")
        if self.high is not None and value > self.high:
            raise MemberError(f"must be at most {self.high}, not {value}")


@frozen
class RangeOr:
    """The inclusive limits of a number, or one of a few others: `RangeOr(1, 239, (255,))`."""

    low: int
    high: int
    others: tuple[int, ...]

    def __call__(self, value: int) -> None:
        """Raise MemberError for any other number."""
        if value not in self.others and not self.low <= value <= self.high:
            others = " or ".join(map(str, self.others))
            raise MemberError(f"must be {self.low} to {self.high}, or {others}, not {value}")


@frozen
class Multiple:
    """A multiple of `step` from 0 to `high`: `Multiple(16, 112)`."""

    step: int
    high: int

    def __call__(self, value: int) -> None:
        """Raise MemberError for any other number."""
        if value % self.step or not 0 <= value <= self.high:
            raise MemberError(
                f"must be a multiple of {self.step} from 0 to {self.high}, not {value}"
            )


@frozen
class AtMost:
    """The greatest number of items: `Annotated[tuple[int, ...], AtMost(240)]`."""

    count: int

    def __call__(self, value: Sized) -> None:
        """Raise MemberError for more items."""
        if len(value) > self.count:
            raise MemberError(f"must have at most {self.count} items, not {len(value)}")


@frozen
class HexDigits:
    """How many hexadecimal digits a text has: `Annotated[str, HexDigits(8)]`."""

    count: int

    def __call__(self, value: str) -> None:
        """Raise MemberError for any other text."""
        if len(value) != self.count or not set(value) <= set(hexdigits):
            raise MemberError(f"must be {self.count} hexadecimal digits")


@frozen
class AtLeast:
    """The smallest number of items: `Annotated[tuple[int, ...], AtLeast(6)]`."""

    count: int

    def __call__(self, value: Sized) -> None:
        """Raise MemberError for fewer items."""
        if len(value) < self.count:
            raise MemberError(f"must have at least {self.count} items, not {len(value)}")


@frozen
class Exactly:
    """The number of items: `Annotated[tuple[str, ...], Exactly(7)]`."""

    count: int

    def __call__(self, value: Sized) -> None:
        """Raise MemberError for any other number of items."""
        if len(value) != self.count:
            raise MemberError(f"must have {self.count} items, not {len(value)}")


@frozen
class Pattern:
    """What a string looks like, as a regular expression and in words for those who err."""

    regex: str
    words: str

    def __call__(self, value: str) -> None:
        """Raise MemberError for a string that does not match as a whole."""
        if not re.fullmatch(self.regex, value, re.ASCII):
            raise MemberError(f"must be {self.words}, not {shorten(value)!r}")


def distinct(value: Iterable[Hashable]) -> None:
    """Raise MemberError for items that repeat: `Annotated[tuple[int, ...], distinct]`."""
    seen: dict[Hashable, int] = {}
    for index, item in enumerate(value):
        if (first := seen.setdefault(item, index)) != index:
            raise MemberError(f"item {index} repeats item {first}")


_KINDS: Mapping[type, str] = {
    NoneType: "null",
    bool: "a boolean",  # before int, which it is to Python
    int: "an integer",
    float: "a floating-point number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    for type_, word in _KINDS.items():
        if isinstance(value, type_):
            return word
    return type(value).__name__


def _strictly(*types: type, word: str) -> Callable[[object], Any]:
    def check(value: object) -> object:
        if isinstance(value, types) and (bool in types or not isinstance(value, bool)):
            return value
        raise MemberError(f"must be {word}, not {kind(value)}")

    return check


# Each returns the value as it is, or raises MemberError; a boolean is no number.
number = _strictly(int, float, word="a number")
string = _strictly(str, word="a string")
boolean = _strictly(bool, word="a boolean")
an_object = _strictly(dict, word="an object")
array = _strictly(list, word="an array")


def whole(value: object) -> int | None:
    """`value` as an integer if it is one, as in JSON Schema: 1000.0 is, True and 1e30 are not."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _BEYOND:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def integer(value: object) -> int:
    """The integer that `value` is; raises MemberError for any other value."""
    result = whole(value)
    if result is None:
        raise MemberError(f"must be an integer, not {kind(value)}")
    return result


def one_of(value: object, words: tuple[str, ...]) -> object:
    """`value`, one of these strings; raises MemberError for any other."""
    if isinstance(value, str) and value in words:
        return value
    shown = repr(shorten(value)) if isinstance(value, str) else kind(value)
    raise MemberError(f"must be one of {', '.join(map(repr, words))}, not {shown}")


def free_object(value: object) -> object:
    """An object of any content, refused where it is nested too deep to be written again."""
    level = [an_object(value)]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers_in(outer)]
        if not level:
            return value
    raise MemberError(f"must not be nested deeper than {MAX_DEPTH} levels")


def _containers_in(container: Any) -> Iterable[object]:
    items = container.values() if isinstance(container, dict) else container
    return (item for item in items if isinstance(item, dict | list))
