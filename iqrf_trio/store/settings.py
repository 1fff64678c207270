"""Settings that clients change at run time: one JSON value per key."""

from collections.abc import Mapping

from iqrf_trio.store import json_text
from iqrf_trio.store.sqlite import Connection


def load(connection: Connection) -> Mapping[str, object]:
    """All of them, by key."""
    rows = connection.execute("SELECT key, value FROM setting")
    return {key: json_text.load(value) for key, value in rows}


def get(connection: Connection, key: str) -> object:
    """The value of `key`, or None where none was saved."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return None if row is None else json_text.load(row[0])


def save(connection: Connection, key: str, value: object) -> None:
    """Keep `value` under `key`; the same value again writes nothing. Raises StoreError."""
    connection.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) "
        "DO UPDATE SET value = excluded.value WHERE value != excluded.value",
        (key, json_text.dump(value)),
    )
