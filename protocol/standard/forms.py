"""How sensor values are written in FRC answers: the few forms that quantities have there.

Source: IQRF Sensor standard, "FRC".
"""

from abc import ABC, abstractmethod

from attrs import frozen

from protocol.standard.codecs import Number, NumberCodec

FRC_OFFSET = 4
"""FRC values below this one tell why there is no value; unsigned values are moved above them."""


class Form(ABC):
    """One FRC form of a value; `extra` are bits 5-7 of the index byte in the FRC user data."""

    @abstractmethod
    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """The value (not rounded) of an FRC value that is no code for "no value"."""

    @abstractmethod
    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """The FRC value of a value; None when it is out of range.

        The result may be one that cannot be told from a code, or too big: the caller checks.
        """


@frozen
class Moved(Form):
    """The raw value plus 4."""

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return codec.formula(frc - FRC_OFFSET)

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        raw = codec.raw(value)
        return None if raw is None else raw + FRC_OFFSET


@frozen
class Flipped(Form):
    """The raw value with its sign bit turned over, so that the error value becomes 0."""

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return codec.formula(frc ^ 0x8000)

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        raw = codec.raw(value)
        return None if raw is None else raw ^ 0x8000


@frozen
class Same(Form):
    """The raw value as it is, its own error value included."""

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return codec.read(frc)

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        return codec.raw(value)


@frozen
class Steps(Form):
    """A coarser scale of its own: so many steps of size `step` above `zero`."""

    step: float
    zero: int

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return (frc - self.zero) * self.step

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        return round(value / self.step) + self.zero


@frozen
class OneBit(Form):
    """Bit number `extra` of the raw value, as 2 (clear) or 3 (set)."""

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return frc & 1

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        raw = codec.raw(value)
        return None if raw is None else 2 | raw >> extra & 1


@frozen
class Half(Form):
    """The low (`extra` even) or the high 15 bits of the raw value, plus 4."""

    def decode(self, codec: NumberCodec, frc: int, extra: int) -> Number | None:
        """See Form."""
        return frc - FRC_OFFSET

    def encode(self, codec: NumberCodec, value: Number, extra: int) -> int | None:
        """See Form."""
        raw = codec.raw(value)
        return None if raw is None else (raw >> 15 * (extra & 1) & 0x7FFF) + FRC_OFFSET
