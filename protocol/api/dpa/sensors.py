"""Sensors in requests and results: their types, their values, and which of them are read."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

from protocol.api.dpa.codecs import U8, Codec, Taken, each, many, never_told, plain, taken, told
from protocol.standard import sensor
from protocol.standard.quantities import Quantity, Value, quantity
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.json import integer


class BrokenDown(TypedDict):
    """What a product makes of a generic quantity."""

    id: Annotated[str, "the quantity"]
    type: Annotated[int, "its number in the standard"]
    name: Annotated[str, "what is measured"]
    shortName: Annotated[str, "its symbol"]
    unit: Annotated[str, "the unit of values; ? for unknown"]
    decimalPlaces: Annotated[int, "of values"]
    value: NotRequired[
        Annotated[int | float | list[int] | None, "null where the sensor reports an error"]
    ]


_Breakdown = Annotated[list[BrokenDown], "what its product means by it, if a catalogue tells"]


class SensorType(TypedDict):
    """A sensor as it is enumerated."""

    id: Annotated[str, "the quantity"]
    type: Annotated[int, "its number in the standard"]
    name: Annotated[str, "its name"]
    shortName: Annotated[str, "its symbol"]
    unit: Annotated[str, "the unit of values; ? for unknown"]
    decimalPlaces: Annotated[int, "of values"]
    frcs: Annotated[list[int], "FRC commands that can read it"]
    breakdown: NotRequired[_Breakdown]


class Measured(TypedDict):
    """A sensor and what it measured."""

    id: Annotated[str, "the quantity"]
    type: Annotated[int, "its number in the standard"]
    name: Annotated[str, "its name"]
    shortName: Annotated[str, "its symbol"]
    value: Annotated[
        int | float | list[int] | None, "null where the sensor reports an error; bytes for type 192"
    ]
    unit: Annotated[str, "the unit of values; ? for unknown"]
    decimalPlaces: Annotated[int, "of values"]
    breakdown: NotRequired[_Breakdown]


def sensor_type(known: Quantity) -> SensorType:
    """What is told of an enumerated sensor."""
    return SensorType(
        id=known.text_id,
        type=known.type,
        name=known.name,
        shortName=known.short_name,
        unit=known.unit,
        decimalPlaces=known.decimals,
        frcs=list(known.frcs),
    )


def measured(known: Quantity, value: Value | None) -> Measured:
    """What is told of a sensor that was read."""
    return Measured(
        id=known.text_id,
        type=known.type,
        name=known.name,
        shortName=known.short_name,
        value=in_json(value),
        unit=known.unit,
        decimalPlaces=known.decimals,
    )


def in_json(value: Value | None) -> int | float | list[int] | None:
    """A value of a sensor, without a decimal point where it is whole."""
    if isinstance(value, tuple):
        return list(value)
    return None if value is None else plain(value)


def _take_types(data: bytes) -> Taken:
    types = sensor.ENUMERATE.decode(taken(data, 1)[0] + data[1:])
    return [sensor_type(quantity(each)) for each in types], b""


def _take_values(data: bytes) -> Taken:
    return told_values(sensor.READ_WITH_TYPES.decode(data)), b""


def told_values(found: tuple[sensor.Measurement, ...]) -> list[Measured]:
    """What is told of sensors that were read."""
    return [measured(quantity(sensor_type), value) for sensor_type, value in found]


_ALL, _NONE = bytes((0xFF,)) * 4, bytes(4)
Indexes = list[int] | int | None


def _read_indexes(value: object) -> Indexes:
    if value is None:
        return None
    return each(integer, value) if isinstance(value, list) else integer(value)


def _put_indexes(value: Indexes) -> bytes:
    if not isinstance(value, list):
        return _ALL if value == -1 else _NONE
    bitmap = 0
    each(Range(0, sensor.MAX_SENSORS - 1), value)
    for index in value:
        bitmap |= 1 << index
    return bitmap.to_bytes(4, "little")


def _put_written(blocks: list[list[int]]) -> bytes:
    def put(block: list[int]) -> bytes:
        if len(block) != 5:
            raise MemberError(f"must have 5 items (index and 4 bytes), not {len(block)}")
        return b"".join(each(U8.put, block))

    return b"".join(each(put, blocks))


CODECS: Mapping[str, Codec] = {
    "types": told(list[SensorType], _take_types),
    "values": told(list[Measured], _take_values),
    "indexes": Codec(list[int] | int | None, _read_indexes, _put_indexes, never_told),
    "written": Codec(
        tuple[tuple[Annotated[int, Range(0, 0xFF)], ...], ...],
        many(many(integer)),
        _put_written,
        never_told,
        absent=[],
    ),
}
