"""What a network service has changed for a while, noted so that it can be put back."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from attrs import evolve, frozen

from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError, ResponseCodeError
from protocol.dpa.packet import TEMPORARY
from protocol.dpa.peripherals.coordinator import Hops, set_dpa_params, set_hops
from protocol.dpa.peripherals.frc import frc_set_params
from protocol.dpa.peripherals.node import validate_bonds
from protocol.dpa.step import Step, ask
from protocol.iqmesh.bond_changes import BondChanges
from protocol.network.parameters import DEFAULTS, Parameters

T = TypeVar("T")


@frozen
class JournalEntry:
    """One service under way: `before` has the parameters that it has changed, the others None.

    `coordinator` is the MID of the module that they belong to, None where nobody knows it.
    `stage` says how far the service is with them. `bonds` is what it does to bonds, if anything.
    `prebonded`: nodes may have the temporary address.
    """

    service: str
    coordinator: int | None
    before: Parameters
    stage: str = ""
    bonds: BondChanges | None = None
    prebonded: bool = False


RELEASES = 3
"""Broadcasts that let prebonded nodes go: one alone may be missed."""

NOTED, CHANGED = "noted", "changed"
"""Stages: nothing was set yet, as far as is known; the set answered what there was before."""


def noted(wanted: Parameters, known: Parameters) -> Parameters:
    """What to put back if the answer to the set is never seen: the last known values.

    A coordinator of which nothing is known is taken for one that was just reset.
    """
    known = known.merged(DEFAULTS)
    return Parameters(
        None if wanted.frc_response_time is None else known.frc_response_time,
        None if wanted.dpa_value is None else known.dpa_value,
        None if wanted.rx_hops is None else known.rx_hops,
        None if wanted.tx_hops is None else known.tx_hops,
    )


def sets(parameters: Parameters) -> Iterator[Call[Parameters]]:
    """The transactions that set those parameters which are not None.

    The value of each is what was set before. Hops are set together, or not at all.
    """
    if parameters.frc_response_time is not None:
        frc = frc_set_params(parameters.frc_response_time)
        yield _read_as(frc, lambda value: Parameters(frc_response_time=value))
    if parameters.dpa_value is not None:
        dpa = set_dpa_params(parameters.dpa_value)
        yield _read_as(dpa, lambda value: Parameters(dpa_value=value))
    if parameters.tx_hops is not None and parameters.rx_hops is not None:
        hops = set_hops(parameters.tx_hops, parameters.rx_hops)
        yield _read_as(hops, _hops)


def exchange(call: Call[Parameters], tell: Callable[[Parameters | None], None]) -> Step[None]:
    """Set by one of `sets`; `tell` learns what was set before, even if the caller is cancelled.

    It is told None where nobody knows whether the coordinator has set it; where the coordinator
    has refused, nothing was changed, and `tell` is not called.
    """
    try:
        before = yield from ask(call)
    except ResponseCodeError:
        raise
    except DpaError:
        tell(None)
        raise
    tell(before)


def put_back(before: Parameters) -> Step[None]:
    """Set all of `before` again."""
    for call in sets(before):
        yield from ask(call)


def release() -> Step[None]:
    """Let prebonded nodes go; nobody answers a broadcast, so it is sent three times."""
    for _ in range(RELEASES):
        yield from ask(validate_bonds((TEMPORARY, 0)))


def amended(
    entry: JournalEntry, answered: Parameters, set_to: Parameters, attempt: int
) -> JournalEntry:
    """The entry with what a set answered as the value before.

    After a first attempt whose answer was lost, a further one is answered with what the first
    has set: then the noted value stays.
    """
    answered_own = answered.merged(set_to) == set_to
    if attempt > 1 and answered_own:
        return evolve(entry, stage=CHANGED)
    return evolve(entry, before=answered.merged(entry.before), stage=CHANGED)


def _hops(value: Hops) -> Parameters:
    return Parameters(tx_hops=value.request, rx_hops=value.response)


def _read_as(call: Call[T], read: Callable[[T], Parameters]) -> Call[Parameters]:
    decode: Callable[[bytes], Any] = call.decode
    return Call(call.request, lambda pdata: read(decode(pdata)))
