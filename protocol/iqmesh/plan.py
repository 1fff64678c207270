"""A plan: what a network service does, as a generator of actions that somebody else carries out.

It is sent the result of each action, or has the DpaError thrown in that took its place. Its
service keeps what it has learned, so that something can be said of it at any moment.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Protocol, TypeVar

from attrs import frozen

from protocol.dpa import step as steps
from protocol.dpa.call import Call
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.step import Make
from protocol.iqmesh.bond_changes import BondChanges, BondRecord
from protocol.iqmesh.records import Recorded
from protocol.network.parameters import Parameters

T = TypeVar("T")


@frozen
class ProductName:
    """Who made a product, and what it is called."""

    manufacturer: str = ""
    product: str = ""


@frozen(eq=False)
class Do:
    """Carry out a step on the radio; the result is the step's."""

    make: Make[Any]


@frozen
class Borrow:
    """Set those parameters of the coordinator that are not None, until they are put back.

    Nobody else gets on the radio meanwhile. The result are the values before. Where they are not
    `needed`, and the disk is read-only, the service goes on with what there is.
    """

    wanted: Parameters
    needed: bool = True
    prebonding: bool = False
    """Whether nodes will be prebonded meanwhile, which are released then, whatever happens."""


@frozen
class PutBack:
    """Set what was borrowed to what it was before; `needless` also where it is that already."""

    needless: bool = True


@frozen
class Released:
    """No node is prebonded any more, as far as that can be known."""


@frozen
class Interim:
    """Answer in between; with `whole` all transactions since the last such answer are shown."""

    said: object
    whole: bool = False


@frozen
class Chance:
    """The result is a byte by chance."""


@frozen
class Progress:
    """Tell how much is done; `node` is the one it is about, `state` what became of it."""

    done: int
    total: int
    node: int | None = None
    state: str | None = None


@frozen
class Pause:
    """Wait for a while."""

    seconds: float


@frozen
class Version:
    """The result is the DPA version of the coordinator (0x0417 = 4.17), None if it is not known."""


@frozen
class Naming:
    """The result are the names of the product with this HWPID, None if no catalogue has them."""

    hwpid: int


def nothing() -> "Plan[None]":
    """A plan that does nothing."""
    yield from ()


@frozen(eq=False)
class Note:
    """Write down which bonds are about to be changed, before anything is.

    `changes` is asked again whenever it matters, also when the plan was cut off: then `complete`
    is what has to be done behind it, so that nothing is half changed.
    """

    changes: Callable[[], BondChanges]
    complete: Callable[[], "Plan[None]"] = nothing


@frozen
class LastBonds:
    """The result is the last change of bonds that was not undone, None if there is none."""


@frozen
class Undone:
    """This change of bonds need not be undone any more."""

    record: BondRecord


Action = (
    Do
    | Borrow
    | PutBack
    | Note
    | LastBonds
    | Undone
    | Released
    | Recorded
    | Interim
    | Chance
    | Progress
    | Pause
    | Version
    | Naming
)

Plan = Generator[Action, Any, T]


class Service(Protocol):
    """One run of a network service."""

    def plan(self, known: Parameters) -> Plan[None]:
        """What to do; `known` are the coordinator's parameters as they are last known.

        Raises ServiceFailure, and the DpaError of an action where that is the end.
        """


def do(make: Make[T]) -> Plan[T]:
    """The result of a step."""
    value: T = yield Do(make)
    return value


def ask(call: Call[T]) -> Plan[T]:
    """The answer to one request."""
    return do(partial(steps.ask, call))


def version() -> Plan[int]:
    """The DPA version of the coordinator; it is asked for where nobody has heard it."""
    known: int | None = yield Version()
    if known is not None:
        return known
    return (yield from ask(enumerate_peripherals(COORDINATOR))).dpa


def name(hwpid: int) -> Plan[ProductName]:
    """What a product is called; names are empty where nobody knows them."""
    known: ProductName | None = yield Naming(hwpid)
    return known or ProductName()


def borrow(
    wanted: Parameters, *, needed: bool = True, prebonding: bool = False
) -> Plan[Parameters]:
    """Change parameters for a while; what they were before."""
    before: Parameters = yield Borrow(wanted, needed, prebonding)
    return before


def chance() -> Plan[int]:
    """A byte by chance."""
    byte: int = yield Chance()
    return byte
