"""Messages as no client should write them: random ones, and good ones gone wrong."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from attrs import define

from protocol.api.registry import REGISTRY

from .test_registry import document

LONGEST = 16_000
"""Characters; longer messages are refused before anybody reads them."""

_PIECES = [
    *('"', "{", "}", "[", "]", ":", ",", "\\", "\\u", "\\ud800", "null", "true", "-", "1e", "0"),
    *("\x00", "\ufeff", "\u2028", "é", "\U0001f4a9", " ", "\n", "NaN", "Infinity", "//", "'"),
]
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 5, 239, 240, 255, 256, 65536, 2**31, 2**63, 2**64, -(2**63)),
    *(0.5, -0.0, 1e308, "", "1", "async", "0", "00.00", "ff" * 100, "\x00", "é" * 50, "x" * 5000),
    *([], {}, [[]], [{}], {"": None}, {"req": {}}, [0, 0], [1, "1"], {"type": "auth"}, ["a"] * 500),
]


@define
class Mutations:
    """An endless supply, the same for the same seed; `mtypes` are the good ones to begin with."""

    _random: Random
    _mtypes: tuple[str, ...] = tuple(REGISTRY)
    _more: tuple[Any, ...] = ()
    """Good messages beside the examples of the rows, as objects."""

    def __iter__(self) -> Iterator[str]:
        ways = self._structure, self._structure, self._text, self._text, self._junk, self._value
        while True:
            yield self._random.choice(ways)()[:LONGEST]

    def inner(self) -> Iterator[str]:
        """The same without end, where only what is within `req` goes wrong, or nothing does."""
        while True:
            message = self._good()
            for _ in range(self._random.randrange(3)):
                self._replace(message["data"].get("req"))
            yield json.dumps(message)[:LONGEST]

    def _good(self) -> Any:
        if self._more and self._random.random() < 0.8:
            return deepcopy(self._random.choice(self._more))
        return document(REGISTRY[self._random.choice(self._mtypes)])

    def _replace(self, place: Any) -> None:
        """Put another value into an object or array, at any depth."""
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = self._random.choice(keys)
            if not isinstance(place[key], dict | list) or self._random.random() < 0.2:
                place[key] = deepcopy(self._random.choice(_VALUES))
                return
            place = place[key]

    def _structure(self) -> str:
        """A good message with members replaced, removed or added somewhere."""
        message = self._good()
        for _ in range(self._random.randrange(3)):
            self._change(message)
        return json.dumps(message, ensure_ascii=self._random.random() < 0.5)

    def _change(self, message: Any) -> None:
        place = message
        while isinstance(place, dict) and self._random.random() < 0.7:
            inner = [value for value in place.values() if isinstance(value, dict) and value]
            if not inner:
                break
            place = self._random.choice(inner)
        key = self._random.choice([*place, "timeout", "returnVerbose", "ver", "x", "msgId", "req"])
        if self._random.random() < 0.3:
            place.pop(key, None)
        else:
            place[key] = deepcopy(self._random.choice(_VALUES))

    def _text(self) -> str:
        """A good message that was cut, torn, or sprinkled with what does not belong there."""
        text = json.dumps(self._good())
        for _ in range(self._random.randrange(1, 4)):
            at, length = self._random.randrange(len(text) + 1), self._random.randrange(1, 12)
            cut = self._random.choice(["", text[at : at + length] * 2, *_PIECES])
            text = text[:at] + cut + text[at + self._random.choice([0, 1, length]) :]
        return text

    def _junk(self) -> str:
        return "".join(self._random.choices(_PIECES, k=self._random.randrange(40)))

    def _value(self) -> str:
        depth = self._random.choice([0, 0, 1, 5, 200, 2000])
        opening, closing = self._random.choice([("[", "]"), ('{"data":', "}"), ('{"mType":', "}")])
        return opening * depth + json.dumps(self._random.choice(_VALUES)) + closing * depth
