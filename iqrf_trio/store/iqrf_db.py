"""Devices out of the database of a gateway 2.7, `IqrfDb.db`: all that is known, with values."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from iqrf_trio.store.old_tables import FRCS, Metadata, Row, json_object, rows
from iqrf_trio.store.sqlite import Connection
from protocol.auth.times import InvalidTimeError, parse_iso
from protocol.dpa.packet import MAX_NODE
from protocol.network.network import Device, Identity, Product, Sensor
from protocol.standard.quantities import Value

_TIMES = ("%Y-%m-%d %H:%M:%S", "%a, %d %b %y %H:%M:%S GMT")
"""How times of sensor values were written, all of them UTC, beside ISO 8601."""

_TABLES = ("device", "product", "bo", "light", "sensor", "deviceSensor")


def devices(connection: Connection, path: Path, metadata: Metadata) -> Iterator[Device]:
    """All devices; `metadata` reads theirs.

    Raises StoreError, and KeyError or TypeError for rows of another form.
    """
    tables = {name: rows(connection, path, name) for name in _TABLES}
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
            metadata=metadata.of(f"device {row['address']}", row["metadata"]),
        )


def _product(row: Row) -> Product:
    return Product(
        Identity(row["hwpid"], row["hwpidVersion"], row["osBuild"], row["dpaVersion"]),
        row["osVersion"],
        # The first schemas had neither.
        manufacturer=row.get("manufacturer"),
        name=row.get("name"),
    )


def _sensors(owned: Iterable[Row], kinds: Mapping[int, Row]) -> tuple[Sensor, ...]:
    """The sensors of a device; their place among those of a type is counted anew."""
    seen: Counter[int] = Counter()
    found = []
    for row in sorted(owned, key=lambda row: row["globalIndex"]):
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
                frcs=tuple(frc for column, frc in FRCS.items() if kind[column]),
                value=value,
                updated=updated,
            )
        )
        seen[row["type"]] += 1
    return tuple(found)


def _latest(row: Row) -> tuple[Value | None, datetime | None]:
    """Value and time; neither where one of the two cannot be told."""
    block = (json_object(row["metadata"])[0] or {}).get("datablock")
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
