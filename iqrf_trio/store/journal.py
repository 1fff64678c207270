"""The journal: at most one network service that has changed parameters for a while."""

from attrs import astuple

from iqrf_trio.store.sqlite import Connection
from protocol.iqmesh.journal import JournalEntry
from protocol.network.parameters import Parameters

_COLUMNS = "service, coordinator, stage, frc_response_time, dpa_value, rx_hops, tx_hops"


def load(connection: Connection) -> JournalEntry | None:
    """The entry, None where nothing has to be put back."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM journal").fetchone()
    if row is None:
        return None
    service, coordinator, stage, *before = row
    return JournalEntry(service, coordinator, Parameters(*before), stage)


def save(connection: Connection, entry: JournalEntry) -> None:
    """Write the entry, in place of the one that was there."""
    connection.execute(
        f"INSERT OR REPLACE INTO journal (id, {_COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
        (entry.service, entry.coordinator, entry.stage, *astuple(entry.before)),
    )


def clear(connection: Connection) -> None:
    """Everything is what it was."""
    connection.execute("DELETE FROM journal")
