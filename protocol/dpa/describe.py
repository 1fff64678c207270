"""DPA frames in the field's terms, for people who read a trace."""

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any

from attrs import fields, has

from protocol.dpa.call import Field
from protocol.dpa.errors import BadResponseError, status_text
from protocol.dpa.keys import MASK, shown
from protocol.dpa.packet import (
    ANY_HWPID,
    BROADCAST,
    COORDINATOR,
    TEMPORARY,
    Confirmation,
    Packet,
    Request,
    Response,
    parse,
)
from protocol.dpa.requests import command_of, name_of
from protocol.dpa.text import ranges
from protocol.dpa.timing import LOCAL_DEVICE

_PLACES = {
    COORDINATOR: "coordinator",
    LOCAL_DEVICE: "local device",
    TEMPORARY: "temporary address",
    BROADCAST: "all nodes",
}


def describe(frame: bytes, masked: Collection[int] = ()) -> str:
    """One line: what the frame is, of whom, and what is in it; raises RemoteProtocolError.

    Of the bytes at the indices `masked` nothing is told; their values in `frame` do not matter.
    """
    packet = parse(_filled(frame, masked, 0x00))
    kind, details = _details(packet)
    if masked:
        # What differs between two frames that differ in these bytes alone is made of them.
        _, others = _details(parse(_filled(frame, masked, 0xFF)))
        details = _common(details, others) or [("frame", shown(frame, masked))]
    place = _PLACES.get(packet.nadr, f"node {packet.nadr}")
    name = name_of(packet.pnum, packet.pcmd)
    told = ", ".join(f"{key} {value}" for key, value in details)
    return f"{kind}, {place}: {name}" + (f": {told}" if told else "")


def _filled(frame: bytes, masked: Collection[int], value: int) -> bytes:
    return bytes(value if at in masked else byte for at, byte in enumerate(frame))


def _common(details: list[Field], others: list[Field]) -> list[Field]:
    """`details` with asterisks where `others` say something else; none if they are of others."""
    if [key for key, _ in details] != [key for key, _ in others]:
        return []
    pairs = zip(details, others, strict=True)
    return [(key, _masked(text.split("."), other.split("."))) for (key, text), (_, other) in pairs]


def _masked(parts: list[str], others: list[str]) -> str:
    if len(parts) != len(others):
        return MASK
    pairs = zip(parts, others, strict=True)
    return ".".join(part if part == other else MASK for part, other in pairs)


def _details(packet: Packet) -> tuple[str, list[Field]]:
    if isinstance(packet, Confirmation):
        return "confirmation", _of_confirmation(packet)
    if isinstance(packet, Response):
        return ("asynchronous" if packet.asynchronous else "response"), _of_response(packet)
    return "request", _of_request(packet)


def _of_confirmation(confirmation: Confirmation) -> list[Field]:
    return [
        ("hops", str(confirmation.hops)),
        ("slot", f"{confirmation.timeslot_ms} ms"),
        ("hops back", str(confirmation.hops_response)),
        ("DpaValue", str(confirmation.dpa_value)),
    ]


def _of_response(response: Response) -> list[Field]:
    told = [("HWPID", f"{response.hwpid:04X}"), ("DpaValue", str(response.dpa_value))]
    if response.rcode:
        return [("code", status_text(response.rcode)), *told]
    command = command_of(response)
    try:
        value = command.decode(response.pdata) if command else response.pdata
    except BadResponseError as error:
        return [*told, ("PDATA", _text(response.pdata)), ("unreadable", str(error))]
    return told + list(_of_value(value))


def _of_value(value: object) -> Iterable[Field]:
    if value is None or value == b"":
        return
    shape: Any = type(value)
    if has(shape):
        for each in fields(shape):
            yield each.name, _text(getattr(value, each.name))
    else:
        yield "PDATA" if isinstance(value, bytes) else "value", _text(value)


def _of_request(request: Request) -> list[Field]:
    told = [] if request.hwpid == ANY_HWPID else [("HWPID", f"{request.hwpid:04X}")]
    command = command_of(request)
    if command is not None and command.asks is not None:
        try:
            return told + command.asks(request.pdata)
        except (IndexError, ValueError):
            pass  # too short for its command: shown as it is
    return told + list(_of_value(request.pdata))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex(".") or "empty"
    if isinstance(value, frozenset | set):
        return ranges(value) or "none"
    if isinstance(value, Enum):
        return str(value.value)
    if has(type(value)):
        return "(" + ", ".join(f"{key} {text}" for key, text in _of_value(value)) + ")"
    return str(value)
