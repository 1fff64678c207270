"""Sensors of devices and their latest values, as rows."""

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from iqrf_trio.store import json_text
from iqrf_trio.store.errors import DamagedDatabaseError
from iqrf_trio.store.sqlite import Connection
from protocol.auth.times import InvalidTimeError, format_iso, parse_iso
from protocol.network.network import Sensor
from protocol.standard.quantities import Value

_log = logging.getLogger("iqrf_trio.store")

_LOAD = """
SELECT device, position, type, type_index, name, short_name, unit, decimals, frcs, scale,
       value, datablock, updated
FROM sensor ORDER BY device, position
"""

_INSERT = """
INSERT INTO sensor (type, type_index, name, short_name, unit, decimals, frcs, scale,
                    value, datablock, updated, device, position)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_DESCRIBE = """
UPDATE sensor SET type = ?, type_index = ?, name = ?, short_name = ?, unit = ?, decimals = ?,
                  frcs = ?, scale = ?
WHERE device = ? AND position = ?
"""

_DELETE = "DELETE FROM sensor WHERE device = ? AND position = ?"

_SAVE_VALUE = """
UPDATE sensor SET value = ?, datablock = ?, updated = ?
WHERE device = (SELECT id FROM device WHERE address = ?) AND position = ?
"""


def load(connection: Connection) -> Mapping[int, tuple[Sensor, ...]]:
    """Row id of a device to its sensors by index; devices without sensors give ()."""
    found: defaultdict[int, tuple[Sensor, ...]] = defaultdict(tuple)
    for device, position, *rest in connection.execute(_LOAD):
        type_, type_index, name, short_name, unit, decimals, frcs, scale, *latest = rest
        value, datablock, updated = latest
        found[device] += (
            Sensor(
                index=position,
                type=type_,
                type_index=type_index,
                name=name,
                short_name=short_name,
                unit=unit,
                decimals=decimals,
                frcs=_numbers(frcs),
                value=value if datablock is None else _numbers(datablock),
                updated=None if updated is None else _moment(updated),
                scale=scale,
            ),
        )
    return found


def save(connection: Connection, device: int, old: Sequence[Sensor], new: Sequence[Sensor]) -> None:
    """Make the stored sensors of the row id `device` (`old`) the `new` ones.

    Where an index keeps its type, the stored value stays; where not, the row is another sensor.
    """
    before = {sensor.index: sensor for sensor in old}
    after = {sensor.index: sensor for sensor in new}
    for index, sensor in before.items():
        if index not in after or after[index].type != sensor.type:
            connection.execute(_DELETE, (device, index))
    for index, sensor in after.items():
        known = before.get(index)
        if known is None or known.type != sensor.type:
            row = (*_description(sensor), *_columns(sensor.value, sensor.updated), device, index)
            connection.execute(_INSERT, row)
        elif _description(known) != _description(sensor):
            connection.execute(_DESCRIBE, (*_description(sensor), device, index))


def save_values(
    connection: Connection, values: Mapping[tuple[int, int], Value], at: datetime
) -> Mapping[tuple[int, int], Value]:
    """Keep what was measured at `at`, by (address, index of the sensor); returns what was kept.

    What belongs to no stored sensor, or is no number, is skipped with a warning. Costs one
    statement per value, however large the network is.
    """
    kept = {}
    for (address, index), value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            _log.warning("device %d, sensor %d: %r is not stored", address, index, value)
            continue
        row = (*_columns(value, at), address, index)
        if connection.execute(_SAVE_VALUE, row).rowcount:
            kept[address, index] = value
        else:
            _log.warning("device %d has no sensor %d; its value is not stored", address, index)
    return kept


def as_stored(at: datetime) -> datetime:
    """The time `at` as it is read back: UTC, to the millisecond."""
    return _moment(format_iso(at))


def _description(sensor: Sensor) -> tuple[object, ...]:
    return (
        sensor.type,
        sensor.type_index,
        sensor.name,
        sensor.short_name,
        sensor.unit,
        sensor.decimals,
        json_text.dump(sensor.frcs),
        sensor.scale,
    )


def _columns(value: Value | None, updated: datetime | None) -> tuple[object, object, str | None]:
    at = None if updated is None else format_iso(updated)
    if isinstance(value, tuple):
        return None, json_text.dump(value), at
    return value, None, at


def _moment(text: str) -> datetime:
    try:
        return parse_iso(text)
    except InvalidTimeError as error:
        raise DamagedDatabaseError(f"the time of a sensor's value is damaged: {error}") from error


def _numbers(text: str) -> tuple[int, ...]:
    numbers = json_text.load(text)
    if not isinstance(numbers, list):
        raise DamagedDatabaseError(f"a sensor's list of numbers is damaged: {text}")
    return tuple(numbers)
