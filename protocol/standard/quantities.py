"""Sensor quantities: what they are called, and their values in direct and in FRC answers.

Source: IQRF Sensor standard, "Quantities". Single-sourced there, and unconfirmed on hardware, are
28, 29, 30, 32, 134 and 162.
"""

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE, width_of
from protocol.errors import LocalProtocolError
from protocol.standard.codecs import (
    Angle,
    Binary32,
    Bits,
    Block,
    Codec,
    NumberCodec,
    Scaled,
    finite,
)
from protocol.standard.forms import (
    FRC_OFFSET,
    Flipped,
    Form,
    Half,
    Moved,
    OneBit,
    Same,
    Steps,
)

DATA_BLOCK = 192

Value = float | int | tuple[int, ...]
"""What a sensor measured: a number, or the bytes of a data block (type 192)."""


class NoValue(Enum):
    """Why an FRC brought no value for a node; the first four FRC values (Sensor standard, FRC)."""

    SILENT = 0
    UNSUPPORTED = 1
    ERROR = 2
    RESERVED = 3


_NATIVE_FRC = {1: SENSOR_1BYTE, 2: SENSOR_2BYTE, 4: SENSOR_4BYTE}
"""By the bytes of a direct value."""


PARTIAL = frozenset({(129, SENSOR_2BIT), (160, SENSOR_2BYTE)})
"""Type and FRC command where an answer is only a part of the value: a bit, a half."""


@frozen
class Quantity:
    """A quantity of the standard, or one that a product puts in the place of a generic type.

    `width` of a direct value is in bytes, 0 = as many as its first byte says. Values are rounded
    to `decimals`; where that is 0 they are ints. What a product reads out of types 129, 160 and
    192 is a Quantity too, with its own names and codec.
    """

    type: int
    name: str
    short_name: str
    unit: str
    decimals: int
    text_id: str
    codec: Codec
    forms: Mapping[int, Form] = field(hash=False)
    """By FRC command."""

    @property
    def width(self) -> int:
        """Bytes of a direct value, 0 = its first byte says how many follow."""
        return self.codec.width

    @property
    def frcs(self) -> tuple[int, ...]:
        """The FRC commands that can read it, ascending."""
        return tuple(sorted(self.forms))

    @property
    def native_frc(self) -> int | None:
        """The FRC command that carries the whole value, None where there is none."""
        command = _NATIVE_FRC.get(self.width)
        return command if command in self.forms else None

    def decode(self, raw: bytes) -> Value | None:
        """The value of a direct answer, None for the error value.

        Raises RemoteProtocolError when `raw` is not as long as such a value.
        """
        value = self.codec.unpack(raw)
        return value if isinstance(value, tuple) else self._rounded(value)

    def encode(self, value: Value | None) -> bytes:
        """What a device sends for `value`: the error value for None and for out of range.

        Raises LocalProtocolError for a data block in place of a number and the reverse.
        """
        return self.codec.pack(value)

    def decode_frc(self, command: int, frc: int, *, extra: int = 0) -> Value | None:
        """The value of one node in an FRC answer, or None (see `why_none`).

        `extra` are bits 5-7 of the index byte that was sent: the bit's number for 129 by 2-bit
        FRC, the half for 160 by 2-byte FRC. Raises LocalProtocolError when the quantity cannot be
        read by `command`.
        """
        form = self.forms.get(command)
        if form is None or not isinstance(self.codec, NumberCodec):
            raise LocalProtocolError(f"FRC 0x{command:02X} does not read {self.name}")
        if _code(command, frc) is not None:
            return None
        return self._rounded(form.decode(self.codec, frc, extra))

    def why_none(self, command: int, frc: int) -> NoValue | None:
        """Why `decode_frc` gave None; None when it gave a value."""
        code = _code(command, frc)
        if code is None and self.decode_frc(command, frc) is None:
            return NoValue.ERROR
        return code

    def encode_frc(self, command: int, value: Value | None, *, extra: int = 0) -> int:
        """What a node answers to an FRC: "error or out of range" for what it cannot carry.

        A quantity that has no such form answers "unsupported", as has to serve for an error in a
        2-bit FRC, too.
        """
        form = self.forms.get(command)
        if form is None or not isinstance(self.codec, NumberCodec):
            return NoValue.UNSUPPORTED.value
        number = finite(value)
        frc = None if number is None else form.encode(self.codec, number, extra)
        if command == SENSOR_2BIT:
            return NoValue.UNSUPPORTED.value if frc is None else frc
        if frc is None or not FRC_OFFSET <= frc <= width_of(command).highest_value:
            return NoValue.ERROR.value
        return frc

    def _rounded(self, value: float | None) -> float | int | None:
        if value is None:
            return None
        # Adding 0.0 turns the negative zero, which JSON would show, into zero.
        return round(value, self.decimals) + 0.0 if self.decimals else round(value)


def _code(command: int, frc: int) -> NoValue | None:
    # The two-bit form has no room for codes 2 and 3, which are its data.
    codes = 2 if command == SENSOR_2BIT else FRC_OFFSET
    return NoValue(frc) if 0 <= frc < codes else None


def _s16(per: int) -> Codec:
    return Scaled(2, per, error=0x8000, signed=True)


def _u16(per: int = 1, *, zero: int = 0) -> Codec:
    return Scaled(2, per, error=0xFFFF, zero=zero)


def _u15(per: int = 1) -> Codec:
    # Legal up to 0x7FFF; what lies above the error value is read by the same formula.
    return Scaled(2, per, error=0x8000)


def _u8(error: int, per: int = 1, *, zero: int = 0) -> Codec:
    return Scaled(1, per, error=error, zero=zero)


def _u32(per: int = 1) -> Codec:
    return Scaled(4, per, error=0xFFFFFFFF)


# type, name, short name, unit, decimals, text id, direct form
# fmt: off
_TABLE: tuple[tuple[int, str, str, str, int, str, Codec], ...] = (
    (1, "Temperature", "T", "°C", 4, "TEMPERATURE", _s16(16)),
    (2, "Carbon dioxide", "CO2", "ppm", 0, "CO2", _u15()),
    (3, "Volatile organic compound", "VOC", "ppm", 0, "VOC", _u15()),
    (4, "Extra-low voltage", "U", "V", 3, "EXTRA_LOW_VOLTAGE", _s16(1_000)),
    (5, "Earth's magnetic field", "B", "T", 7, "EARTHS_MAGNETIC_FIELD", _s16(10_000_000)),
    (6, "Low voltage", "U", "V", 4, "LOW_VOLTAGE", _s16(16)),
    (7, "Current", "I", "A", 3, "CURRENT", _s16(1_000)),
    (8, "Power", "P", "W", 2, "POWER", _u16(4)),
    (9, "Mains frequency", "f", "Hz", 3, "MAINS_FREQUENCY", _u16(1_000)),
    (10, "Timespan", "t", "s", 0, "TIMESPAN", _u16()),
    (11, "Illuminance", "Ev", "lx", 0, "ILLUMINANCE", _u16()),
    (12, "Nitrogen dioxide", "NO2", "ppm", 3, "NO2", _u16(1_000)),
    (13, "Sulfur dioxide", "SO2", "ppm", 3, "SO2", _u16(1_000)),
    (14, "Carbon monoxide", "CO", "ppm", 2, "CO", _u16(100)),
    (15, "Ozone", "O3", "ppm", 4, "O3", _u16(10_000)),
    (16, "Atmospheric pressure", "p", "hPa", 4, "ATMOSPHERIC_PRESSURE", _u16(16)),
    (17, "Color temperature", "Tc", "K", 0, "COLOR_TEMPERATURE", _u15()),
    (18, "Particulates PM2.5", "PM2.5", "µg/m³", 2, "PARTICULATES_PM2_5", _u15(4)),
    (19, "Sound pressure level", "Lp", "dB", 4, "SOUND_PRESSURE_LEVEL", _u15(16)),
    (20, "Altitude", "h", "m", 2, "ALTITUDE", _u16(4, zero=-1024)),
    (21, "Acceleration", "a", "m/s²", 8, "ACCELERATION", _s16(256)),
    (22, "Ammonia", "NH3", "ppm", 1, "NH3", _u16(10)),
    (23, "Methane", "CH4", "%", 3, "METHANE", _u16(1_000)),
    (24, "Short length", "l", "m", 3, "SHORT_LENGTH", _u16(1_000)),
    (25, "Particulates PM1", "PM1", "µg/m³", 2, "PARTICULATES_PM1", _u15(4)),
    (26, "Particulates PM4", "PM4", "µg/m³", 2, "PARTICULATES_PM4", _u15(4)),
    (27, "Particulates PM10", "PM10", "µg/m³", 2, "PARTICULATES_PM10", _u15(4)),
    (28, "Total volatile organic compound", "TVOC", "µg/m³", 0, "TVOC", _u16()),
    (29, "Nitrogen oxides", "NOX", "", 0, "NOX", _u16()),
    (30, "Activity concentration", "CA", "Bq/m³", 0, "ACTIVITY_CONCENTRATION", _u16()),
    (31, "Binary input", "BinInput", "", 0, "BINARY_INPUT", Bits(2, 0x7FFF, 0x8000)),
    (32, "Particulates PM40", "PM40", "µg/m³", 2, "PARTICULATES_PM40", _u15(4)),
    (128, "Relative humidity", "RH", "%", 1, "RELATIVE_HUMIDITY", _u8(0xEE, 2)),
    (129, "Binary data7", "bin7", "?", 0, "BINARYDATA7", Bits(1, 0x7F, 0x80)),
    (130, "Power factor", "cos θ", "", 3, "POWER_FACTOR", _u8(0xEE, 200)),
    (131, "UV index", "UV", "", 3, "UV_INDEX", _u8(0xFF, 8)),
    (132, "pH", "pH", "", 4, "PH", _u8(0xFF, 16)),
    (133, "RSSI", "RSSI", "dBm", 1, "RSSI", _u8(0xFF, 2, zero=-127)),
    (134, "Action", "Action", "", 0, "ACTION", _u8(0xFB)),
    (160, "Binary data30", "bin30", "?", 0, "BINARYDATA30", Bits(4, 0x3FFFFFFF, 0x80000000)),
    (161, "Consumption", "E", "Wh", 0, "CONSUMPTION", _u32()),
    (162, "DateTime", "DateTime", "", 0, "DATETIME", _u32()),
    (163, "Timespan long", "t", "s", 4, "TIMESPAN_LONG", _u32(16)),
    (164, "Latitude", "LAT", "°", 7, "LATITUDE", Angle(90)),
    (165, "Longitude", "LONG", "°", 7, "LONGITUDE", Angle(180)),
    (166, "Temperature", "T", "°C", 7, "TEMPERATURE_FLOAT", Binary32()),
    (167, "Length", "l", "m", 7, "LENGTH", Binary32()),
    (168, "Four bytes", "4B", "", 0, "FOUR_BYTES", _u32()),
    (192, "Data block", "datablock", "?", 0, "DATA_BLOCK", Block()),
)
# fmt: on

_UNMOVED = {31, 164, 165}

_FURTHER_FORMS: Mapping[int, Mapping[int, Form]] = {
    1: {SENSOR_1BYTE: Steps(0.5, zero=44)},
    2: {SENSOR_1BYTE: Steps(16, zero=4)},
    3: {SENSOR_1BYTE: Steps(16, zero=4)},
    129: {SENSOR_2BIT: OneBit()},
    160: {SENSOR_2BYTE: Half()},
}


def _forms(sensor_type: int, codec: Codec) -> Mapping[int, Form]:
    forms = dict(_FURTHER_FORMS.get(sensor_type, {}))
    if codec.width:
        signed = isinstance(codec, Scaled) and codec.signed
        forms[_NATIVE_FRC[codec.width]] = (
            Same() if sensor_type in _UNMOVED else Flipped() if signed else Moved()
        )
    return forms


QUANTITIES: Mapping[int, Quantity] = {
    row[0]: Quantity(*row, _forms(sensor_type=row[0], codec=row[-1])) for row in _TABLE
}


def direct_width(sensor_type: int) -> int:
    """Bytes of a direct value by the range of its type; 0 = a length byte goes in front."""
    if sensor_type < 0x80:
        return 2
    if sensor_type < 0xA0:
        return 1
    return 4 if sensor_type < 0xC0 else 0


def quantity(sensor_type: int) -> Quantity:
    """The quantity of a sensor type (0..255); an unknown one as its plain number."""
    return QUANTITIES.get(sensor_type) or _unknown(sensor_type)


def _unknown(sensor_type: int) -> Quantity:
    width = direct_width(sensor_type)
    codec: Codec = Scaled(width, 1, error=None) if width else Block()
    name = f"Unknown sensor type {sensor_type}"
    return Quantity(sensor_type, name, "?", "?", 0, "UNKNOWN", codec, _forms(sensor_type, codec))


def native_frc(sensor_type: int) -> int | None:
    """See Quantity.native_frc."""
    return quantity(sensor_type).native_frc


def decode(sensor_type: int, raw: bytes) -> Value | None:
    """See Quantity.decode."""
    return quantity(sensor_type).decode(raw)


def encode(sensor_type: int, value: Value | None) -> bytes:
    """See Quantity.encode."""
    return quantity(sensor_type).encode(value)


def decode_frc(sensor_type: int, command: int, frc: int, *, extra: int = 0) -> Value | None:
    """See Quantity.decode_frc."""
    return quantity(sensor_type).decode_frc(command, frc, extra=extra)


def encode_frc(sensor_type: int, command: int, value: Value | None, *, extra: int = 0) -> int:
    """See Quantity.encode_frc."""
    return quantity(sensor_type).encode_frc(command, value, extra=extra)
