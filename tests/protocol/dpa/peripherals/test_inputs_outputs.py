"""LEDs, thermometer and UART of a module."""

import pytest

from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.inputs_outputs import (
    LEDG_OFF,
    LEDR_GET,
    LEDR_PULSE,
    THERMOMETER_READ,
    Temperature,
    uart_write_read,
)
from protocol.errors import LocalProtocolError


def test_leds() -> None:
    assert LEDR_PULSE.call(1).request.encode() == bytes.fromhex("01000603ffff")
    assert LEDG_OFF.call(0).request.encode() == bytes.fromhex("00000700ffff")
    assert LEDR_GET.decode(b"\x01") == 1


@pytest.mark.parametrize(
    ("pdata", "celsius"),
    [("197d01", 25 - 1.1875), ("f7f0fe", -17.0), ("180000", 0.0), ("800000", None)],
)
def test_a_thermometer_counts_sixteenths(pdata: str, celsius: float | None) -> None:
    temperature = THERMOMETER_READ.decode(bytes.fromhex(pdata))
    assert temperature.celsius == celsius
    assert temperature.encode().hex() == pdata


def test_a_torn_temperature_is_bad() -> None:
    with pytest.raises(BadResponseError):
        Temperature.decode(b"\x18\x00")


def test_the_uart_reads_only_on_demand() -> None:
    assert uart_write_read(3, data=b"\x01").request.encode() == bytes.fromhex("03000c02ffffff01")
    assert uart_write_read(3, 1).request.pdata == b"\x01"
    with pytest.raises(LocalProtocolError):
        uart_write_read(3, 1, bytes(56))
