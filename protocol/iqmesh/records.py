"""What plans write into the gateway's own books, and read there: actions beside the radio."""

from collections.abc import Generator, Mapping
from typing import Any

from attrs import frozen

from protocol.iqmesh.bond_changes import Replacing
from protocol.network.configurations import Configuration
from protocol.strict.json import JsonObject

REPLACED = "replaced"
"""Under this name stand the MIDs, by address (as text), of modules that have stayed where two were
to be replaced by one another: the other one may come back."""


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


@frozen
class Known:
    """The result is the configuration that a module was last seen with, None if it is not known."""

    mid: int


@frozen
class Succeed:
    """A module has taken the place of another one: metadata and history of that one are its own.

    From now on the old one is told to leave, should it come back.
    """

    replacing: Replacing


@frozen
class Withdraw:
    """The old module has its place again: take `Succeed` back, if it was done.

    From now on the new one is told to leave, should it come back.
    """

    replacing: Replacing


Recorded = Keep | Kept | Rename | Known | Succeed | Withdraw
"""Each ends the service where the store does not take it (ServiceFailure)."""


def configuration_of(mid: int) -> Generator[Known, Any, Configuration | None]:
    """A plan: the configuration of a module."""
    configuration: Configuration | None = yield Known(mid)
    return configuration


def kept(name: str) -> Any:
    """A plan: what is kept under a name."""
    return (yield Kept(name))
