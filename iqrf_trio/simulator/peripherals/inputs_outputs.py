"""The peripherals on a simulated module's board: LEDs, pins, thermometer and serial line."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import define, field

from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import FAIL, WRONG_DATA, WRONG_LENGTH, Refused, of_length
from iqrf_trio.simulator.signals import Signal
from protocol.dpa.packet import MAX_PDATA
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.peripherals.inputs_outputs import (
    IO_DIRECTION,
    IO_GET,
    IO_SET,
    LEDG_FLASHING,
    LEDG_GET,
    LEDG_OFF,
    LEDG_ON,
    LEDG_PULSE,
    LEDR_FLASHING,
    LEDR_GET,
    LEDR_OFF,
    LEDR_ON,
    LEDR_PULSE,
    THERMOMETER_READ,
    UART_CLEAR_WRITE_READ,
    UART_CLOSE,
    UART_OPEN,
    UART_WRITE_READ,
    Temperature,
)
from protocol.dpa.pnum import IO, LEDG, LEDR, THERMOMETER, UART

_LED_TYPE, _IO_TYPE, _THERMOMETER_TYPE, _UART_TYPE = 0x07, 0x09, 0x0B, 0x0C
_READ, _READ_WRITE = 1, 3

_NO_THERMOMETER = -128 * 16
_TWELVE_BITS = 0xFFF

_PORTS = len("ABCDE")
_PULL_UPS = 0x10
"""Added to a port in Direction: its pull-up resistors."""
_DELAY = 0xFF
"""In place of a port: a pause between two settings."""


_WITHOUT_GET = 0x0303
"""From this DPA version on an LED does not tell whether it is on (DPA release notes)."""


class Led(Peripheral):
    """A LED of a module with the DPA version `dpa`; `lit` is true from On or Flashing until Off."""

    colour: ClassVar[int]
    codes: ClassVar[tuple[int, ...]]
    """PCMDs of Off, On, Get, Pulse, Flashing."""

    def __init__(self, dpa: int) -> None:
        self.dpa, self.lit = dpa, False

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _LED_TYPE, self.colour, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        off, on, get, pulse, flashing = self.codes
        return {
            **({get: self._get} if self.dpa < _WITHOUT_GET else {}),
            off: lambda pdata, _: self._set(pdata, lit=False),
            on: lambda pdata, _: self._set(pdata, lit=True),
            pulse: lambda pdata, _: self._set(pdata, lit=self.lit),
            flashing: lambda pdata, _: self._set(pdata, lit=True),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.lit = False

    def _get(self, pdata: bytes, _now: float) -> bytes:
        return of_length(pdata, 0) + bytes((self.lit,))

    def _set(self, pdata: bytes, *, lit: bool) -> bytes:
        of_length(pdata, 0)
        self.lit = lit
        return b""


class RedLed(Led):
    """The red LED."""

    pnum = LEDR
    colour = 0
    codes = tuple(
        command.pcmd for command in (LEDR_OFF, LEDR_ON, LEDR_GET, LEDR_PULSE, LEDR_FLASHING)
    )


class GreenLed(Led):
    """The green LED."""

    pnum = LEDG
    colour = 1
    codes = tuple(
        command.pcmd for command in (LEDG_OFF, LEDG_ON, LEDG_GET, LEDG_PULSE, LEDG_FLASHING)
    )


@define
class Pins(Peripheral):
    """The ports of the module: A, B, C, D and E, one byte each."""

    pnum = IO

    directions: bytearray = field(factory=lambda: bytearray(b"\xff" * 5))
    """A set bit is an input."""
    levels: bytearray = field(factory=lambda: bytearray(5))
    pull_ups: bytearray = field(factory=lambda: bytearray(5))

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _IO_TYPE, 0x17, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            IO_DIRECTION.pcmd: lambda pdata, _: self._write(self.directions, pdata, self.pull_ups),
            IO_SET.pcmd: lambda pdata, _: self._write(self.levels, pdata),
            IO_GET.pcmd: lambda pdata, _: of_length(pdata, 0) + bytes(self.levels),
        }

    def _write(self, ports: bytearray, pdata: bytes, pull_ups: bytearray | None = None) -> bytes:
        if not pdata or len(pdata) % 3:
            raise Refused(WRONG_LENGTH)
        for start in range(0, len(pdata), 3):
            port, mask, value = pdata[start : start + 3]
            if port == _DELAY:
                continue
            written = ports
            if pull_ups is not None and port >= _PULL_UPS:
                written, port = pull_ups, port - _PULL_UPS
            if port >= _PORTS:
                raise Refused(WRONG_DATA)
            written[port] = written[port] & ~mask | value & mask
        return b""


@define
class Thermometer(Peripheral):
    """The thermometer of the module; without a signal there is none on the board."""

    pnum = THERMOMETER

    signal: Signal | None
    phase: float

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ, _THERMOMETER_TYPE, 0, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            THERMOMETER_READ.pcmd: lambda pdata, now: (
                of_length(pdata, 0) + self.temperature(now).encode()
            )
        }

    def temperature(self, now: float) -> Temperature:
        """What it shows at `now`."""
        value = self.signal.at(now, self.phase) if self.signal else None
        sixteenths = round(value * 16) if isinstance(value, float | int) else _NO_THERMOMETER
        return Temperature(sixteenths // 16, sixteenths & _TWELVE_BITS)


_HIGHEST_BAUD_RATE = 8
_NEVER_READ = 0xFF


@define
class SerialLine(Peripheral):
    """A serial line whose two ends are joined: what is written comes back."""

    pnum = UART

    opened: bool = False
    waiting: bytes = b""

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _UART_TYPE, MAX_PDATA, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            UART_OPEN.pcmd: lambda pdata, _: self._open(pdata),
            UART_CLOSE.pcmd: lambda pdata, _: self._close(pdata),
            UART_WRITE_READ.pcmd: lambda pdata, _: self._write_read(pdata),
            UART_CLEAR_WRITE_READ.pcmd: lambda pdata, _: self._write_read(pdata, clear=True),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.opened, self.waiting = False, b""

    def _open(self, pdata: bytes) -> bytes:
        of_length(pdata, 1)
        if pdata[0] > _HIGHEST_BAUD_RATE:
            raise Refused(WRONG_DATA)
        self.opened, self.waiting = True, b""
        return b""

    def _close(self, pdata: bytes) -> bytes:
        of_length(pdata, 0)
        self.reset()
        return b""

    def _write_read(self, pdata: bytes, *, clear: bool = False) -> bytes:
        if not pdata:
            raise Refused(WRONG_LENGTH)
        if not self.opened:
            raise Refused(FAIL)
        # The buffer holds one packet; what finds no room is lost.
        self.waiting = ((b"" if clear else self.waiting) + pdata[1:])[-MAX_PDATA:]
        if pdata[0] == _NEVER_READ:
            return b""
        read, self.waiting = self.waiting, b""
        return read
