"""Metadata of devices that have left the network, kept until they come back.

It belongs to the physical module, known by its MID. Where the MID is not known, or where two
devices have the same one, there is only the address to know the device by.
"""

from collections import Counter
from collections.abc import Iterable
from typing import cast

from attrs import frozen

from iqrf_trio.store import json_text
from iqrf_trio.store.sqlite import Connection
from protocol.network.network import Device
from protocol.network.tables import NO_MID

MAX_BYTES = 1_000_000
"""Of JSON text (ASCII) of all of them; beyond that those who went first are forgotten."""

_KEEP = "INSERT OR REPLACE INTO gone_metadata (mid, address, metadata) VALUES (?, ?, ?)"

_FORGET_OLDEST = """
DELETE FROM gone_metadata WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(length(metadata)) OVER (ORDER BY id DESC) AS bytes FROM gone_metadata
    ) WHERE bytes > ?
)
"""


@frozen
class Mids:
    """Which MIDs tell one device of a network from the others."""

    _seen: Counter[int]

    @classmethod
    def of(cls, devices: Iterable[Device]) -> "Mids":
        """Those of these devices."""
        return cls(Counter(device.mid for device in devices))

    def of_its_own(self, device: Device) -> int | None:
        """The MID of one of the devices, None where there is nothing to know it by."""
        unknown = device.mid in NO_MID or self._seen[device.mid] > 1
        return None if unknown else device.mid


def keep(connection: Connection, device: Device, mid: int | None, metadata: str) -> None:
    """Keep the metadata of a device that goes; `mid` is None where it cannot be known by it."""
    if mid is None:
        connection.execute(
            "DELETE FROM gone_metadata WHERE mid IS NULL AND address = ?", (device.address,)
        )
    connection.execute(_KEEP, (mid, device.address, metadata))


def rename(connection: Connection, mid: int, name: str) -> None:
    """Keep a name for a module, beside what else is kept of it."""
    row = connection.execute(
        "SELECT id, metadata FROM gone_metadata WHERE mid = ?", (mid,)
    ).fetchone()
    if row is None:
        keep_of(connection, mid, json_text.dump({"name": name}))
    else:
        kept = cast("dict[str, object]", json_text.load(row[1]))
        text = json_text.dump(kept | {"name": name})
        connection.execute("UPDATE gone_metadata SET metadata = ? WHERE id = ?", (text, row[0]))


def drop(connection: Connection, mid: int) -> str | None:
    """Forget what is kept of a module; what that was, None where it was nothing."""
    row = connection.execute(
        "DELETE FROM gone_metadata WHERE mid = ? RETURNING metadata", (mid,)
    ).fetchone()
    return None if row is None else str(row[0])


def keep_of(connection: Connection, mid: int, metadata: str) -> None:
    """Keep the metadata of a module that has not come yet."""
    connection.execute(_KEEP, (mid, 0, metadata))


def limit(connection: Connection) -> None:
    """Forget the metadata of those who went first, as far as all of it is more than MAX_BYTES."""
    connection.execute(_FORGET_OLDEST, (MAX_BYTES,))


def take(connection: Connection, device: Device, mid: int | None) -> str | None:
    """The metadata of a device that comes, which is then no longer kept here; None without any."""
    row = connection.execute(
        "SELECT id, metadata FROM gone_metadata WHERE mid = ? OR (mid IS NULL AND address = ?) "
        "ORDER BY mid IS NULL",
        (mid, device.address),
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM gone_metadata WHERE id = ?", (row[0],))
    return str(row[1])


def knows(connection: Connection, mid: int) -> bool:
    """Whether something is kept for a module with this MID."""
    row = connection.execute("SELECT 1 FROM gone_metadata WHERE mid = ?", (mid,)).fetchone()
    return row is not None


def forget_all(connection: Connection) -> None:
    """Forget the metadata of all devices that have gone."""
    connection.execute("DELETE FROM gone_metadata")
