"""FRC steps, answered by hand: what they ask, in which order, and what they make of it."""

from collections.abc import Sequence

import pytest

from protocol.dpa import frc, frc_steps
from protocol.dpa.errors import DpaError, DpaTimeoutError, FrcStatusError
from protocol.dpa.frc import BUFFER, FRC_DATA, Width, pack
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT, FRC_SEND_SELECTIVE, FRC_SET_PARAMS
from protocol.dpa.step import Step, T

SET = FRC_SET_PARAMS.key
SELECTIVE = FRC_SEND_SELECTIVE.key
EXTRA = FRC_EXTRA_RESULT.key


def answered(step: Step[T], answers: Sequence[bytes | DpaError]) -> tuple[T, list[bytes]]:
    """The step's result, and PNUM, PCMD and PDATA of what it asked."""
    asked: list[bytes] = []
    try:
        call = next(step)
        for answer in answers:
            request = call.request
            asked.append(bytes((request.pnum, request.pcmd)) + request.pdata)
            if isinstance(answer, DpaError):
                call = step.throw(answer)
            else:
                call = step.send(call.decode(answer))
    except StopIteration as end:
        return end.value, asked
    raise AssertionError("the step wants more answers")


def data(nodes: Sequence[int], *, width: Width = Width.BYTE1) -> bytes:
    values = {node: node + 100 for node in nodes} if width.bytes else dict.fromkeys(nodes, 1)
    return pack(width, nodes, values, selective=bool(width.bytes))


def sent(buffer: bytes, status: int = 1) -> bytes:
    return bytes((status,)) + buffer[:FRC_DATA]


def test_few_nodes_take_one_transaction() -> None:
    step = frc_steps.read(frc.MEMORY_READ, [3, 5], b"\0\0")
    values, asked = answered(step, [sent(data([3, 5]))])
    assert values == {3: 103, 5: 105}
    assert len(asked) == 1


def test_many_nodes_take_the_extra_result() -> None:
    nodes = list(range(1, 64))
    buffer = data(nodes)
    step = frc_steps.read(frc.MEMORY_READ, nodes, b"\0\0")
    values, asked = answered(step, [sent(buffer), buffer[FRC_DATA:BUFFER]])
    assert values == {node: node + 100 for node in nodes}
    assert [each[:2] for each in asked] == [bytes(SELECTIVE), bytes(EXTRA)]


def test_an_frc_to_everybody_has_a_slot_for_each_address() -> None:
    buffer = data([2, 239], width=Width.BITS2)
    step = frc_steps.read_all(frc.PING, [2, 3, 239], b"\0\0")
    values, asked = answered(step, [sent(buffer), buffer[FRC_DATA:BUFFER]])
    assert values == {2: 1, 3: 0, 239: 1}
    assert asked == [bytes((13, 0, 0, 0, 0)), bytes(EXTRA)]


def test_a_status_that_is_none_is_an_error() -> None:
    with pytest.raises(FrcStatusError, match="0xff") as caught:
        answered(frc_steps.read(frc.MEMORY_READ, [1], b"\0\0"), [sent(bytes(BUFFER), 0xFF)])
    assert caught.value.frc_status == 0xFF


def test_an_offline_frc_leaves_the_parameters_as_they_were() -> None:
    step = frc_steps.read_offline(frc.MEMORY_READ, [1], b"\0\0", response_ms=40)
    values, asked = answered(step, [b"\x30", b"\x08", sent(data([1])), b"\x30"])
    assert values == {1: 101}
    sets = [each[2] for each in asked if each[:2] == bytes(SET)]
    assert sets == [0x08, 0x38, 0x30]


def test_an_offline_frc_that_fails_leaves_the_parameters_as_they_were() -> None:
    step = frc_steps.read_offline(frc.MEMORY_READ, [1], b"\0\0", response_ms=360)
    with pytest.raises(DpaTimeoutError):
        answered(step, [b"\x10", DpaTimeoutError(), b"\x10"])


def test_values_are_good_even_if_the_parameters_cannot_be_put_back() -> None:
    step = frc_steps.read_offline(frc.MEMORY_READ, [1], b"\0\0", response_ms=40)
    values, _ = answered(step, [b"\x00", sent(data([1])), DpaTimeoutError()])
    assert values == {1: 101}
