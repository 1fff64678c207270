"""What a transaction says of the outputs and lights of nodes, whoever asked for it.

An answer tells how they are. They are not known any more after what may have been carried out
without an answer: broadcasts, what batches and FRCs carry, silence, resets.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import inf

from protocol.dpa import frc
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import ANY_HWPID, BROADCAST, COORDINATOR, Request, Response, parse
from protocol.dpa.peripherals import os
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT, FRC_SENDS, FrcAnswer
from protocol.dpa.peripherals.standards import (
    LIGHT_SEND_LDI,
    LIGHT_SEND_LDI_ASYNC,
    LIGHT_SET_LAI,
    OUTPUTS_SET,
)
from protocol.dpa.pnum import BINARY_OUTPUT, FRC, LIGHT, OS
from protocol.errors import ProtocolError
from protocol.network.network import Device, Network
from protocol.readings.frc_asked import FrcAsked
from protocol.readings.lamp import after_commands
from protocol.readings.overheard import Exchange
from protocol.readings.states import ALL_LOST, LIGHT_LOST, Change, Light
from protocol.standard import binary_output, light
from protocol.standard.binary_output import State

PERIPHERALS = frozenset({OS, BINARY_OUTPUT, LIGHT, FRC})
"""What a request must be for to say anything here."""

Told = Iterator[tuple[Device, Change]]

Carried = tuple[int, int, bytes]
"""PNUM, PCMD and PDATA of a request that another one carries."""

_CARRYING = frozenset({frc.ACK_BROADCAST_BITS, frc.ACK_BROADCAST_BYTES})
_READING = frozenset({frc.MEMORY_READ, frc.MEMORY_READ_PLUS_1})
"""FRC commands that have a request carried out: as a record, and behind an address of two bytes."""


def told(
    request: Request, response: Response | None, network: Network, before: Exchange | None = None
) -> Told:
    """What a transaction says, by node; without a response perhaps nobody carried it out.

    `before` is the exchange right before this one: an Extra result belongs to the FRC there.
    """
    if request.pnum not in PERIPHERALS or (response is not None and response.rcode):
        return
    if request.pnum == FRC:
        if (request.pnum, request.pcmd) in FRC_SENDS:
            yield from _collected(request, response, network)
        elif request.pcmd == FRC_EXTRA_RESULT.pcmd and before is not None and response is not None:
            yield from _collected(*before, network, extra=response.pdata)
        return
    answer = None if response is None else response.pdata
    if change := _change(request.pnum, request.pcmd, request.pdata, answer):
        for device in _addressed(request, network):
            yield device, change


def reset(frame: bytes, network: Network) -> Device | None:
    """The node that says in `frame`, which it sent unasked, that it was reset."""
    try:
        packet = parse(frame)
    except ProtocolError:
        return None
    if packet.nadr == COORDINATOR or (packet.pnum, packet.pcmd) != ENUMERATE.key:
        return None
    return network.get(packet.nadr)


def _addressed(request: Request, network: Network) -> Iterator[Device]:
    """Who carries out a request that is not for the coordinator alone."""
    if request.nadr != BROADCAST:
        device = network.get(request.nadr)
        devices: Iterable[Device] = () if device is None else (device,)
    else:
        devices = network.nodes
    if (request.pnum, request.pcmd) == os.OS_SELECTIVE_BATCH.key:
        selected = frc.members(request.pdata[: frc.SELECTED_NODES])
        devices = (each for each in devices if each.address in selected)
    return (each for each in devices if _takes(each, request.hwpid))


def _takes(device: Device, hwpid: int) -> bool:
    """Whether a device carries out what is meant for `hwpid`."""
    return hwpid == ANY_HWPID or not device.product or device.product.identity.hwpid == hwpid


def _change(pnum: int, pcmd: int, pdata: bytes, answer: bytes | None) -> Change | None:
    """What a command says of who carries it out; without an `answer` perhaps nobody did."""
    read = _COMMANDS.get((pnum, pcmd))
    return read(pdata, answer) if read else None


def _outputs(pdata: bytes, answer: bytes | None) -> Change | None:
    asked = frc.members(pdata[:4])
    lost = Change(dict.fromkeys(sorted(asked))) if asked else None
    if answer is None:
        return lost
    try:
        before = binary_output.SET_OUTPUT.decode(answer)
        settings = binary_output.decode_settings(pdata)
        states = {index: State.decode(byte) for index, byte in settings.items()}
    except ProtocolError:
        return lost
    outputs = {**dict(enumerate(before)), **{index: each.on for index, each in states.items()}}
    seconds = {
        index: inf if each.seconds is None else float(each.seconds)
        for index, each in states.items()
        if each.on
    }
    return Change(outputs, seconds)


def _lai(pdata: bytes, answer: bytes | None) -> Change | None:
    try:
        setting = light.decode_lai(pdata)
        if answer is None:
            return None if setting is None else LIGHT_LOST
        before = light.SET_LAI.decode(answer)
    except ProtocolError:
        return LIGHT_LOST
    return Change(light=Light.of_millivolts(before if setting is None else setting))


def _ldi(pdata: bytes, answer: bytes | None) -> Change | None:
    try:
        answers = None if answer is None else light.SEND_LDI.decode(answer)
        return after_commands(light.decode_ldi(pdata), answers)
    except ProtocolError:
        return LIGHT_LOST


def _ldi_async(pdata: bytes, answer: bytes | None) -> Change | None:
    """The lamps answer later, in frames that are not published."""
    return _ldi(pdata, None if answer is None else b"")


def _reset(_pdata: bytes, _answer: bytes | None) -> Change | None:
    return ALL_LOST


def _batch(pdata: bytes, _answer: bytes | None, *, start: int = 0) -> Change | None:
    return _after(_records(pdata[start:]))


def _after(carried: Iterable[Carried]) -> Change | None:
    """What carried requests say, of which nobody knows how they ended."""
    found = None
    for pnum, pcmd, pdata in carried:
        if change := _change(pnum, pcmd, pdata, None):
            outputs = {**(found.outputs if found else {}), **change.outputs}
            lost = change.light_lost or (found is not None and found.light_lost)
            found = Change(outputs, light_lost=lost)
    return found


def _records(data: bytes) -> Iterator[Carried]:
    """The requests in records of length (itself included), PNUM, PCMD, HWPID and PDATA."""
    start = 0
    while start + 5 <= len(data) and data[start] >= 5:
        yield data[start + 1], data[start + 2], data[start + 5 : start + data[start]]
        start += data[start]


_COMMANDS: dict[tuple[int, int], Callable[[bytes, bytes | None], Change | None]] = {
    OUTPUTS_SET.key: _outputs,
    LIGHT_SET_LAI.key: _lai,
    LIGHT_SEND_LDI.key: _ldi,
    LIGHT_SEND_LDI_ASYNC.key: _ldi_async,
    os.OS_BATCH.key: _batch,
    os.OS_SELECTIVE_BATCH.key: partial(_batch, start=frc.SELECTED_NODES),
    os.OS_RESET.key: _reset,
    os.OS_RESTART.key: _reset,
    os.OS_RFPGM.key: _reset,
    os.OS_LOAD_CODE.key: _reset,
    os.OS_FACTORY_SETTINGS.key: _reset,
}


def _collected(
    request: Request, response: Response | None, network: Network, *, extra: bytes = b""
) -> Told:
    """What an FRC says of the nodes that it asked; with `extra` of those whose values are there."""
    asked = FrcAsked.decode(request)
    if asked is None:
        return
    lights = len(asked.user_data) >= len(light.LAI_USER_DATA) and asked.user_data[0] == LIGHT
    if lights and asked.command == frc.LIGHT_READ_LAI:
        for device, raw in _values(asked, response, network, extra):
            millivolts = light.decode_lai_frc(raw)
            if millivolts is not None and millivolts >= 0:
                yield device, Change(light=Light.of_millivolts(millivolts))
    elif lights and asked.command == frc.LIGHT_SEND_LDI:
        yield from _commanded(asked, response, network, extra)
    elif not extra and (change := _after(_carried_by(asked))):
        yield from ((device, change) for device in _asked(asked, network))


def _commanded(asked: FrcAsked, response: Response | None, network: Network, extra: bytes) -> Told:
    """What one LDI command does to the lights; those that say nothing may have carried it out."""
    commands = light.decode_ldi(asked.user_data[1:3].ljust(2, b"\0"))
    if not extra and (change := after_commands(commands, None)):
        yield from ((device, change) for device in _asked(asked, network))
    for device, raw in _values(asked, response, network, extra):
        answer = light.decode_ldi_frc(raw)
        if answer is not None and (change := after_commands(commands, (answer,))):
            yield device, change


def _asked(asked: FrcAsked, network: Network) -> Iterator[Device]:
    selected = asked.selected
    return (each for each in network.nodes if selected is None or each.address in selected)


def _values(
    asked: FrcAsked, response: Response | None, network: Network, extra: bytes
) -> Iterator[tuple[Device, int]]:
    """The raw values that the coordinator has collected."""
    if response is None:
        return
    try:
        answer = FrcAnswer.decode(response.pdata)
    except BadResponseError:
        return
    raw = asked.raw(answer.data, extra) if answer.ok else {}
    for address, value in raw.items():
        if (device := network.get(address)) is not None:
            yield device, value


def _carried_by(asked: FrcAsked) -> Iterator[Carried]:
    """The request that an FRC has carried out, whatever it then collects."""
    data = asked.user_data
    if asked.command in _CARRYING:
        yield from _records(data)
        return
    if asked.command == frc.MEMORY_READ_4B:
        data = data[2:]
    elif asked.command not in _READING:
        return
    if len(data) >= 5:
        yield data[2], data[3], data[5 : 5 + data[4]]
