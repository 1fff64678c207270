"""The peripherals on a simulated module's board: LEDs, pins and thermometer."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import define, field

from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import WRONG_DATA, WRONG_LENGTH, Refused, of_length
from iqrf_trio.simulator.signals import Signal
from protocol.dpa.commands import (
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
    PeripheralInfo,
    Temperature,
)
from protocol.dpa.pnum import IO, LEDG, LEDR, THERMOMETER

_LED_TYPE, _IO_TYPE, _THERMOMETER_TYPE = 0x07, 0x09, 0x0B
_READ, _READ_WRITE = 1, 3

_NO_THERMOMETER = -128 * 16
_TWELVE_BITS = 0xFFF

_PORTS = len("ABCDE")
_DELAY = 0xFF
"""In place of a port: a pause between two settings."""


class Led(Peripheral):
    """A LED; `lit` is true from On or Flashing until Off."""

    colour: ClassVar[int]
    codes: ClassVar[tuple[int, ...]]
    """PCMDs of Off, On, Get, Pulse, Flashing."""

    def __init__(self) -> None:
        self.lit = False

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _LED_TYPE, self.colour, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        off, on, get, pulse, flashing = self.codes
        return {
            off: lambda pdata, _: self._set(pdata, lit=False),
            on: lambda pdata, _: self._set(pdata, lit=True),
            get: lambda pdata, _: of_length(pdata, 0) + bytes((self.lit,)),
            pulse: lambda pdata, _: self._set(pdata, lit=self.lit),
            flashing: lambda pdata, _: self._set(pdata, lit=True),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.lit = False

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

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _IO_TYPE, 0x17, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            IO_DIRECTION.pcmd: lambda pdata, _: self._write(self.directions, pdata),
            IO_SET.pcmd: lambda pdata, _: self._write(self.levels, pdata),
            IO_GET.pcmd: lambda pdata, _: of_length(pdata, 0) + bytes(self.levels),
        }

    def _write(self, ports: bytearray, pdata: bytes) -> bytes:
        if not pdata or len(pdata) % 3:
            raise Refused(WRONG_LENGTH)
        for start in range(0, len(pdata), 3):
            port, mask, value = pdata[start : start + 3]
            if port == _DELAY:
                continue
            if port >= _PORTS:
                raise Refused(WRONG_DATA)
            ports[port] = ports[port] & ~mask | value & mask
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
