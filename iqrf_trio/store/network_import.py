"""Devices out of an old gateway's database: products, standards, metadata, values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from attrs import field, frozen

from iqrf_trio.store import devices, gone, iqrf_db, iqrf_info, json_text, old_tables, sensors
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.old_tables import Metadata
from iqrf_trio.store.sqlite import Connection, connect_foreign, translated
from protocol.dpa.packet import COORDINATOR
from protocol.network.network import Device, Network
from protocol.network.tables import NO_MID
from protocol.standard.quantities import Value
from protocol.strict.json import JsonObject


@frozen
class Imported:
    """What the database of an old gateway holds.

    `unbonded`: metadata of modules that were not bonded (any more), by MID. `lost`: what could not
    be read, each with the reason.
    """

    network: Network
    unbonded: Mapping[int, JsonObject] = field(factory=dict)
    lost: tuple[str, ...] = ()


@frozen
class Taken:
    """What became of an import: addresses by what was done about them."""

    added: tuple[int, ...]
    completed: tuple[int, ...]
    """Known here already: they got the metadata and values that they lacked."""
    refused: tuple[int, ...]
    """Another module has this address here."""
    other_metadata: tuple[int, ...] = ()
    """Known here already, with metadata of their own; those that came in are not taken."""
    kept: int = 0
    """Of so many modules that are not in the network here the metadata wait for them."""


def read(path: Path) -> Imported:
    """All of the database at `path`, of version 2.7 or before. Raises StoreError."""
    metadata = Metadata()
    with translated(path), closing(connect_foreign(path)) as connection:
        older = iqrf_info.BONDS in old_tables.names(connection)
        tables = iqrf_info if older else iqrf_db
        try:
            network = Network.of(tables.devices(connection, path, metadata))
            unbonded = dict(iqrf_info.unbonded(connection, path, metadata) if older else ())
        except (KeyError, TypeError) as error:
            raise StoreError(f"{path}: its tables are not as expected: {error!r}") from error
    return Imported(network, unbonded, tuple(metadata.lost))


def take_over(connection: Connection, imported: Imported) -> Taken:
    """Add the devices that are not known here; nothing that is known is replaced."""
    stored = devices.load(connection)
    modules = {device.mid: device for device in stored}
    known = [device for device in imported.network if device.mid in modules]
    strangers = [device for device in imported.network if device.mid not in modules]
    added = [device for device in strangers if stored.get(device.address) is None]
    refused = [device for device in strangers if device not in added]
    devices.save(connection, Network.of((*stored, *added)))
    return Taken(
        added=tuple(device.address for device in added),
        completed=tuple(
            modules[device.mid].address
            for device in known
            if _complete(connection, modules[device.mid], device)
        ),
        refused=tuple(device.address for device in refused),
        other_metadata=tuple(
            modules[device.mid].address
            for device in known
            if _have_both(modules[device.mid], device)
        ),
        kept=_keep(connection, modules, [*refused, *_gone(imported)]),
    )


def _have_both(here: Device, imported: Device) -> bool:
    """Whether a device has metadata here, and comes with others."""
    both = here.metadata is not None and imported.metadata is not None
    return both and here.metadata != imported.metadata


def _gone(imported: Imported) -> Iterator[Device]:
    """The modules of which only metadata are known, as devices without an address of their own."""
    for mid, metadata in imported.unbonded.items():
        yield Device(COORDINATOR, mid, metadata=metadata)


def _keep(connection: Connection, modules: Mapping[int, Device], absent: Sequence[Device]) -> int:
    """Keep the metadata of devices that are not here for when they come; of how many it is."""
    kept = 0
    for device in absent:
        if device.metadata is None or device.mid in NO_MID or device.mid in modules:
            continue
        if not gone.knows(connection, device.mid):
            gone.keep(connection, device, device.mid, json_text.dump(device.metadata))
            kept += 1
    gone.limit(connection)
    return kept


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
