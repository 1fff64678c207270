"""What one node said in an FRC of a standard, as JSON with members in the order of their names."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from protocol.api.dpa.codecs import Codec, never_told, plain, within
from protocol.api.dpa.codecs import told as told_only
from protocol.api.dpa.sensors import BrokenDown, measured
from protocol.dpa.errors import BadResponseError
from protocol.standard import light
from protocol.standard.quantities import NoValue, quantity
from protocol.standard.sensor import ANY_TYPE
from protocol.strict.json import JsonObject, an_object, integer

_SIGN = 0x80


class SensorItem(TypedDict):
    """A sensor of a node and what it measured."""

    decimalPlaces: Annotated[int, "of values"]
    id: Annotated[str, "the quantity"]
    name: Annotated[str, "its name"]
    shortName: Annotated[str, "its symbol"]
    type: Annotated[int, "its number in the standard"]
    unit: Annotated[str, "the unit of values; ? for unknown"]
    value: Annotated[int | float | None, "null where the sensor reports an error"]
    breakdown: NotRequired[Annotated[list[BrokenDown], "what the product means by it"]]


class LampItem(TypedDict):
    """What a lamp answered; both are 0 where the node was silent."""

    status: Annotated[int, "bit 0: it answered"]
    value: Annotated[int, "its answer"]


class _Node(TypedDict):
    nAdr: Annotated[int, "address"]
    mid: Annotated[int | None, "module; null for unknown"]
    hwpid: Annotated[int | None, "hardware profile; null for unknown"]
    metaData: NotRequired[Annotated[JsonObject | None, "metadata of the device, if wanted"]]


class NodeSensor(_Node):
    """A node and its sensor."""

    sensor: Annotated[SensorItem | None, "null where the node was silent or has none"]


class NodeLamp(_Node):
    """A node and its lamp."""

    answer: Annotated[LampItem, "what the lamp answered"]


class NodeVoltage(_Node):
    """A node and its analogue output."""

    voltage: Annotated[int | float | None, "in V; null where the node has none to tell"]


class AfterFrc(TypedDict):
    """What nodes do after an FRC."""

    time: Annotated[int, "how long they sleep; as in OS Sleep"]
    control: Annotated[int, "as in OS Sleep"]


def in_order(members: JsonObject) -> JsonObject:
    """An object with its members in the order of their names, as clients know it."""
    return dict(sorted(members.items()))


def sensor_value(param: Any, raw: int) -> JsonObject | None:
    """None for a node that was silent or has no such sensor; raises ProtocolError."""
    command, sensor_type = param["frcCommand"], param["sensorType"]
    if sensor_type == ANY_TYPE:
        raise BadResponseError(f"Unknown sensor type {sensor_type}")
    known = quantity(sensor_type)
    value = known.decode_frc(command, raw, extra=param["sensorIndex"] >> 5)
    if known.why_none(command, raw) in {NoValue.SILENT, NoValue.UNSUPPORTED}:
        return None
    return in_order(dict(measured(known, value)))


def ldi_answer(_param: Any, raw: int) -> JsonObject:
    """Status and value: the status comes first."""
    return {"status": raw & 0xFF, "value": raw >> 8}


def dali_answer(_param: Any, raw: int) -> JsonObject:
    """Status and value: bit 7 tells which byte is the status, by firmware either."""
    first, second = raw & 0xFF, raw >> 8
    if first & _SIGN and not second & _SIGN:
        return {"status": first, "value": second}
    return {"status": second, "value": first}


def voltage(_param: Any, raw: int) -> float | int | None:
    """The voltage, None where the node has none to tell."""
    millivolts = light.decode_lai_frc(raw)
    return None if millivolts is None else plain(millivolts / 1000)


def _read_sleep(value: object) -> JsonObject:
    given: JsonObject = an_object(value)
    return {
        name: within(f".{name}", integer, given[name])
        for name in ("time", "control")
        if name in given
    }


def _never_put(_value: object) -> bytes:
    raise NotImplementedError


CODECS: Mapping[str, Codec] = {
    "sleep": Codec(AfterFrc, _read_sleep, _never_put, never_told),
    "collected_sensors": told_only(list[SensorItem | NodeSensor | None], never_told),
    "collected_answers": told_only(list[LampItem | NodeLamp], never_told),
    "collected_voltages": told_only(list[int | float | NodeVoltage | None], never_told),
}
