"""How sensor values are written in direct answers: the few codecs of which quantities are made.

Source: IQRF Sensor standard, "Quantities".
"""

import struct
from abc import ABC, abstractmethod
from math import isfinite

from attrs import frozen

from protocol.errors import LocalProtocolError, RemoteProtocolError

Number = float | int


def finite(value: Number | tuple[int, ...] | None) -> Number | None:
    """The number itself, None for None and for what is not finite.

    Raises LocalProtocolError for a data block.
    """
    if isinstance(value, tuple):
        raise LocalProtocolError("a data block stands where a number belongs")
    return value if value is not None and isfinite(value) else None


class Codec(ABC):
    """The direct form of a value; `width` is in bytes, 0 = a length byte goes before the data."""

    width: int

    @abstractmethod
    def unpack(self, raw: bytes) -> Number | tuple[int, ...] | None:
        """The value in `raw` (not rounded), None when it says that there is none.

        Raises RemoteProtocolError when `raw` has not the length of such a value.
        """

    @abstractmethod
    def pack(self, value: Number | tuple[int, ...] | None) -> bytes:
        """The bytes of `value`; None, and what is out of range, as the error value.

        Raises LocalProtocolError for a value of the wrong kind.
        """


class NumberCodec(Codec):
    """A number, written as an unsigned little-endian integer, its *raw value*."""

    width: int
    error: int | None
    """The raw value that says "no value"; None where the standard has none."""

    @property
    def mask(self) -> int:
        """The greatest raw value."""
        return (1 << 8 * self.width) - 1

    @abstractmethod
    def formula(self, raw: int) -> Number | None:
        """The value of `raw`, without regard to the error value; None if it is no number."""

    @abstractmethod
    def raw(self, value: Number) -> int | None:
        """The raw value of a finite `value`, None when it is out of range."""

    def read(self, raw: int) -> Number | None:
        """The value of `raw`, None for the error value."""
        return None if raw == self.error else self.formula(raw)

    def unpack(self, raw: bytes) -> Number | None:
        """See Codec."""
        if len(raw) != self.width:
            raise RemoteProtocolError(f"the value has {self.width} bytes, not {len(raw)}")
        return self.read(int.from_bytes(raw, "little"))

    def pack(self, value: Number | tuple[int, ...] | None) -> bytes:
        """See Codec."""
        number = finite(value)
        raw = None if number is None else self.raw(number)
        if raw is None:
            raw = self.mask if self.error is None else self.error
        return raw.to_bytes(self.width, "little")


@frozen
class Scaled(NumberCodec):
    """A number counted in steps of 1/`per` from `zero` on."""

    width: int
    per: int
    error: int | None
    zero: int = 0
    signed: bool = False

    def formula(self, raw: int) -> Number:
        """See NumberCodec."""
        if self.signed and raw > self.mask >> 1:
            raw -= self.mask + 1
        return raw / self.per + self.zero

    def raw(self, value: Number) -> int | None:
        """See NumberCodec."""
        raw = round((value - self.zero) * self.per)
        lowest = -(self.mask >> 1) - 1 if self.signed else 0
        return raw & self.mask if lowest <= raw <= self.mask + lowest else None


@frozen
class Bits(NumberCodec):
    """Bits below a flag that says "error"; `bits` is the mask of those that count."""

    width: int
    bits: int
    error: int

    def formula(self, raw: int) -> int:
        """See NumberCodec."""
        return raw

    def read(self, raw: int) -> int | None:
        """See NumberCodec; here the error value is a flag."""
        return None if raw & self.error else raw & self.bits

    def raw(self, value: Number) -> int | None:
        """See NumberCodec."""
        raw = round(value)
        return raw if 0 <= raw <= self.bits else None


@frozen
class Binary32(NumberCodec):
    """An IEEE 754 number of four bytes; NaN says "no value", and so do the infinities."""

    width: int = 4
    error: int = 0x7FC00000

    def formula(self, raw: int) -> float | None:
        """See NumberCodec."""
        value: float = struct.unpack("<f", raw.to_bytes(4, "little"))[0]
        return value if isfinite(value) else None

    def raw(self, value: Number) -> int | None:
        """See NumberCodec."""
        try:
            return int.from_bytes(struct.pack("<f", value), "little")
        except OverflowError:
            return None


@frozen
class Angle(NumberCodec):
    """Degrees and minutes of a geographical position; `limit` is the greatest angle, in degrees.

    Byte 3: degrees (0xFF: error), byte 2: sign, valid, 6 bits of minutes, bytes 1-0: 14 bits of
    1/10000 minutes.
    """

    limit: int
    width: int = 4
    error: int = 0xFF000000

    _VALID = 1 << 22
    _NEGATIVE = 1 << 23

    def read(self, raw: int) -> float | None:
        """See NumberCodec; not valid is an error too."""
        if raw >> 24 == self.error >> 24 or not raw & self._VALID:
            return None
        return self.formula(raw)

    def formula(self, raw: int) -> float:
        """See NumberCodec."""
        minutes = (raw >> 16 & 0x3F) + (raw & 0x3FFF) / 10_000
        degrees = (raw >> 24) + minutes / 60
        return -degrees if raw & self._NEGATIVE else degrees

    def raw(self, value: Number) -> int | None:
        """See NumberCodec."""
        if abs(value) > self.limit:
            return None
        degrees, parts = divmod(round(abs(value) * 600_000), 600_000)
        minutes, fraction = divmod(parts, 10_000)
        sign = self._NEGATIVE if value < 0 else 0
        return degrees << 24 | minutes << 16 | fraction | sign | self._VALID


@frozen
class Block(Codec):
    """Bytes with their number in front; an empty block stands for no value."""

    width: int = 0

    def unpack(self, raw: bytes) -> tuple[int, ...]:
        """See Codec."""
        if not raw or len(raw) != raw[0] + 1:
            raise RemoteProtocolError(f"the data block {raw.hex('.')} has not the length it says")
        return tuple(raw[1:])

    def pack(self, value: Number | tuple[int, ...] | None) -> bytes:
        """See Codec."""
        if not isinstance(value, tuple | None):
            raise LocalProtocolError(f"{value} is no data block")
        try:
            data = bytes(value or ())
            return bytes((len(data),)) + data
        except ValueError as error:
            raise LocalProtocolError(f"{value} are not up to 255 bytes") from error
