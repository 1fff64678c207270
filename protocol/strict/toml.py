"""TOML: what its values are called, how they are written, and the reader of them."""

import json
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from math import inf
from typing import Any

from protocol.strict.errors import MemberError
from protocol.strict.reader import Reader, Words
from protocol.strict.shape import Member, key_of

_ARRAYS = {str: "a list of texts", int: "a list of whole numbers", float: "a list of numbers"}


def written(value: object) -> str:
    """A value as TOML; of what is no boolean, number or list the text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, int | float):
        return str(value)
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


class TomlWords(Words):
    """Keys as the attributes are named, in the words of people who edit files."""

    missing = "is missing"

    def name_of(self, member: Member) -> str:
        """The attribute's name, unless the class gives another one."""
        return key_of(member)

    def shown(self, value: object) -> str:
        """Numbers and texts as they are written; what is longer by its kind."""
        if isinstance(value, bool | int | float):
            return written(value)
        for kind, words in ((list, "a list"), (dict, "a section")):
            if isinstance(value, kind):
                return words
        return f"the text {written(value)}" if isinstance(value, str) else f"a {_name(value)}"

    def array(self, item: Any) -> str:
        """A list, of what where that is simple."""
        return _ARRAYS.get(item, "a list")

    def one_of(self, value: object, words: tuple[str, ...]) -> object:
        """`value`, one of these texts; raises MemberError for any other."""
        if isinstance(value, str) and value in words:
            return value
        raise MemberError(f"must be {' or '.join(words)}, not {self.shown(value)}")

    def unknown(self, name: str, known: Sequence[str]) -> MemberError:
        """The refusal of a key, with the one that may have been meant."""
        close = get_close_matches(name, known, 1)
        fix = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        return MemberError("is no known key", f".{name}", fix)

    def no_object(self, value: object, known: Sequence[str]) -> MemberError:
        """The refusal of what is no section, with the keys that it would have."""
        fix = f"give its keys instead: {', '.join(known)}"
        return MemberError(f"is a section, not {self.shown(value)}", fix=fix)


def toml_reader() -> Reader:
    """A reader of TOML, to which the types of one file can be added."""
    reader = Reader(TomlWords())
    reader.register(str, text)
    reader.register(int, whole_number)
    reader.register(float, _float)
    reader.register(bool, _boolean)
    return reader


def _name(value: object) -> str:
    return type(value).__name__


def _only(kind: type | tuple[type, ...], words: str) -> Callable[[object], Any]:
    """Takes only what is of `kind` already."""

    def take(value: object) -> object:
        # A bool is an int to Python, but nobody means 1 by writing true.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise MemberError(f"must be {words}, not {TomlWords().shown(value)}")
        return value

    return take


text = _only(str, "a text")
"""A text; raises MemberError for any other value."""

whole_number = _only(int, "a whole number")
"""A whole number; raises MemberError for any other value."""

_boolean = _only(bool, "true or false")
_number = _only((int, float), "a number")


def _float(value: object) -> float:
    try:
        return float(_number(value))
    except OverflowError:
        return inf  # whoever limits the number refuses it
