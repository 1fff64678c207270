"""What a number, a text or a list may be beyond its type, said in `Annotated` beside it.

Each is called with the value, and raises MemberError for one that may not be. The schemas and the
documents read the same objects.
"""

import re
from collections.abc import Hashable, Iterable, Sized
from string import hexdigits

from attrs import frozen

from protocol.strict.errors import MemberError, shorten


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
    """The greatest number of items: `Annotated[tuple[int, ...], AtMost(240)]`, or of characters."""

    count: int

    def __call__(self, value: Sized) -> None:
        """Raise MemberError for more of them."""
        if len(value) > self.count:
            what = "characters" if isinstance(value, str) else "items"
            raise MemberError(f"must have at most {self.count} {what}, not {len(value)}")


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
