"""Steps that read by FRC: the request, and the extra result where one answer has no room."""

from collections.abc import Iterable, Sequence

from protocol.dpa import frc
from protocol.dpa.errors import DpaError, FrcStatusError
from protocol.dpa.peripherals.frc import (
    FrcAnswer,
    frc_extra_result,
    frc_send,
    frc_send_selective,
    frc_set_params,
)
from protocol.dpa.step import Step, ask

OFFLINE = 0x08
"""Bit of the FRC parameters (DPA guide, "FRC Set params"): the next FRC is an offline one."""


def read(command: int, nodes: Sequence[int], user_data: bytes) -> Step[dict[int, int]]:
    """The raw value of each of `nodes` (ascending) by a selective FRC; 0 where a node was silent.

    Raises FrcStatusError.
    """
    answer = yield from ask(frc_send_selective(command, nodes, user_data))
    width = frc.width_of(command)
    data = yield from _data(answer, width, max(frc.slots(width, nodes).values()))
    return frc.unpack(width, nodes, data)


def read_all(command: int, nodes: Iterable[int], user_data: bytes) -> Step[dict[int, int]]:
    """The same of all bonded nodes; only `nodes` are given back."""
    nodes = sorted(nodes)
    answer = yield from ask(frc_send(command, user_data))
    width = frc.width_of(command)
    data = yield from _data(answer, width, max(nodes))
    return frc.unpack(width, nodes, data, selective=False)


def read_offline(
    command: int, nodes: Sequence[int], user_data: bytes, *, response_ms: int
) -> Step[dict[int, int]]:
    """As `read`, of nodes that sleep: those that collect for them answer (offline FRC).

    `response_ms` is the response time that FRCs are believed to have; the FRC parameters can be
    read only by setting them. In the end they are what they were.
    """
    believed = frc.params_of_ms(response_ms)
    answered = yield from ask(frc_set_params(believed | OFFLINE))
    before = answered & ~OFFLINE
    try:
        if before != believed:
            yield from ask(frc_set_params(before | OFFLINE))
        values = yield from read(command, nodes, user_data)
    except DpaError:
        yield from _put_back(before)
        raise
    yield from _put_back(before)
    return values


def _put_back(params: int) -> Step[None]:
    try:
        yield from ask(frc_set_params(params))
    except DpaError:
        # What was read is good nevertheless, and a coordinator that does not answer has most
        # likely been reset, so that it forgot its parameters anyway.
        return


def _data(answer: FrcAnswer, width: frc.Width, highest: int) -> Step[bytes]:
    if not answer.ok:
        raise FrcStatusError(answer.status)
    if not frc.needs_extra(width, highest):
        return answer.data
    extra = yield from ask(frc_extra_result())
    return answer.data + extra
