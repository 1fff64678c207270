"""What products make of generic quantities (types 129, 160 and 192), where a catalogue tells it.

Such a sensor is known in the network under the name and unit that its product gives it. In answers
the quantity stays what the device said, and `breakdown` tells what it means.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve

from protocol.api.dpa.sensors import BrokenDown, in_json
from protocol.api.message import Answer
from protocol.network.network import Device, Network, Sensor
from protocol.standard.quantities import quantity
from protocol.strict.json import JsonObject

_PARTS = 0x1F
"""Bits of `sensorIndex` in an FRC; the others choose a part of the value."""


def of_device(answer: Answer, asked: Any, network: Network) -> Answer:
    """The answer of one device about its sensors, with what its product makes of them."""
    device = network.get(asked.nadr)
    result: Any = (answer.rsp or {}).get("result")
    if device is None or not result or not any(map(_is_special, device.sensors)):
        return answer
    indexes = _indexes(asked.param, len(result["sensors"]))
    told = dict(_told(device, zip(indexes, result["sensors"], strict=False)))
    sensors = [told.get(number, item) for number, item in enumerate(result["sensors"])]
    return evolve(answer, rsp={**(answer.rsp or {}), "result": {**result, "sensors": sensors}})


def of_collected(param: Any, address: int, item: Any, network: Network) -> Any:
    """What a node said in an FRC, with what its product makes of it; null stays null."""
    device = network.get(address)
    if device is None or item is None:
        return item
    wanted = param["sensorType"], param["sensorIndex"] & _PARTS
    for sensor in device.sensors:
        if (sensor.type, sensor.type_index) == wanted and _is_special(sensor):
            return dict(sorted({**item, "breakdown": [_broken_down(sensor, item)]}.items()))
    return item


def of_report(items: Iterable[Any], device: Device | None) -> list[Any]:
    """What a node reports by itself: the second value of a type is of its second such sensor."""
    special = filter(_is_special, device.sensors if device else ())
    known = {(sensor.type, sensor.type_index): sensor for sensor in special}
    seen: Counter[int] = Counter()
    told = []
    for item in items:
        sensor = known.get((item["type"], seen[item["type"]]))
        seen[item["type"]] += 1
        told.append(item if sensor is None else {**item, "breakdown": [_broken_down(sensor, item)]})
    return told


def _indexes(param: JsonObject, count: int) -> Iterable[int]:
    """Which sensors an answer is about, in its order: all, or those that were asked for."""
    asked = param.get("sensorIndexes")
    return sorted(set(asked)) if isinstance(asked, list) and asked else range(count)


def _told(device: Device, items: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, JsonObject]]:
    """The items that mean something else, by their place."""
    known = {sensor.index: sensor for sensor in device.sensors if _is_special(sensor)}
    for number, (index, item) in enumerate(items):
        sensor = known.get(index)
        if sensor is not None and sensor.type == item["type"]:
            yield number, {**item, "breakdown": [_broken_down(sensor, item)]}


def _is_special(sensor: Sensor) -> bool:
    usual = quantity(sensor.type)
    return (sensor.name, sensor.short_name) != (usual.name, usual.short_name)


def _broken_down(sensor: Sensor, item: JsonObject) -> BrokenDown:
    told = BrokenDown(
        id=quantity(sensor.type).text_id,
        type=sensor.type,
        name=sensor.name,
        shortName=sensor.short_name,
        unit=sensor.unit or "?",
        decimalPlaces=sensor.decimals,
    )
    if "value" in item:
        value: Any = item["value"]
        told["value"] = value if value is None else in_json(_scaled(sensor, value))
    return told


def _scaled(sensor: Sensor, value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else sensor.scaled(value)
