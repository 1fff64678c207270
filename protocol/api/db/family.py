"""What the messages iqrfDb_* have in common."""

from typing import ClassVar, TypedDict

from attrs import frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Family
from protocol.api.message import Style
from protocol.auth.rights import READ
from protocol.dpa.errors import DpaError
from protocol.queue.lanes import Lane


class DbError(ServiceError):
    """A database request that failed, for the reason in the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(-1, reason)


def failure(error: DpaError) -> DbError:
    """How a request that could not have the radio is told about: this family has one code."""
    return DbError(str(error))


@frozen
class Anything:
    """Parameters of a request that has none: an object, whatever is in it."""

    open_to_extras: ClassVar[bool] = True


class Nothing(TypedDict):
    """An empty object."""


def missing(address: int) -> str:
    """What is said of an address without a device."""
    return f"Device at address {address} does not exist."


FAMILY = Family(
    prefix="iqrfDb_",
    about="What the gateway knows of the network: it asks once and keeps what it was told.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=READ,
    failure=failure,
)
