"""LEDs, thermometer and UART of a module."""

import pytest

from protocol.dpa import commands
from protocol.dpa.commands import Temperature
from protocol.dpa.errors import BadResponseError
from protocol.errors import LocalProtocolError


def test_leds() -> None:
    assert commands.LEDR_PULSE.call(1).request.encode() == bytes.fromhex("01000603ffff")
    assert commands.LEDG_OFF.call(0).request.encode() == bytes.fromhex("00000700ffff")
    assert commands.LEDR_GET.decode(b"\x01") == 1


@pytest.mark.parametrize(
    ("pdata", "celsius"),
    [("197d01", 25 - 1.1875), ("f7f0fe", -17.0), ("180000", 0.0), ("800000", None)],
)
def test_a_thermometer_counts_sixteenths(pdata: str, celsius: float | None) -> None:
    temperature = commands.THERMOMETER_READ.decode(bytes.fromhex(pdata))
    assert temperature.celsius == celsius
    assert temperature.encode().hex() == pdata


def test_a_torn_temperature_is_bad() -> None:
    with pytest.raises(BadResponseError):
        Temperature.decode(b"\x18\x00")


def test_the_uart_reads_only_on_demand() -> None:
    assert commands.uart_write_read(3, data=b"\x01").request.encode() == bytes.fromhex(
        "03000c02ffffff01"
    )
    assert commands.uart_write_read(3, 1).request.pdata == b"\x01"
    with pytest.raises(LocalProtocolError):
        commands.uart_write_read(3, 1, bytes(56))
