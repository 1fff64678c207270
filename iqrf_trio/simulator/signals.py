"""What simulated sensors measure: values as pure functions of time."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import pi, sin

from attrs import frozen

from protocol.standard.quantities import DATA_BLOCK, Value

HOUR = 3600.0


class Signal(ABC):
    """One measured value over time."""

    @abstractmethod
    def at(self, now: float, phase: float) -> Value | None:
        """The value at `now` (seconds), None while the sensor reports an error.

        `phase` (0..1) sets equal sensors apart.
        """


@frozen
class Fixed(Signal):
    """Always the same; None is a sensor that only reports errors."""

    value: Value | None

    def at(self, now: float, phase: float) -> Value | None:
        """See Signal."""
        return self.value


@frozen
class Wave(Signal):
    """Slowly up and down between `low` and `high`, never twice quite the same way."""

    low: float
    high: float
    period: float = HOUR
    """Seconds from one high to the next."""

    def at(self, now: float, phase: float) -> float:
        """See Signal."""
        angle = 2 * pi * (now / self.period + phase)
        # The second wave's period is no multiple of the first one's, so that days differ.
        height = 0.5 + 0.4 * sin(angle) + 0.1 * sin(7.3 * angle)
        return self.low + height * (self.high - self.low)


@frozen
class Growing(Signal):
    """A counter: `start`, and `per_second` more of it each second; sensors differ by `spread`."""

    start: float
    per_second: float
    spread: float = 0.0

    def at(self, now: float, phase: float) -> float:
        """See Signal."""
        return self.start + self.spread * phase + self.per_second * now


def phase_of(mid: int, index: int) -> float:
    """The phase (0..1) of sensor number `index` of a module."""
    # Multiplying by the golden ratio in 32 bits spreads MIDs that follow one another.
    return ((mid * 0x9E3779B1 + index * 0x85EBCA77) & 0xFFFFFFFF) / 2**32


# What sensors of each type show where a network's description says nothing else.
USUAL: Mapping[int, Signal] = {
    1: Wave(18, 27),
    2: Wave(420, 1400),
    3: Wave(50, 600),
    4: Wave(11.8, 12.6),
    5: Wave(0.00003, 0.00006),
    6: Wave(3.0, 3.4),
    7: Wave(0.1, 9.0),
    8: Wave(20, 2400),
    9: Wave(49.95, 50.05),
    10: Wave(60, 7200),
    11: Wave(0, 900),
    12: Wave(0.01, 0.2),
    13: Wave(0.01, 0.1),
    14: Wave(0.1, 9),
    15: Wave(0.01, 0.08),
    16: Wave(985, 1025),
    17: Wave(2700, 6500),
    18: Wave(2, 35),
    19: Wave(30, 75),
    20: Wave(180, 240),
    21: Wave(-2, 2),
    22: Wave(0.1, 20),
    23: Wave(0.001, 2),
    24: Wave(0.2, 12),
    25: Wave(1, 20),
    26: Wave(2, 45),
    27: Wave(3, 50),
    28: Wave(20, 500),
    29: Wave(1, 200),
    30: Wave(20, 300),
    31: Wave(0x0104, 0x01FF),
    32: Wave(3, 60),
    128: Wave(30, 65),
    129: Wave(0, 127),
    130: Wave(0.8, 1.0),
    131: Wave(0, 9),
    132: Wave(6.5, 8.5),
    133: Wave(-95, -40),
    134: Wave(0, 9),
    160: Wave(0, 2**30 - 1),
    161: Growing(1_000_000, 0.4, spread=4_000_000),
    162: Growing(1_750_000_000, 1),
    163: Growing(10_000, 1, spread=500_000),
    164: Wave(50.42, 50.44),
    165: Wave(15.36, 15.38),
    166: Wave(18, 27),
    167: Wave(1, 20),
    168: Wave(0, 2**32 - 8),
    DATA_BLOCK: Fixed((0x49, 0x51, 0x52, 0x46)),
}
