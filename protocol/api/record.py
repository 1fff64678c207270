"""The records of DPA transactions that verbose answers carry in `raw`."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, TypedDict

from protocol.dpa.packet import Confirmation, Request, Response
from protocol.dpa.transaction import Outcome


class Record(TypedDict):
    """One transaction: three packets in hexadecimal digits and their times.

    Times are ISO 8601 with the zone; what there was not is an empty string.
    """

    request: Annotated[str, "the bytes"]
    requestTs: Annotated[str, "when they were sent"]
    confirmation: Annotated[str, "the bytes"]
    confirmationTs: Annotated[str, "when they came"]
    response: Annotated[str, "the bytes"]
    responseTs: Annotated[str, "when they came"]


UNSENT = Record(
    request="",
    requestTs="",
    confirmation="",
    confirmationTs="",
    response="",
    responseTs="",
)
"""The record of a transaction that there was not."""


def record(outcome: Outcome, local_time: Callable[[float], datetime]) -> Record:
    """The record of `outcome`; `local_time` is an instant of its clock with the zone."""

    def time(at: float | None) -> str:
        return "" if at is None else local_time(at).isoformat(timespec="milliseconds")

    return Record(
        request=hex_of(outcome.request),
        requestTs=time(outcome.requested_at),
        confirmation=hex_of(outcome.confirmation),
        confirmationTs=time(outcome.confirmed_at),
        response=hex_of(outcome.response),
        responseTs=time(outcome.responded_at),
    )


def records(
    outcomes: Iterable[Outcome], local_time: Callable[[float], datetime]
) -> tuple[Record, ...]:
    """The records of all transactions, in order."""
    return tuple(record(outcome, local_time) for outcome in outcomes)


def hex_of(packet: Request | Confirmation | Response | None) -> str:
    """The bytes of a packet in hexadecimal digits; empty where there is none."""
    return packet.encode().hex(".") if packet is not None else ""
