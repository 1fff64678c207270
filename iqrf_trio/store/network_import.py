"""Devices out of an old gateway's database, `IqrfDb.db`: products, standards, metadata, values."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from attrs import frozen

from iqrf_trio.store import devices, json_text, sensors
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect_foreign, translated
from protocol.auth.times import InvalidTimeError, parse_iso
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import MAX_NODE
from protocol.network.network import Device, Identity, JsonObject, Network, Product, Sensor, Value

Row = Mapping[str, Any]

_FRCS = {
    "frc2Bit": SENSOR_2BIT,
    "frc1Byte": SENSOR_1BYTE,
    "frc2Byte": SENSOR_2BYTE,
    "frc4Byte": SENSOR_4BYTE,
}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%a, %d %b %y %H:%M:%S GMT")
"""How times of sensor values were written, all of them UTC, beside ISO 8601."""

_TABLES = ("device", "product", "bo", "light", "sensor", "deviceSensor")


@frozen
class Taken:
    """What became of an import: addresses by what was done about them."""

    added: tuple[int, ...]
    completed: tuple[int, ...]
    """Known here already: they got the metadata and values that they lacked."""
    refused: tuple[int, ...]
    """Another module has this address here."""


def read(path: Path) -> Network:
    """All devices of the database at `path`. Raises StoreError."""
    with translated(path), closing(connect_foreign(path)) as connection:
        tables = {name: _rows(connection, path, name) for name in _TABLES}
    try:
        return Network.of(_devices(tables))
    except (KeyError, TypeError) as error:
        raise StoreError(f"{path}: its tables are not as expected: {error!r}") from error


def _devices(tables: Mapping[str, Sequence[Row]]) -> Iterator[Device]:
    products = {row["id"]: _product(row) for row in tables["product"]}
    outputs = {row["deviceId"]: row["count"] for row in tables["bo"]}
    lights = {row["deviceId"] for row in tables["light"]}
    kinds = {row["id"]: row for row in tables["sensor"]}
    owned: defaultdict[int, list[Row]] = defaultdict(list)
    for row in tables["deviceSensor"]:
        owned[row["address"]].append(row)
    for row in tables["device"]:
        yield Device(
            address=row["address"],
            mid=row["mid"],
            discovered=bool(row["discovered"]),
            vrn=row["vrn"],
            # Zone 0 minus 1 was kept in a byte.
            zone=row["zone"] if row["zone"] <= MAX_NODE else 0,
            parent=row["parent"],
            product=products.get(row["productId"]),
            standards_known=bool(row["enumerated"]),
            sensors=_sensors(owned[row["address"]], kinds),
            binary_outputs=outputs.get(row["id"], 0),
            light=row["id"] in lights,
            metadata=_object(row["metadata"]),
        )


def take_over(connection: Connection, imported: Network) -> Taken:
    """Add the devices that are not known here; nothing that is known is replaced."""
    stored = devices.load(connection)
    modules = {device.mid: device for device in stored}
    known = [device for device in imported if device.mid in modules]
    strangers = [device for device in imported if device.mid not in modules]
    added = [device for device in strangers if stored.get(device.address) is None]
    devices.save(connection, Network.of((*stored, *added)))
    return Taken(
        added=tuple(device.address for device in added),
        completed=tuple(
            modules[device.mid].address
            for device in known
            if _complete(connection, modules[device.mid], device)
        ),
        refused=tuple(device.address for device in strangers if device not in added),
    )


def _complete(connection: Connection, here: Device, imported: Device) -> bool:
    """Give a device what it lacks; returns whether there was anything."""
    before = connection.total_changes
    if here.metadata is None and imported.metadata is not None:
        devices.set_metadata(connection, {here.address: imported.metadata})
    lacking = {(sensor.index, sensor.type) for sensor in here.sensors if sensor.value is None}
    for sensor in imported.sensors:
        if (sensor.index, sensor.type) in lacking and sensor.updated is not None:
            value = cast("Value", sensor.value)
            sensors.save_values(connection, {(here.address, sensor.index): value}, sensor.updated)
    return connection.total_changes > before


def _rows(connection: Connection, path: Path, table: str) -> Sequence[Row]:
    known = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    if not known:
        raise StoreError(f"{path}: Table {table} does not exist in database.")
    return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


def _product(row: Row) -> Product:
    return Product(
        Identity(row["hwpid"], row["hwpidVersion"], row["osBuild"], row["dpaVersion"]),
        row["osVersion"],
        # The first schemas had neither.
        manufacturer=row.get("manufacturer"),
        name=row.get("name"),
    )


def _sensors(rows: Iterable[Row], kinds: Mapping[int, Row]) -> tuple[Sensor, ...]:
    """The sensors of a device; their place among those of a type is counted anew."""
    seen: Counter[int] = Counter()
    found = []
    for row in sorted(rows, key=lambda row: row["globalIndex"]):
        kind = kinds[row["sensorId"]]
        value, updated = _latest(row)
        found.append(
            Sensor(
                index=row["globalIndex"],
                type=row["type"],
                type_index=seen[row["type"]],
                name=kind["name"],
                short_name=kind["shortname"],
                unit=kind["unit"],
                decimals=kind["decimals"],
                frcs=tuple(frc for column, frc in _FRCS.items() if kind[column]),
                value=value,
                updated=updated,
            )
        )
        seen[row["type"]] += 1
    return tuple(found)


def _latest(row: Row) -> tuple[Value | None, datetime | None]:
    """Value and time; neither where one of the two cannot be told."""
    block = (_object(row["metadata"]) or {}).get("datablock")
    value: Value | None = tuple(block) if isinstance(block, list) else row["value"]
    updated = _time(row["updated"])
    return (None, None) if value is None or updated is None else (value, updated)


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    with suppress(InvalidTimeError):
        return parse_iso(text)
    for form in _TIMES:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=UTC)
    return None


def _object(text: object) -> JsonObject | None:
    if isinstance(text, str):
        with suppress(ValueError):
            value = json_text.load(text)
            return value if isinstance(value, dict) else None
    return None
