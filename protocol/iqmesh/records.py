"""What plans write into the gateway's own books, and read there: actions beside the radio."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from protocol.strict.json import JsonObject


@frozen
class Keep:
    """Keep something under a name, for whoever goes on after a power cut; None forgets it."""

    name: str
    value: JsonObject | None


@frozen
class Kept:
    """The result is what is kept under a name, None where there is nothing."""

    name: str


@frozen
class Rename:
    """Give names to modules, by MID, also to those that are not in the network yet."""

    names: Mapping[int, str]


Recorded = Keep | Kept | Rename
"""Each ends the service where the store does not take it (ServiceFailure)."""


def kept(name: str) -> Any:
    """A plan: what is kept under a name."""
    return (yield Kept(name))
