"""FRC requests and their answers."""

import pytest

from protocol.dpa import frc
from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.frc import (
    FrcAnswer,
    frc_extra_result,
    frc_send,
    frc_send_selective,
    frc_set_params,
)
from protocol.errors import LocalProtocolError


def test_a_ping() -> None:
    call = frc_send(frc.PING)
    assert call.request.encode() == bytes.fromhex("00000d00ffff000000")
    answer = call.decode(bytes.fromhex("28feffffffff01").ljust(56, b"\0"))
    assert answer.ok
    assert answer.status == 40
    values = frc.unpack(frc.Width.BITS2, range(1, 42), answer.data)
    assert [node for node, value in values.items() if value] == list(range(1, 41))


def test_a_selective_memory_read() -> None:
    user_data = frc.memory_read_4b(0x04A0, 0x02, 0x00, plus_one=True)
    call = frc_send_selective(frc.MEMORY_READ_4B, [1, 2, 3], user_data)
    assert call.request.encode().hex() == "00000d02fffffa0e" + 58 * "0" + "0100a004020000"


@pytest.mark.parametrize(("status", "ok"), [(0, True), (0xEF, True), (0xF0, False), (0xFF, False)])
def test_status_counts_nodes_or_tells_why_not(status: int, ok: bool) -> None:
    answer = FrcAnswer(status, bytes(55))
    assert answer.ok == ok
    assert FrcAnswer.decode(answer.encode()) == answer


@pytest.mark.parametrize("length", [0, 1, 55])
def test_a_torn_answer_is_bad(length: int) -> None:
    with pytest.raises(BadResponseError):
        FrcAnswer.decode(bytes(length))


def test_the_extra_result_has_nine_bytes() -> None:
    call = frc_extra_result()
    assert call.request.encode() == bytes.fromhex("00000d01ffff")
    assert call.decode(bytes(9)) == bytes(9)
    with pytest.raises(BadResponseError):
        call.decode(bytes(8))


def test_params() -> None:
    call = frc_set_params(0x10)
    assert call.request.encode() == bytes.fromhex("00000d03ffff10")
    assert call.decode(b"\x00") == 0


@pytest.mark.parametrize(
    "build",
    [
        lambda: frc_send(0, b"\0"),
        lambda: frc_send(0, bytes(31)),
        lambda: frc_send(256),
        lambda: frc_send_selective(0, [1], bytes(26)),
        lambda: frc_send_selective(0, [240]),
    ],
)
def test_what_the_protocol_cannot_express_is_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()


def test_the_longest_user_data_fit() -> None:
    assert len(frc_send(0, bytes(30)).request.pdata) == 31
    assert len(frc_send_selective(0, [], bytes(25)).request.pdata) == 56
