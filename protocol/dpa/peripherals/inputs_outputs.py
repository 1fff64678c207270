"""The commands of what sits on a module's board: LEDs, pins, thermometer, SPI and UART."""

import struct
from typing import Any, ClassVar

from attrs import frozen

from protocol.dpa.call import BYTE, NOTHING, RAW, Call, Command, packed
from protocol.dpa.fields import Packed, octets, within
from protocol.dpa.packet import MAX_PDATA
from protocol.dpa.pnum import IO, LEDG, LEDR, SPI, THERMOMETER, UART

_NO_SENSOR = -128
_SIGN = 1 << 11
_NEVER_READ = 0xFF
"""Read timeout of SPI and UART with which nothing is read."""


@frozen
class Temperature(Packed):
    """What the thermometer of a module shows: whole °C, and sixteenths of a °C in twelve bits."""

    layout: ClassVar = struct.Struct("<bH")

    whole: int
    sixteenths: int

    @property
    def celsius(self) -> float | None:
        """The temperature, None without a thermometer."""
        if self.whole == _NO_SENSOR:
            return None
        return ((self.sixteenths & 0xFFF ^ _SIGN) - _SIGN) / 16


def _reading_ms(pdata: bytes) -> int:
    """The read timeout, which is in units of 10 ms."""
    return pdata[0] * 10 if pdata and pdata[0] != _NEVER_READ else 0


def _led(pnum: int) -> tuple[Command[None], ...]:
    names = {0x00: "SetOff", 0x01: "SetOn", 0x03: "Pulse", 0x04: "Flashing"}
    return tuple(Command(pnum, pcmd, name, NOTHING) for pcmd, name in names.items())


LEDR_OFF, LEDR_ON, LEDR_PULSE, LEDR_FLASHING = _led(LEDR)
LEDG_OFF, LEDG_ON, LEDG_PULSE, LEDG_FLASHING = _led(LEDG)
LEDR_GET = Command(LEDR, 0x02, "Get", BYTE)
LEDG_GET = Command(LEDG, 0x02, "Get", BYTE)
SPI_WRITE_READ = Command(SPI, 0x00, "WriteRead", RAW, busy_ms=_reading_ms)
IO_DIRECTION = Command(IO, 0x00, "Direction", NOTHING)
IO_SET = Command(IO, 0x01, "Set", NOTHING)
IO_GET = Command(IO, 0x02, "Get", RAW)
THERMOMETER_READ = Command(THERMOMETER, 0x00, "Read", packed(Temperature))
UART_OPEN = Command(UART, 0x00, "Open", NOTHING)
UART_CLOSE = Command(UART, 0x01, "Close", NOTHING)
UART_WRITE_READ = Command(UART, 0x02, "WriteRead", RAW, busy_ms=_reading_ms)
UART_CLEAR_WRITE_READ = Command(UART, 0x03, "ClearWriteRead", RAW, busy_ms=_reading_ms)

BOARD_COMMANDS: tuple[Command[Any], ...] = (
    *_led(LEDR),
    *_led(LEDG),
    LEDR_GET,
    LEDG_GET,
    SPI_WRITE_READ,
    IO_DIRECTION,
    IO_SET,
    IO_GET,
    THERMOMETER_READ,
    UART_OPEN,
    UART_CLOSE,
    UART_WRITE_READ,
    UART_CLEAR_WRITE_READ,
)


def uart_write_read(nadr: int, timeout: int = _NEVER_READ, data: bytes = b"") -> Call[bytes]:
    """Send up to 55 bytes, and read for `timeout` units of 10 ms (0xFF: do not read)."""
    within("length of data", len(data), 0, MAX_PDATA - 1)
    return UART_WRITE_READ.call(nadr, octets(timeout=timeout) + data)
