"""Devices out of an old gateway's database: products, standards, metadata, values."""

from contextlib import closing
from pathlib import Path
from typing import cast

from attrs import frozen

from iqrf_trio.store import devices, iqrf_db, iqrf_info, old_tables, sensors
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect_foreign, translated
from protocol.network.network import Device, Network, Value


@frozen
class Taken:
    """What became of an import: addresses by what was done about them."""

    added: tuple[int, ...]
    completed: tuple[int, ...]
    """Known here already: they got the metadata and values that they lacked."""
    refused: tuple[int, ...]
    """Another module has this address here."""


def read(path: Path) -> Network:
    """All devices of the database at `path`, of version 2.7 or before. Raises StoreError."""
    with translated(path), closing(connect_foreign(path)) as connection:
        older = iqrf_info.BONDS in old_tables.names(connection)
        tables = iqrf_info if older else iqrf_db
        try:
            return Network.of(tables.devices(connection, path))
        except (KeyError, TypeError) as error:
            raise StoreError(f"{path}: its tables are not as expected: {error!r}") from error


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
