"""Memory is read and written in spans that exist, and an answer of another length is bad."""

import pytest

from protocol.dpa import commands
from protocol.dpa.errors import BadResponseError
from protocol.errors import LocalProtocolError


def test_a_record_of_the_mid_table() -> None:
    call = commands.eeeprom_read(0, 0x4008, 4)
    assert call.request.encode() == bytes.fromhex("00000402ffff084004")
    assert call.decode(bytes.fromhex("405c1181")).hex() == "405c1181"


@pytest.mark.parametrize("length", [0, 3, 5])
def test_another_length_than_asked_for_is_a_bad_response(length: int) -> None:
    with pytest.raises(BadResponseError):
        commands.eeeprom_read(0, 0x4008, 4).decode(bytes(length))


def test_requests() -> None:
    frames: dict[commands.Call[object], str] = {
        commands.eeprom_read(1, 0, 10): "01000300ffff000a",
        commands.eeprom_write(1, 0, bytes(range(5))): "01000301ffff000001020304",
        commands.eeeprom_write(1, 0x0100, b"\x01"): "01000403ffff000101",
        commands.ram_read(1, 0, 10): "01000500ffff000a",
        commands.ram_write(1, 0, bytes(range(5))): "01000501ffff000001020304",
    }
    for call, frame in frames.items():
        assert call.request.encode().hex() == frame


def test_the_longest_spans_fit() -> None:
    assert commands.eeeprom_read(0, 0x7FFF - 53, 54).request.pdata[2] == 54
    assert len(commands.eeeprom_write(0, 0x3FFF - 53, bytes(54)).request.pdata) == 56
    assert len(commands.ram_write(0, 0, bytes(55)).request.pdata) == 56


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.eeeprom_read(0, 0, 0),
        lambda: commands.eeeprom_read(0, 0, 55),
        lambda: commands.eeeprom_read(0, 0x7FFF, 2),
        lambda: commands.eeeprom_read(0, -1, 1),
        lambda: commands.eeeprom_write(0, 0x3FFF, bytes(2)),
        lambda: commands.eeeprom_write(0, 0, b""),
        lambda: commands.eeprom_write(0, 0, bytes(56)),
        lambda: commands.ram_write(0, 0, bytes(56)),
        lambda: commands.ram_read(0, 0, 57),
    ],
)
def test_spans_that_do_not_exist_are_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()
