"""Reading a table of TOML key by key, without guessing what was meant."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Literal, TypeVar, cast

from attrs import define, field

T = TypeVar("T")


class _Default(Enum):
    NONE = "the key must be given"


_Required = Literal[_Default.NONE]

_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


class NetworkFileError(Exception):
    """The description of a network cannot be used; the text says where and why."""


@define
class Table:
    """One table; `place` is what to call it in errors. Keys are taken, `close` refuses the rest."""

    place: str
    _values: dict[str, object]
    _known: list[str] = field(init=False, factory=list)

    def take(self, key: str, kind: type[T], default: T | _Required = _Default.NONE) -> T:
        """The value of `key`, or the default; raises NetworkFileError."""
        self._known.append(key)
        if key not in self._values:
            if default is _Default.NONE:
                raise self.error(key, "is missing")
            return default
        return self.checked(key, self._values.pop(key), kind)

    def number(
        self, key: str, low: int, high: int, default: int | _Required = _Default.NONE
    ) -> int:
        """The whole number of `key`, in `low..high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise self.error(key, f"must be in {low}..{high}, not {value}")
        return value

    def choice(
        self, key: str, choices: Iterable[str], default: str | _Required = _Default.NONE
    ) -> str:
        """The text of `key`, one of `choices`."""
        value = self.take(key, str, default)
        if value not in choices:
            raise self.error(key, f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def checked(self, key: str, value: object, kind: type[T]) -> T:
        """`value`, if it is of `kind`; a whole number is a number too."""
        if isinstance(value, bool) == (kind is bool):
            if isinstance(value, kind):
                return value
            if isinstance(value, int) and kind is float:
                return cast("T", value)
        raise self.error(key, f"must be {_KINDS[kind]}, not {value!r}")

    def has(self, key: str) -> bool:
        """Whether `key` is given and not taken yet."""
        return key in self._values

    def table(self, key: str) -> "Table":
        """The table of `key`, empty if there is none."""
        return Table(f"{self.place}{key}.", self.take(key, dict, {}))

    def tables(self, key: str) -> Iterator["Table"]:
        """The tables in the list of `key`."""
        for number, values in enumerate(self.take(key, list, [])):
            name = f"{key}[{number}]"
            yield Table(f"{self.place}{name}.", self.checked(name, values, dict))

    def close(self) -> None:
        """Raise NetworkFileError for a key that nobody has taken."""
        for key in self._values:
            raise self.error(key, f"is no known key (known here: {', '.join(self._known)})")

    def error(self, key: str, reason: str) -> NetworkFileError:
        """The error to raise because of `key`."""
        return NetworkFileError(f"{self.place}{key} {reason}")
