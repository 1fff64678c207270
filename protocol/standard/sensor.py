"""The Sensor standard: its commands, the user data of its FRCs, and its asynchronous reports.

Source: IQRF Sensor standard. Calls are the gateway's side; the layouts and the values with
`decode` read and write what a device says too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import field, frozen

from protocol.dpa.call import Call, Layout
from protocol.dpa.errors import BadResponseError
from protocol.dpa.fields import octets, within, word
from protocol.dpa.frc import bitmap, members
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.standards import (
    SENSORS_ENUMERATE,
    SENSORS_READ,
    SENSORS_READ_WITH_TYPES,
    SENSORS_REPORT,
)
from protocol.dpa.pnum import SENSOR
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.standard.quantities import Quantity, Value, direct_width, quantity

MAX_SENSORS = 32
ANY_TYPE = 0
"""As type in an FRC: whatever type the sensor of that index is."""

_BITMAP = 4
_WRITTEN_DATA = 4
_WRITTEN_BLOCK = 1 + _WRITTEN_DATA
_SLEEP_AFTERWARDS = 0x01

Measurement = tuple[int, Value | None]
"""The type of a sensor and its value, None where the sensor reports an error."""


def _decode_types(pdata: bytes) -> tuple[int, ...]:
    if len(pdata) > MAX_SENSORS:
        raise BadResponseError(f"{len(pdata)} sensors, a device has at most {MAX_SENSORS}")
    return tuple(pdata)


def _decode_measurements(pdata: bytes) -> tuple[Measurement, ...]:
    return tuple(_measurements(pdata, Quantity.decode))


def _encode_measurements(measurements: Iterable[Measurement]) -> bytes:
    return b"".join(
        bytes((sensor_type,)) + quantity(sensor_type).encode(value)
        for sensor_type, value in measurements
    )


def decode_report(pdata: bytes) -> tuple[Measurement, ...]:
    """What a device sends on its own (PCMD 0x7B): types, each with its value coded as in FRC.

    Raises BadResponseError when the last value is cut off.
    """
    return tuple(_measurements(pdata, _decode_reported))


def encode_report(measurements: Iterable[Measurement]) -> bytes:
    """The inverse of `decode_report`, the device's side."""
    return b"".join(
        bytes((sensor_type,)) + _encode_reported(quantity(sensor_type), value)
        for sensor_type, value in measurements
    )


ENUMERATE = SENSORS_ENUMERATE.read_as(Layout(_decode_types, bytes))
READ = SENSORS_READ
READ_WITH_TYPES = SENSORS_READ_WITH_TYPES.read_as(
    Layout(_decode_measurements, _encode_measurements)
)
REPORT = SENSORS_REPORT.read_as(Layout(decode_report, encode_report))

COMMANDS = (ENUMERATE, READ, READ_WITH_TYPES, REPORT)


def _frozen(indexes: Iterable[int]) -> frozenset[int]:
    return frozenset(indexes)


@frozen
class Selection:
    """Which sensors a read is about, by index, and what is written to sensors on that occasion.

    `written` holds up to four bytes per index; shorter ones are filled up with zeros.
    """

    indexes: frozenset[int] = field(converter=_frozen)
    written: Mapping[int, bytes] = field(factory=dict)

    @classmethod
    def decode(cls, pdata: bytes) -> "Selection":
        """The selection in a request; without a bitmap it is the first sensor.

        Raises RemoteProtocolError for a length that no such request has.
        """
        if not pdata:
            return cls((0,))
        blocks = pdata[_BITMAP:]
        if len(pdata) < _BITMAP or len(blocks) % _WRITTEN_BLOCK:
            raise RemoteProtocolError(f"{len(pdata)} bytes are no selection of sensors")
        return cls(
            members(pdata[:_BITMAP]),
            {
                blocks[start]: blocks[start + 1 : start + _WRITTEN_BLOCK]
                for start in range(0, len(blocks), _WRITTEN_BLOCK)
            },
        )

    def encode(self) -> bytes:
        """PDATA of the request; raises LocalProtocolError for what it cannot hold."""
        if not self.indexes and not self.written:
            return b""
        return bitmap(self.indexes, _BITMAP) + b"".join(
            bytes((within("sensor index", index, 0, MAX_SENSORS - 1),)) + _four(data)
            for index, data in sorted(self.written.items())
        )

    def ascending(self) -> tuple[int, ...]:
        """The indexes in the order in which their values are answered."""
        return tuple(sorted(self.indexes)) if self.indexes or self.written else (0,)


def enumerate_sensors(nadr: int) -> Call[tuple[int, ...]]:
    """Ask for the type of each sensor, by index."""
    return ENUMERATE.call(nadr)


def read_with_types(
    nadr: int,
    indexes: Iterable[int] | None = None,
    written: Mapping[int, bytes] | None = None,
) -> Call[tuple[Measurement, ...]]:
    """Ask for types and values of the sensors of `indexes`, ascending; None = of all of them.

    Empty `indexes` are the request without a bitmap: the first sensor.
    """
    return READ_WITH_TYPES.call(nadr, _selection(indexes, written).encode())


def read_values(
    nadr: int,
    types: Sequence[int],
    indexes: Iterable[int] | None = None,
    written: Mapping[int, bytes] | None = None,
) -> Call[tuple[Value | None, ...]]:
    """As `read_with_types`, the values alone; `types` are those of all sensors, by index.

    Raises LocalProtocolError for an index that has no type.
    """
    selection = _selection(indexes, written)
    ascending = range(len(types)) if indexes is None else selection.ascending()
    asked = [
        types[within("index of a known sensor", index, 0, len(types) - 1)] for index in ascending
    ]
    request = Request(nadr, READ.pnum, READ.pcmd, selection.encode())
    return Call(request, lambda pdata: decode_values(asked, pdata))


def decode_values(types: Iterable[int], pdata: bytes) -> tuple[Value | None, ...]:
    """Values that follow one another without their types; raises BadResponseError if too short."""
    values = []
    for sensor_type in types:
        raw, pdata = _split(sensor_type, pdata)
        values.append(quantity(sensor_type).decode(raw))
    return tuple(values)


def encode_values(measurements: Iterable[Measurement]) -> bytes:
    """The answer to `read_values`, the device's side."""
    return b"".join(quantity(sensor_type).encode(value) for sensor_type, value in measurements)


@frozen
class Sleep:
    """What nodes do after an FRC: `time` and `control` as in OS Sleep."""

    time: int
    control: int = 0


@frozen
class Question:
    """What a sensor FRC asks of a node: the sensor number `type_index` among those of `type`.

    `extra` (0..7) chooses a part of the value: the bit of type 129 by 2-bit FRC, the half of type
    160 by 2-byte FRC.
    """

    type: int
    type_index: int
    extra: int = 0
    sleep: Sleep | None = None

    @classmethod
    def decode(cls, user_data: bytes) -> "Question | None":
        """The question in the user data of an FRC, None when it is not for sensors.

        Raises RemoteProtocolError when it is, but is cut off.
        """
        if user_data[:1] != bytes((SENSOR,)):
            return None
        # What is missing at the end counts as zeros.
        _, sensor_type, index, options, *sleep = user_data.ljust(4, b"\0")
        after = None
        if options & _SLEEP_AFTERWARDS:
            if len(sleep) < 3:
                raise RemoteProtocolError(f"user data {user_data.hex('.')} end within sleep")
            after = Sleep(sleep[0] | sleep[1] << 8, sleep[2])
        return cls(sensor_type, index & 0x1F, index >> 5, after)

    def encode(self) -> bytes:
        """The user data; raises LocalProtocolError for a member out of range."""
        within("index within a type", self.type_index, 0, MAX_SENSORS - 1)
        within("extra", self.extra, 0, 7)
        options = _SLEEP_AFTERWARDS if self.sleep else 0
        question = octets(
            PNUM=SENSOR, type=self.type, index=self.type_index | self.extra << 5, options=options
        )
        if self.sleep is None:
            return question
        return question + word("time", self.sleep.time) + octets(control=self.sleep.control)


def frc_user_data(
    sensor_type: int, type_index: int, sleep: Sleep | None = None, *, extra: int = 0
) -> bytes:
    """User data of a sensor FRC, see Question."""
    return Question(sensor_type, type_index, extra, sleep).encode()


def _selection(indexes: Iterable[int] | None, written: Mapping[int, bytes] | None) -> Selection:
    return Selection(range(MAX_SENSORS) if indexes is None else indexes, written or {})


def _four(data: bytes) -> bytes:
    if len(data) > _WRITTEN_DATA:
        raise LocalProtocolError(f"{len(data)} bytes to write to a sensor, {_WRITTEN_DATA} fit")
    return data.ljust(_WRITTEN_DATA, b"\0")


def _measurements(
    pdata: bytes, read: Callable[[Quantity, bytes], Value | None]
) -> Iterator[Measurement]:
    while pdata:
        sensor_type = pdata[0]
        raw, pdata = _split(sensor_type, pdata[1:])
        yield sensor_type, read(quantity(sensor_type), raw)


def _split(sensor_type: int, data: bytes) -> tuple[bytes, bytes]:
    """The bytes of the value at the start of `data`, and what comes after them."""
    width = direct_width(sensor_type) or 1 + (data[0] if data else 0)
    if len(data) < width:
        raise BadResponseError(
            f"{len(data)} of the {width} bytes of a value of sensor type {sensor_type}"
        )
    return data[:width], data[width:]


def _decode_reported(kind: Quantity, raw: bytes) -> Value | None:
    if kind.native_frc is None:
        return kind.decode(raw)
    return kind.decode_frc(kind.native_frc, int.from_bytes(raw, "little"))


def _encode_reported(kind: Quantity, value: Value | None) -> bytes:
    if kind.native_frc is None:
        return kind.encode(value)
    return kind.encode_frc(kind.native_frc, value).to_bytes(kind.width, "little")
