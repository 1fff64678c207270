"""A second reader of JSON, slow and exact, for the texts that the fast one refuses or alters.

RFC 8259 allows what an answer cannot hold: integers of any size, numbers beyond a double, half
a surrogate pair, nesting of any depth. The fast reader refuses most of it as if it were no JSON,
and turns long integers into floating-point numbers without a word. This reader tells such
texts apart from texts that are no JSON, and names the member.

It keeps its own stack: a text of ten thousand brackets cannot exhaust Python's.
"""

import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from math import isinf
from typing import Any

from attrs import define, field, frozen

MAX_DEPTH = 1024
"""Levels of nesting that are read: as many as the fast reader reads."""

_MAX_PATH = 80
"""Characters of a path in the text of a problem."""

_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
"""The integers that the writer of answers can write."""

_MAX_DIGITS = 20
"""The digits of the highest; Python refuses to convert some thousands."""

_HALF_PAIR = "a text with half a surrogate pair"

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:
    (?P<mark>[\[\]{},:])
    |(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")
    |(?P<integer>-?(?:0|[1-9][0-9]*+))(?P<rest>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
    |(?P<word>true|false|null)
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}


@frozen
class Document:
    """The value of a JSON text.

    `problem` is the path and the reason of the first thing in it that no answer could hold; in
    `value` None stands in place of such things, and members are left out whose names are such.
    """

    value: object
    problem: str | None = None


def read(text: str) -> Document | None:
    """What stands in `text`, None where it is no JSON."""
    reader = _Reader()
    try:
        for token in _tokens(text):
            reader.take(token)
    except _SyntaxError:
        return None
    return reader.document() if reader.complete else None


class _SyntaxError(Exception):
    """This is no JSON."""


class _Due(Enum):
    """What has to come next."""

    VALUE = auto()
    FIRST_ITEM = auto()  # a value, or the end of the array
    FIRST_NAME = auto()  # a name, or the end of the object
    NAME = auto()
    COLON = auto()
    COMMA = auto()  # or the end of the container


@define
class _Level:
    """A container that has not ended; `kept` is None below the greatest depth."""

    is_object: bool
    kept: Any
    name: str | None = ""
    index: int = 0

    def put(self, value: object) -> None:
        if self.kept is None:
            pass
        elif not self.is_object:
            self.kept.append(value)
        elif self.name is not None:
            self.kept[self.name] = value

    @property
    def step(self) -> str:
        return f".{self.name}" if self.is_object else f"[{self.index}]"


@define
class _Reader:
    _levels: list[_Level] = field(factory=list)
    _due: _Due = _Due.VALUE
    _value: object = None
    _problem: str | None = None
    complete: bool = False

    def document(self) -> Document:
        return Document(self._value, self._problem)

    def take(self, token: "re.Match[str]") -> None:
        if self.complete:
            raise _SyntaxError
        kind = token.lastgroup
        if kind == "mark":
            self._mark(token["mark"])
        elif kind == "string" and self._due in (_Due.NAME, _Due.FIRST_NAME):
            self._levels[-1].name = self._name(token["string"])
            self._due = _Due.COLON
        elif self._due in (_Due.VALUE, _Due.FIRST_ITEM):
            self._put(self._scalar(token))
        else:
            raise _SyntaxError

    def _mark(self, mark: str) -> None:
        due = self._due
        if mark in "[{" and due in (_Due.VALUE, _Due.FIRST_ITEM):
            self._open(is_object=mark == "{")
        elif mark == ":" and due is _Due.COLON:
            self._due = _Due.VALUE
        elif mark == "," and due is _Due.COMMA:
            level = self._levels[-1]
            level.index += 1
            self._due = _Due.NAME if level.is_object else _Due.VALUE
        elif mark in "]}" and self._may_end(is_object=mark == "}"):
            self._put(self._levels.pop().kept)
        else:
            raise _SyntaxError

    def _open(self, *, is_object: bool) -> None:
        kept: object = {} if is_object else []
        if len(self._levels) >= MAX_DEPTH:
            kept = None
            self._complain(f"nested deeper than {MAX_DEPTH} levels")
        self._levels.append(_Level(is_object, kept))
        self._due = _Due.FIRST_NAME if is_object else _Due.FIRST_ITEM

    def _may_end(self, *, is_object: bool) -> bool:
        first = _Due.FIRST_NAME if is_object else _Due.FIRST_ITEM
        fits = bool(self._levels) and self._levels[-1].is_object is is_object
        return fits and self._due in (first, _Due.COMMA)

    def _put(self, value: object) -> None:
        if self._levels:
            self._levels[-1].put(value)
            self._due = _Due.COMMA
        else:
            self._value, self.complete = value, True

    def _scalar(self, token: "re.Match[str]") -> object:
        if word := token["word"]:
            return _WORDS[word]
        if string := token["string"]:
            value: object = _text(string)
            reason = _HALF_PAIR
        elif rest := token["rest"]:
            value, reason = (
                _double(token["integer"] + rest),
                "a number beyond the range of a double",
            )
        else:
            value, reason = _integer(token["integer"]), "an integer beyond 64 bits"
        if value is None:
            self._complain(reason)
        return value

    def _name(self, string: str) -> str | None:
        name = _text(string)
        if name is None:
            self._levels[-1].name = "?"
            self._complain(f"its name is {_HALF_PAIR}")
        return name

    def _complain(self, reason: str) -> None:
        """Remember the first problem, with the path to it."""
        if self._problem is None:
            path = "".join(level.step for level in self._levels).lstrip(".")
            short = path if len(path) <= _MAX_PATH else path[:_MAX_PATH] + "…"
            self._problem = f"{short or 'message'}: {reason}"


def _tokens(text: str) -> "Iterator[re.Match[str]]":
    place, end = 0, len(text.rstrip(" \t\n\r"))
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            raise _SyntaxError
        yield token
        place = token.end()


def _text(string: str) -> str | None:
    """The text of a JSON string, None for one that no UTF-8 can hold."""
    text: str = json.loads(string)
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _double(number: str) -> float | None:
    value = float(number)
    return None if isinf(value) else value


def _integer(digits: str) -> int | None:
    if len(digits) > _MAX_DIGITS:
        return None
    value = int(digits)
    return value if _LOWEST <= value <= _HIGHEST else None
