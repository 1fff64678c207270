"""JSON: what its values are called, what each may be, and the reader of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any

from protocol.strict.errors import MemberError, shorten
from protocol.strict.reader import Reader, Words
from protocol.strict.shape import Member

JsonObject = Mapping[str, object]
"""An object whose members nobody but its owner knows."""

MAX_DEPTH = 64
"""Levels of nesting in free-form objects; the writer of JSON gives up at 254."""

_BEYOND = 2.0**63
"""A floating-point number from here on may be meant as any of many integers."""

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


class JsonWords(Words):
    """Members as clients spell them, and the words of JSON Schema."""

    missing = "required member is missing"

    def name_of(self, member: Member) -> str:
        """The name of the member, in camel case."""
        return member.name

    def shown(self, value: object) -> str:
        """The kind of a value: the value itself may be long, or a secret."""
        return kind(value)

    def array(self, _item: Any) -> str:
        """An array, of whatever."""
        return _KINDS[list]

    def one_of(self, value: object, words: tuple[str, ...]) -> object:
        """`value`, one of these strings; raises MemberError for any other."""
        return one_of(value, words)

    def unknown(self, name: str, known: Sequence[str]) -> MemberError:
        """The refusal of a member, with those that there are."""
        there = ", ".join(known) or "none"
        return MemberError(f"unknown member {shorten(name)!r} (known: {there})")

    def no_object(self, value: object, _known: Sequence[str]) -> MemberError:
        """The refusal of what is no object."""
        return MemberError(f"must be {_KINDS[dict]}, not {kind(value)}")


def json_reader() -> Reader:
    """A reader of JSON, to which the types of one API can be added."""
    reader = Reader(JsonWords())
    for type_, read in (
        (int, integer),
        (float, number),
        (str, string),
        (bool, boolean),
        (JsonObject, free_object),
    ):
        reader.register(type_, read)
    return reader
