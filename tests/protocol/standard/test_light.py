"""LDI commands and voltages as in the standard's examples, by request and by FRC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import BadResponseError
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.standard.light import (
    LAI_USER_DATA,
    SEND_LDI,
    SET_LAI,
    LdiAnswer,
    decode_lai,
    decode_lai_frc,
    decode_ldi,
    decode_ldi_frc,
    encode_lai_frc,
    encode_ldi,
    encode_ldi_frc,
    ldi_user_data,
    send_ldi,
    send_ldi_async,
    set_lai,
)

WORDS = st.integers(0, 0xFFFF)


def test_three_commands_and_their_answers() -> None:
    call = send_ldi(4, (0x0000, 0xFF90, 0xFFF1))
    assert call.request.encode().hex(".") == "04.00.4a.00.ff.ff.00.00.ff.90.ff.f1"
    pdata = bytes.fromhex("80008160810d")
    answers = (LdiAnswer(0x80, 0x00), LdiAnswer(0x81, 0x60), LdiAnswer(0x81, 0x0D))
    assert call.decode(pdata) == answers
    assert SEND_LDI.encode(answers) == pdata
    assert [answer.answered for answer in answers] == [False, True, True]
    assert not answers[1].faulty
    assert LdiAnswer(0x82, 0).faulty


@pytest.mark.parametrize("pdata", ["", "8000", "800081", "8000816081", "80008160810d8000"])
def test_one_answer_is_due_for_each_command(pdata: str) -> None:
    with pytest.raises(BadResponseError):
        send_ldi(4, (0, 1, 2)).decode(bytes.fromhex(pdata))


def test_half_an_answer_and_half_a_command() -> None:
    with pytest.raises(BadResponseError):
        SEND_LDI.decode(b"\x80")
    with pytest.raises(RemoteProtocolError):
        decode_ldi(b"\xff")


def test_answers_that_come_later() -> None:
    call = send_ldi_async(4, (0xFF90,))
    assert call.request.encode().hex(".") == "04.00.4a.01.ff.ff.ff.90"
    call.decode(b"")


@given(st.lists(WORDS, max_size=28))
def test_commands_round_trip(commands: list[int]) -> None:
    assert decode_ldi(encode_ldi(commands)) == tuple(commands)


def test_commands_that_do_not_fit() -> None:
    send_ldi(4, [0] * 28)
    with pytest.raises(LocalProtocolError):
        send_ldi(4, [0] * 29)
    with pytest.raises(LocalProtocolError, match="LDI command 65536"):
        send_ldi(4, [0x10000])


def test_setting_and_reading_a_voltage() -> None:
    assert set_lai(1, 3500).request.encode().hex(".") == "01.00.4a.02.ff.ff.ac.0d"
    assert set_lai(1, None).request.pdata.hex(".") == "00.80"
    assert set_lai(1, 3500).decode(bytes.fromhex("c404")) == 1220
    assert SET_LAI.encode(1220).hex() == "c404"
    with pytest.raises(BadResponseError):
        set_lai(1, 0).decode(b"\x01")
    for millivolts in (-1, 10_001, 0x8000):
        with pytest.raises(LocalProtocolError):
            set_lai(1, millivolts)


def test_the_voltage_a_device_is_told() -> None:
    assert decode_lai(set_lai(1, 3500).request.pdata) == 3500
    assert decode_lai(set_lai(1, None).request.pdata) is None
    assert decode_lai(b"\xff\xff") == 0xFFFF
    for pdata in (b"", b"\x01", b"\x01\x02\x03"):
        with pytest.raises(RemoteProtocolError):
            decode_lai(pdata)


def test_user_data_of_the_frcs() -> None:
    assert ldi_user_data(0xFF90).hex(".") == "4a.ff.90.00"
    assert LAI_USER_DATA.hex(".") == "4a.00"


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        ("8160", LdiAnswer(0x81, 0x60)),
        ("0681", LdiAnswer(0x81, 0x06)),
        ("81fe", LdiAnswer(0x81, 0xFE)),
        ("8000", LdiAnswer(0x80, 0x00)),
        ("0000", None),
        ("0100", None),
        ("0300", None),
        ("7f7f", None),
    ],
)
def test_an_answer_by_frc_in_either_order(received: str, answer: LdiAnswer | None) -> None:
    assert decode_ldi_frc(int.from_bytes(bytes.fromhex(received), "little")) == answer


@given(st.integers(0x80, 0xFF), st.integers(0, 0xFF))
def test_answers_by_frc_round_trip(status: int, value: int) -> None:
    answer = LdiAnswer(status, value)
    assert decode_ldi_frc(encode_ldi_frc(answer)) == answer
    assert encode_ldi_frc(None) == 0


def test_voltages_by_frc() -> None:
    assert decode_lai_frc(int.from_bytes(bytes.fromhex("ac8d"), "little")) == 3500
    assert [decode_lai_frc(code) for code in range(4)] == [None] * 4
    assert decode_lai_frc(4) == -32764
    with pytest.raises(LocalProtocolError):
        encode_lai_frc(10_001)


@given(st.integers(0, 10_000))
def test_voltages_by_frc_round_trip(millivolts: int) -> None:
    assert decode_lai_frc(encode_lai_frc(millivolts)) == millivolts
