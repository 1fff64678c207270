"""Outputs are switched by the bytes of the standard's examples; impossible times are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import Request
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.standard.binary_output import (
    ENUMERATE,
    OFF,
    ON,
    SET_OUTPUT,
    State,
    count,
    decode_settings,
    encode_settings,
    set_outputs,
)

BYTES = [byte for byte in range(256) if byte != 0x80]


def test_counting_outputs() -> None:
    assert count(2).request == Request(2, 0x4B, 0x3E)
    assert count(2).decode(b"\4") == 4
    assert ENUMERATE.encode(4) == b"\4"
    with pytest.raises(BadResponseError):
        count(2).decode(b"")
    with pytest.raises(BadResponseError, match="33 outputs"):
        count(2).decode(bytes((33,)))


def test_switching_one_on() -> None:
    call = set_outputs(2, {0: ON})
    assert call.request.encode().hex(".") == "02.00.4b.00.ff.ff.01.00.00.00.01"
    assert call.decode(bytes(4)) == (False,) * 32


def test_previous_states_are_thirty_two() -> None:
    states = set_outputs(2, {}).decode(bytes.fromhex("05000080"))
    assert [index for index, on in enumerate(states) if on] == [0, 2, 31]
    assert len(states) == 32
    assert SET_OUTPUT.encode(states).hex() == "05000080"
    with pytest.raises(BadResponseError):
        set_outputs(2, {}).decode(bytes(3))


def test_states_follow_the_bitmap_in_ascending_order() -> None:
    states = {31: State(True, 30), 0: OFF, 8: State(True, 300)}
    assert set_outputs(2, states).request.pdata.hex(".") == "01.01.00.80.00.05.9e"
    assert set_outputs(2, {}).request.pdata.hex(".") == "00.00.00.00"


@pytest.mark.parametrize(
    ("seconds", "byte"),
    [(None, 1), (1, 0x81), (60, 0xBC), (127, 0xFF), (180, 3), (7620, 127), (120, 0xF8)],
)
def test_the_time_an_output_stays_on(seconds: int | None, byte: int) -> None:
    assert State(True, seconds).encode() == byte
    assert State.decode(byte) == State(True, seconds)


@pytest.mark.parametrize("seconds", [0, -1, 128, 179, 7680, 7621, 100_000])
def test_times_that_cannot_be_sent(seconds: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"not {seconds} s"):
        State(True, seconds).encode()


def test_no_output_is_off_for_a_time() -> None:
    with pytest.raises(LocalProtocolError):
        State(False, 10).encode()


@pytest.mark.parametrize("byte", BYTES)
def test_every_byte_but_the_reserved_one_is_a_state(byte: int) -> None:
    # Two minutes can be said in seconds as well, and are.
    assert State.decode(byte).encode() == (0xF8 if byte == 2 else byte)


def test_the_reserved_state() -> None:
    with pytest.raises(RemoteProtocolError):
        State.decode(0x80)


@given(
    st.dictionaries(
        st.integers(0, 31), st.sampled_from([OFF, ON, State(True, 7), State(True, 240)])
    )
)
def test_settings_round_trip(states: dict[int, State]) -> None:
    bytes_by_index = decode_settings(encode_settings(states))
    assert {index: State.decode(byte) for index, byte in bytes_by_index.items()} == states


@pytest.mark.parametrize("pdata", ["", "010000", "01000000", "0100000001 00", "0000000001"])
def test_settings_with_a_wrong_number_of_states(pdata: str) -> None:
    with pytest.raises(RemoteProtocolError, match="bytes of PDATA for"):
        decode_settings(bytes.fromhex(pdata))


def test_an_output_that_cannot_exist() -> None:
    with pytest.raises(LocalProtocolError):
        set_outputs(1, {32: ON})
