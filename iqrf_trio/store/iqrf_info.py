"""Devices out of the database of a gateway before version 2.7, `IqrfInfo.db`.

It tells addresses, modules, products and standards; neither routing nor measured values, and no
text of the OS version. Products have their sensors in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from iqrf_trio.store.old_tables import FRCS, Metadata, Row, names, rows
from iqrf_trio.store.sqlite import Connection
from protocol.dpa.packet import COORDINATOR, MAX_NODE
from protocol.network.network import Device, Identity, Product, Sensor
from protocol.strict.json import JsonObject

_TABLES = ("Bonded", "Node", "Device", "Sensor", "Binout")

BONDS = "Bonded"
"""A table that no later database has."""

_COLUMNS = {"2Bit": "Frc2bit", "1Byte": "Frc1byte", "2Byte": "Frc2byte", "4Byte": "Frc4byte"}

_MID = 0xFFFF_FFFF


def devices(connection: Connection, path: Path, metadata: Metadata) -> Iterator[Device]:
    """All devices; `metadata` reads theirs.

    Raises StoreError, and KeyError or TypeError for rows of another form.
    """
    tables = {name: rows(connection, path, name) for name in _TABLES}
    lights = _lights(connection, path)
    nodes = {row["Mid"]: row for row in tables["Node"]}
    products = {row["Id"]: row for row in tables["Device"]}
    outputs = {row["DeviceId"]: row["Num"] for row in tables["Binout"]}
    owned: defaultdict[object, list[Row]] = defaultdict(list)
    for row in tables["Sensor"]:
        owned[row["DeviceId"]].append(row)
    for row in tables["Bonded"]:
        if row["Mid"] is None or not COORDINATOR <= row["Nadr"] <= MAX_NODE:
            continue
        node = nodes.get(row["Mid"], {})
        product_id = node.get("DeviceId")
        product = products.get(product_id)
        yield Device(
            address=row["Nadr"],
            mid=row["Mid"] & _MID,
            discovered=bool(row["Dis"]),
            product=None if product is None else _product(product),
            standards_known=product is not None and bool(product["StdEnum"]),
            sensors=_sensors(owned[product_id]),
            binary_outputs=outputs.get(product_id, 0),
            light=product_id in lights,
            metadata=metadata.of(f"device {row['Nadr']}", node.get("MetaData")),
        )


def unbonded(
    connection: Connection, path: Path, metadata: Metadata
) -> Iterator[tuple[int, JsonObject]]:
    """The metadata of modules that are not bonded (any more), by their MIDs."""
    bonded = {row["Mid"] for row in rows(connection, path, "Bonded")}
    for row in rows(connection, path, "Node"):
        if row["Mid"] not in bonded:
            mid = row["Mid"] & _MID
            found = metadata.of(f"module {mid:08X}", row["MetaData"])
            if found is not None:
                yield mid, found


def _lights(connection: Connection, path: Path) -> set[object]:
    """The products with the Light standard of today, which was called DALI at first.

    A table Light beside one called Dali is of the Light standard of 2018.
    """
    there = names(connection)
    table = next((name for name in ("Dali", "Light") if name in there), None)
    return {row["DeviceId"] for row in rows(connection, path, table)} if table else set()


def _product(row: Row) -> Product:
    identity = Identity(row["Hwpid"], row["HwpidVer"], row["OsBuild"], row["DpaVer"])
    return Product(identity, os_version="")


def _sensors(sensors: Iterable[Row]) -> tuple[Sensor, ...]:
    """The sensors of a product; their place among those of a type is counted anew."""
    seen: Counter[int] = Counter()
    found = []
    for row in sorted(sensors, key=lambda row: row["Idx"]):
        found.append(
            Sensor(
                index=row["Idx"],
                type=row["Stype"],
                type_index=seen[row["Stype"]],
                name=row["Name"],
                short_name=row["SName"],
                unit=row["Unit"],
                decimals=row["Dplac"],
                frcs=tuple(FRCS[f"frc{name}"] for name, column in _COLUMNS.items() if row[column]),
            )
        )
        seen[row["Stype"]] += 1
    return tuple(found)
