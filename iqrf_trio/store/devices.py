"""Devices and products as rows: the whole network out, and what changed in it in."""

from collections.abc import Iterable, Mapping
from typing import cast

from iqrf_trio.store import configurations, gone, json_text, sensors
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.gone import Mids
from iqrf_trio.store.sqlite import Connection
from protocol.network.network import Device, Identity, Network, Product
from protocol.network.tables import NO_MID
from protocol.strict.json import JsonObject

MAX_METADATA = 1024 * 1024
"""Bytes of JSON that all devices together may carry: 4 kB for each of 240. With it the answer
that describes them all has less than 2 MB."""

_LOAD_PRODUCTS = """
SELECT id, hwpid, hwpid_version, os_build, dpa, os_version, manufacturer, name FROM product
"""

_INSERT_PRODUCT = """
INSERT INTO product (os_version, manufacturer, name, hwpid, hwpid_version, os_build, dpa)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_UPDATE_PRODUCT = """
UPDATE product SET os_version = ?, manufacturer = ?, name = ?
WHERE hwpid = ? AND hwpid_version = ? AND os_build = ? AND dpa = ?
"""

_FORGET_PRODUCTS = """
DELETE FROM product
WHERE NOT EXISTS (SELECT * FROM device WHERE device.product = product.id)
"""

_LOAD_DEVICES = """
SELECT id, address, mid, discovered, vrn, zone, parent, product, responding, standards_known,
       binary_outputs, light, metadata
FROM device
"""

_INSERT_DEVICE = """
INSERT INTO device (address, mid, discovered, vrn, zone, parent, product, responding,
                    standards_known, binary_outputs, light, metadata)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""

_UPDATE_DEVICE = """
UPDATE device SET address = ?, mid = ?, discovered = ?, vrn = ?, zone = ?, parent = ?,
                  product = ?, responding = ?, standards_known = ?, binary_outputs = ?, light = ?
WHERE id = ?
"""

_GIVE_ADDRESS_AWAY = "UPDATE device SET address = -1 - address WHERE id = ?"


def load(connection: Connection) -> Network:
    """Everything that is stored about the network."""
    return Network.of(_load(connection).values())


def save(connection: Connection, network: Network) -> None:
    """Make `network` the stored one, writing only rows that differ.

    A module keeps its metadata, and its sensors keep their values, whatever `network` says of
    them and wherever the module went: those have writers of their own. The metadata of one that
    is gone is kept aside, and comes back with it; everything else goes with it. A device that
    was never here brings its own.
    """
    stored = _load(connection)
    kept = _match(stored, network)
    known = Mids.of(stored.values())
    if left := sorted(stored.keys() - kept.keys()):
        for row in left:
            _remove(connection, row, stored[row], known)
        gone.limit(connection)
    # Two nodes may have exchanged addresses: all give theirs away before any takes a new one.
    for row, device in kept.items():
        if device.address != stored[row].address:
            connection.execute(_GIVE_ADDRESS_AWAY, (row,))
    products = _save_products(connection, network)
    for row, device in kept.items():
        _update(connection, row, stored[row], device, products)
    staying = {device.address for device in kept.values()}
    mids = Mids.of(network)
    for device in network:
        if device.address not in staying:
            _insert(connection, device, products, mids)
    connection.execute(_FORGET_PRODUCTS)


def set_metadata(
    connection: Connection, metadata: Mapping[int, JsonObject | None]
) -> Mapping[int, JsonObject | None]:
    """Replace the metadata of the devices at these addresses; None takes it away.

    Returns it as it is read back, without the addresses that no device has. Raises StoreError
    for what is no JSON, and for what would be more than MAX_METADATA with all that is stored.
    """
    kept: dict[int, JsonObject | None] = {}
    before = _metadata_size(connection)
    for address, value in metadata.items():
        text = None if value is None else json_text.dump(dict(value))
        row = connection.execute(
            "SELECT metadata FROM device WHERE address = ?", (address,)
        ).fetchone()
        if row is None:
            continue
        kept[address] = _metadata(text)
        if row[0] != text:
            connection.execute("UPDATE device SET metadata = ? WHERE address = ?", (text, address))
    after = _metadata_size(connection)
    if after > max(before, MAX_METADATA):  # what an import brought may be more, and become less
        raise StoreError(
            f"The metadata of all devices would have {after} bytes, and {MAX_METADATA} may be "
            "stored; remove some."
        )
    return kept


def rename(connection: Connection, names: Mapping[int, str]) -> None:
    """Give names to modules by MID, beside what else their metadata say.

    Of a module that is not in the network it is kept with what is kept of those that have gone.
    """
    for mid, name in names.items():
        row = connection.execute("SELECT metadata FROM device WHERE mid = ?", (mid,)).fetchone()
        if row is None:
            gone.rename(connection, mid, name)
            continue
        text = json_text.dump({**(_metadata(row[0]) or {}), "name": name})
        if text != row[0]:
            connection.execute("UPDATE device SET metadata = ? WHERE mid = ?", (text, mid))
    gone.limit(connection)


def succeed(connection: Connection, old: int, new: int) -> None:
    """Have the module `new` take the place of `old`: what users noted of that is its own now.

    Who it is, and what it has, is found out by the next enumeration.
    """
    before, after = _noted(connection, old), _noted(connection, new)
    if before is not None and after is None:
        gone.drop(connection, new)
        connection.execute(
            "UPDATE device SET mid = ?, product = NULL, standards_known = 0 WHERE id = ?",
            (new, before[0]),
        )
        return
    metadata = before[1] if before else gone.drop(connection, old)
    if after is None:
        if metadata is not None:
            gone.drop(connection, new)
            gone.keep_of(connection, new, metadata)
    elif metadata is not None:
        connection.execute("UPDATE device SET metadata = ? WHERE id = ?", (metadata, after[0]))
    if before is not None:
        connection.execute("DELETE FROM device WHERE id = ?", (before[0],))


def _noted(connection: Connection, mid: int) -> tuple[int, str | None] | None:
    """Row and metadata of the device with this MID, None where there is none."""
    row = connection.execute("SELECT id, metadata FROM device WHERE mid = ?", (mid,)).fetchone()
    return None if row is None else (row[0], row[1])


def _metadata_size(connection: Connection) -> int:
    """Bytes of what is stored about all devices; the text is ASCII."""
    (size,) = connection.execute("SELECT total(length(metadata)) FROM device").fetchone()
    return int(size)


def correct_mids(connection: Connection, mids: Mapping[int, int]) -> None:
    """Note that the device at an address has another MID than it was known by: it is the same.

    A MID by which another device is known already, present or gone, is that device's.
    """
    for address, mid in mids.items():
        known = connection.execute("SELECT 1 FROM device WHERE mid = ?", (mid,)).fetchone()
        if known is None and not gone.knows(connection, mid):
            connection.execute("UPDATE device SET mid = ? WHERE address = ?", (mid, address))


def forget_all(connection: Connection) -> None:
    """Empty the network: devices, products, sensors, values, metadata and configurations."""
    gone.forget_all(connection)
    configurations.forget_all(connection)
    connection.execute("DELETE FROM device")
    connection.execute("DELETE FROM product")


def _load(connection: Connection) -> dict[int, Device]:
    products = dict(_load_products(connection))
    sensors_of = sensors.load(connection)
    devices = {}
    for row in connection.execute(_LOAD_DEVICES):
        id_, address, mid, discovered, vrn, zone, parent, product, *rest = row
        responding, known, outputs, light, text = rest
        devices[id_] = Device(
            address=address,
            mid=mid,
            discovered=bool(discovered),
            vrn=vrn,
            zone=zone,
            parent=parent,
            product=products.get(product),
            responding=bool(responding),
            standards_known=bool(known),
            sensors=sensors_of.get(id_, ()),
            binary_outputs=outputs,
            light=bool(light),
            metadata=_metadata(text),
        )
    return devices


def _metadata(text: str | None) -> JsonObject | None:
    return None if text is None else cast("JsonObject", json_text.load(text))


def _load_products(connection: Connection) -> Iterable[tuple[int, Product]]:
    for row in connection.execute(_LOAD_PRODUCTS):
        id_, hwpid, hwpid_version, os_build, dpa, os_version, manufacturer, name = row
        identity = Identity(hwpid, hwpid_version, os_build, dpa)
        yield id_, Product(identity, os_version, manufacturer, name)


def _match(stored: Mapping[int, Device], network: Network) -> dict[int, Device]:
    """Row ids of the modules that are still there, and what each of them is now.

    A module is known by its MID. Where several devices share one (a coordinator's memory can
    be wrong), those that stayed at their address are taken first. One whose MID was not known is
    the one that has its address now, unless that one is known otherwise.
    """
    left = {(device.mid, device.address): row for row, device in stored.items()}
    kept = {}
    moved = []
    for device in network:
        row = left.pop((device.mid, device.address), None)
        if row is None:
            moved.append(device)
        else:
            kept[row] = device
    by_mid = {mid: row for (mid, _), row in left.items() if mid not in NO_MID}
    nameless = {address: row for (mid, address), row in left.items() if mid in NO_MID}
    for device in moved:
        row = by_mid.pop(device.mid, None)
        row = nameless.pop(device.address, None) if row is None else row
        if row is not None:
            kept[row] = device
    return kept


def _save_products(connection: Connection, network: Network) -> Mapping[Identity, int]:
    stored = {product.identity: product for _, product in _load_products(connection)}
    wanted = {device.product.identity: device.product for device in network if device.product}
    for identity, product in wanted.items():
        if identity not in stored:
            connection.execute(_INSERT_PRODUCT, _product_columns(product))
        elif stored[identity] != product:
            connection.execute(_UPDATE_PRODUCT, _product_columns(product))
    return {product.identity: row for row, product in _load_products(connection)}


def _product_columns(product: Product) -> tuple[object, ...]:
    identity = product.identity
    return (
        product.os_version,
        product.manufacturer,
        product.name,
        identity.hwpid,
        identity.hwpid_version,
        identity.os_build,
        identity.dpa,
    )


def _update(
    connection: Connection,
    row: int,
    old: Device,
    new: Device,
    products: Mapping[Identity, int],
) -> None:
    if _columns(new, products) != _columns(old, products):
        connection.execute(_UPDATE_DEVICE, (*_columns(new, products), row))
    sensors.save(connection, row, old.sensors, new.sensors)


def _remove(connection: Connection, row: int, device: Device, known: Mids) -> None:
    if device.metadata is not None:
        text = json_text.dump(dict(device.metadata))
        gone.keep(connection, device, known.of_its_own(device), text)
    connection.execute("DELETE FROM device WHERE id = ?", (row,))


def _insert(
    connection: Connection, device: Device, products: Mapping[Identity, int], mids: Mids
) -> None:
    text = gone.take(connection, device, mids.of_its_own(device))
    if text is None and device.metadata is not None:
        text = json_text.dump(dict(device.metadata))
    (row,) = connection.execute(_INSERT_DEVICE, (*_columns(device, products), text)).fetchone()
    sensors.save(connection, row, (), device.sensors)


def _columns(device: Device, products: Mapping[Identity, int]) -> tuple[object, ...]:
    return (
        device.address,
        device.mid,
        device.discovered,
        device.vrn,
        device.zone,
        device.parent,
        None if device.product is None else products[device.product.identity],
        device.responding,
        device.standards_known,
        device.binary_outputs,
        device.light,
    )
