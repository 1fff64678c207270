"""Changes of bonds that have come to their end, kept to be undone."""

from collections.abc import Mapping
from typing import Any

from iqrf_trio.store import json_text
from iqrf_trio.store.sqlite import Connection
from protocol.iqmesh.bond_changes import BondRecord

MOST = 100
"""Records that are kept, of all coordinators; beyond that the first ones are forgotten."""

_INSERT = "INSERT INTO bond_record (coordinator, service, joined, gone) VALUES (?, ?, ?, ?)"

_FORGET_OLDEST = """
DELETE FROM bond_record WHERE id NOT IN (SELECT id FROM bond_record ORDER BY id DESC LIMIT ?)
"""


def add(connection: Connection, coordinator: int, record: BondRecord) -> None:
    """Keep one more."""
    told = (_pairs(record.joined), _pairs(record.gone))
    connection.execute(_INSERT, (coordinator, record.service, *told))
    connection.execute(_FORGET_OLDEST, (MOST,))


def last(connection: Connection, coordinator: int) -> BondRecord | None:
    """The last one of the coordinator with this MID, None if there is none."""
    row = connection.execute(
        "SELECT id, service, joined, gone FROM bond_record WHERE coordinator = ? "
        "ORDER BY id DESC LIMIT 1",
        (coordinator,),
    ).fetchone()
    if row is None:
        return None
    number, service, joined, gone = row
    return BondRecord(service, _by_address(joined), _by_address(gone), number)


def remove(connection: Connection, number: int) -> None:
    """Forget one that was undone."""
    connection.execute("DELETE FROM bond_record WHERE id = ?", (number,))


def _pairs(mids: Mapping[int, int]) -> str:
    return json_text.dump(sorted(mids.items()))


def _by_address(text: str) -> dict[int, int]:
    pairs: Any = json_text.load(text)
    return dict(pairs)
