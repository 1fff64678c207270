"""A command is a row of the table; a call is one request made of it."""

import pytest

from protocol.dpa.call import BYTE, NOTHING, RAW, Command
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import ANY_HWPID, Request
from protocol.dpa.pnum import LEDR

PULSE = Command(LEDR, 0x03, "Pulse", NOTHING)


def test_a_call_carries_the_request_and_how_to_read_the_answer() -> None:
    call = PULSE.call(1)
    assert call.request == Request(1, LEDR, 0x03, b"", ANY_HWPID)
    assert call.decode(b"") is None
    assert (PULSE.peripheral, PULSE.key) == ("LEDR", (0x06, 0x03))


def test_a_call_can_be_meant_for_one_profile_only() -> None:
    call = PULSE.call(1).for_hwpid(0x1234)
    assert call.request.encode() == bytes.fromhex("010006033412")


def test_layouts_have_two_directions() -> None:
    assert BYTE.decode(b"\x07") == 7
    assert BYTE.encode(7) == b"\x07"
    assert RAW.decode(RAW.encode(b"xy")) == b"xy"
    assert NOTHING.encode(None) == b""
    with pytest.raises(BadResponseError):
        BYTE.decode(b"")
