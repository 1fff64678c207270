"""DPA frames in the field's terms, for people who read a trace."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from attrs import fields, has

from protocol.dpa import commands
from protocol.dpa.commands import COMMANDS, name_of
from protocol.dpa.errors import BadResponseError, status_text
from protocol.dpa.frc import SELECTED_NODES, members, width_of
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
from protocol.dpa.timing import LOCAL_DEVICE

Field = tuple[str, str]

_PLACES = {
    COORDINATOR: "coordinator",
    LOCAL_DEVICE: "local device",
    TEMPORARY: "temporary address",
    BROADCAST: "all nodes",
}


def describe(frame: bytes) -> str:
    """One line: what the frame is, of whom, and what is in it; raises RemoteProtocolError."""
    packet = parse(frame)
    kind, details = _details(packet)
    place = _PLACES.get(packet.nadr, f"node {packet.nadr}")
    name = name_of(packet.pnum, packet.pcmd)
    told = ", ".join(f"{key} {value}" for key, value in details)
    return f"{kind}, {place}: {name}" + (f": {told}" if told else "")


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
    command = COMMANDS.get((response.pnum, response.pcmd))
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
    read = _REQUESTS.get((request.pnum, request.pcmd))
    if read is not None:
        try:
            return told + read(request.pdata)
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


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in ascending order, neighbours as a range: `1-3 7`."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in found)


def _byte_fields(*names: str) -> Callable[[bytes], list[Field]]:
    """Request data that are one byte each."""

    def read(pdata: bytes) -> list[Field]:
        return [(name, str(pdata[at])) for at, name in enumerate(names)]

    return read


def _memory(size: int, *, writes: bool) -> Callable[[bytes], list[Field]]:
    """An address of so many bytes, and what is written there or how much is read."""

    def read(pdata: bytes) -> list[Field]:
        address = int.from_bytes(pdata[:size], "little")
        rest = ("data", _text(pdata[size:])) if writes else ("length", str(pdata[size]))
        return [("address", f"0x{address:0{2 * size}X}"), rest]

    return read


def _frc(pdata: bytes) -> list[Field]:
    width = width_of(pdata[0])
    return [("FRC", f"0x{pdata[0]:02X} ({width.name})"), ("user data", _text(pdata[1:]))]


def _selective_frc(pdata: bytes) -> list[Field]:
    nodes, user_data = pdata[1 : 1 + SELECTED_NODES], pdata[1 + SELECTED_NODES :]
    return [*_frc(pdata[:1] + user_data), ("nodes", ranges(members(nodes)))]


_REQUESTS: Mapping[tuple[int, int], Callable[[bytes], list[Field]]] = {
    commands.BOND_NODE.key: _byte_fields("address", "retries"),
    commands.REMOVE_BOND.key: _byte_fields("address"),
    commands.DISCOVERY.key: _byte_fields("TX power", "highest address"),
    commands.SET_DPA_PARAMS.key: _byte_fields("DPA param"),
    commands.SET_HOPS.key: _byte_fields("hops", "hops back"),
    commands.COORDINATOR_BACKUP.key: _byte_fields("block"),
    commands.NODE_BACKUP.key: _byte_fields("block"),
    commands.OS_INDICATE.key: _byte_fields("control"),
    commands.FRC_SET_PARAMS.key: _byte_fields("params"),
    commands.EEPROM_READ.key: _memory(1, writes=False),
    commands.EEPROM_WRITE.key: _memory(1, writes=True),
    commands.EEEPROM_READ.key: _memory(2, writes=False),
    commands.EEEPROM_WRITE.key: _memory(2, writes=True),
    commands.RAM_READ.key: _memory(1, writes=False),
    commands.RAM_WRITE.key: _memory(1, writes=True),
    commands.RAM_READ_ANY.key: _memory(2, writes=False),
    commands.FRC_SEND.key: _frc,
    commands.FRC_SEND_SELECTIVE.key: _selective_frc,
}
