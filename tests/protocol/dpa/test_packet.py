"""Packets survive the way to bytes and back, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.packet import (
    BROADCAST,
    Confirmation,
    Request,
    Response,
    answer,
    parse,
)
from protocol.errors import LocalProtocolError, RemoteProtocolError

BYTE = st.integers(0, 0xFF)
WORD = st.integers(0, 0xFFFF)
PCMD = st.integers(0, 0x7F)
PDATA = st.binary(max_size=56)

REQUESTS = st.builds(Request, BYTE, BYTE, PCMD, PDATA, WORD)
RESPONSES = st.builds(
    Response, BYTE, BYTE, PCMD, WORD, st.integers(0, 0x7F), BYTE, PDATA, st.booleans()
)
CONFIRMATIONS = st.builds(Confirmation, BYTE, BYTE, PCMD, WORD, BYTE, BYTE, BYTE, BYTE)


def test_a_led_command_from_request_to_response() -> None:
    request = Request(1, 0x06, 0x01)
    assert request.encode().hex(".") == "01.00.06.01.ff.ff"
    assert parse(bytes.fromhex("01000601ffffff3b010401")) == Confirmation(
        1, 6, 1, 0xFFFF, dpa_value=0x3B, hops=1, timeslot=4, hops_response=1
    )
    assert parse(bytes.fromhex("010006810200004b")) == answer(request, hwpid=2, dpa_value=0x4B)


def test_a_reset_message_is_asynchronous_in_both_spellings() -> None:
    tail = "00008000020300fd260000000000000001"
    as_response = parse(bytes.fromhex("0000ffbf" + tail))
    assert isinstance(as_response, Response)
    assert as_response.asynchronous
    assert as_response.rcode == 0
    assert isinstance(parse(bytes.fromhex("0000ff3f" + tail)), Request)


@given(REQUESTS)
def test_requests_round_trip(request: Request) -> None:
    # Eleven bytes with 0xFF in the seventh are a confirmation by definition.
    if len(request.pdata) == 5 and request.pdata[0] == 0xFF:
        assert isinstance(parse(request.encode()), Confirmation)
    else:
        assert parse(request.encode()) == request


@given(RESPONSES)
def test_responses_round_trip(response: Response) -> None:
    assert parse(response.encode()) == response


@given(CONFIRMATIONS)
def test_confirmations_round_trip(confirmation: Confirmation) -> None:
    assert parse(confirmation.encode()) == confirmation


@given(st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_a_remote_error(frame: bytes) -> None:
    try:
        packet = parse(frame)
    except RemoteProtocolError:
        return
    assert packet.encode() == frame


@pytest.mark.parametrize(
    ("nadr", "pnum", "pcmd", "pdata"),
    [(256, 0, 0, b""), (-1, 0, 0, b""), (0, 256, 0, b""), (0, 0, 0x80, b""), (0, 0, 0, bytes(57))],
)
def test_an_impossible_request_cannot_exist(nadr: int, pnum: int, pcmd: int, pdata: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        Request(nadr, pnum, pcmd, pdata)


def test_slot_length_is_in_milliseconds() -> None:
    assert Confirmation(BROADCAST, 0, 0, 0, 0, 3, 20, 0).timeslot_ms == 200
