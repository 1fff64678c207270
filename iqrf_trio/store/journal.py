"""The journal: at most one network service that has changed something for a while."""

from typing import Any

from attrs import astuple

from iqrf_trio.store import json_text
from iqrf_trio.store.sqlite import Connection
from protocol.iqmesh.bond_changes import BondChanges, Replacing
from protocol.iqmesh.journal import JournalEntry
from protocol.network.parameters import Parameters

_COLUMNS = (
    "service, coordinator, stage, bonds, prebonded, frc_response_time, dpa_value, rx_hops, tx_hops"
)


def load(connection: Connection) -> JournalEntry | None:
    """The entry, None where nothing has to be put back."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM journal").fetchone()
    if row is None:
        return None
    service, coordinator, stage, bonds, prebonded, *before = row
    changes = None if bonds is None else _changes(json_text.load(bonds))
    return JournalEntry(service, coordinator, Parameters(*before), stage, changes, bool(prebonded))


def save(connection: Connection, entry: JournalEntry) -> None:
    """Write the entry, in place of the one that was there."""
    bonds = None if entry.bonds is None else json_text.dump(_told(entry.bonds))
    connection.execute(
        f"INSERT OR REPLACE INTO journal (id, {_COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.service,
            entry.coordinator,
            entry.stage,
            bonds,
            entry.prebonded,
            *_before(entry.before),
        ),
    )


def clear(connection: Connection) -> None:
    """Everything is what it was."""
    connection.execute("DELETE FROM journal")


def _before(parameters: Parameters) -> tuple[int | None, ...]:
    return astuple(parameters)


def _told(changes: BondChanges) -> dict[str, object]:
    return {
        "before": sorted(changes.before),
        "leaving": sorted(changes.leaving),
        "left": sorted(changes.left),
        "mids": sorted(changes.mids.items()),
        "undoing": changes.undoing,
        "replacing": changes.replacing and astuple(changes.replacing),
    }


def _changes(told: Any) -> BondChanges:
    return BondChanges(
        frozenset(told["before"]),
        frozenset(told["leaving"]),
        frozenset(told["left"]),
        dict(told["mids"]),
        undoing=told.get("undoing", False),
        replacing=Replacing(*replacing) if (replacing := told.get("replacing")) else None,
    )
