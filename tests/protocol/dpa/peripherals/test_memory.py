"""Memory is read and written in spans that exist, and an answer of another length is bad."""

import pytest

from protocol.dpa.call import Call
from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.memory import (
    eeeprom_read,
    eeeprom_write,
    eeprom_read,
    eeprom_write,
    ram_read,
    ram_write,
)
from protocol.errors import LocalProtocolError


def test_a_record_of_the_mid_table() -> None:
    call = eeeprom_read(0, 0x4008, 4)
    assert call.request.encode() == bytes.fromhex("00000402ffff084004")
    assert call.decode(bytes.fromhex("405c1181")).hex() == "405c1181"


@pytest.mark.parametrize("length", [0, 3, 5])
def test_another_length_than_asked_for_is_a_bad_response(length: int) -> None:
    with pytest.raises(BadResponseError):
        eeeprom_read(0, 0x4008, 4).decode(bytes(length))


def test_requests() -> None:
    frames: dict[Call[object], str] = {
        eeprom_read(1, 0, 10): "01000300ffff000a",
        eeprom_write(1, 0, bytes(range(5))): "01000301ffff000001020304",
        eeeprom_write(1, 0x0100, b"\x01"): "01000403ffff000101",
        ram_read(1, 0, 10): "01000500ffff000a",
        ram_write(1, 0, bytes(range(5))): "01000501ffff000001020304",
    }
    for call, frame in frames.items():
        assert call.request.encode().hex() == frame


def test_the_longest_spans_fit() -> None:
    assert eeeprom_read(0, 0x7FFF - 53, 54).request.pdata[2] == 54
    assert len(eeeprom_write(0, 0x3FFF - 53, bytes(54)).request.pdata) == 56
    assert len(ram_write(0, 0, bytes(55)).request.pdata) == 56


@pytest.mark.parametrize(
    "build",
    [
        lambda: eeeprom_read(0, 0, 0),
        lambda: eeeprom_read(0, 0, 55),
        lambda: eeeprom_read(0, 0x7FFF, 2),
        lambda: eeeprom_read(0, -1, 1),
        lambda: eeeprom_write(0, 0x3FFF, bytes(2)),
        lambda: eeeprom_write(0, 0, b""),
        lambda: eeprom_write(0, 0, bytes(56)),
        lambda: ram_write(0, 0, bytes(56)),
        lambda: ram_read(0, 0, 57),
    ],
)
def test_spans_that_do_not_exist_are_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()
