"""The whole database as one JSON value, and back: what a snapshot keeps of it.

Measured values and the last runs of tasks are left out: they change all the time, and come again
by themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from iqrf_trio.store import json_text
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import (
    Connection,
    in_memory,
    migrate,
    migrations,
    pragma,
    tables,
    translated,
)
from protocol.auth.tokens import Status

_TABLES = ("product", "device", "sensor", "setting", "api_token")
"""Those that every archive has; the others came with later versions."""

_TOKENS = "api_token"
_VALUES = frozenset(
    (("sensor", "value"), ("sensor", "datablock"), ("sensor", "updated"), ("task", "run"))
)

T = TypeVar("T")
Row = Mapping[str, Any]
Archive = Mapping[str, Any]


def pack(connection: Connection) -> bytes:
    """All rows of all tables as compact JSON; the same rows give the same bytes."""
    version = pragma(connection, "user_version")
    rows = {table: list(_rows(connection, table)) for table in tables(connection)}
    return json_text.dump({"version": version, "tables": rows}).encode()


def unpack(data: bytes) -> Archive:
    """The rows that `pack` wrote; raises StoreError for what is none of its work."""
    try:
        archive: Any = json_text.load(data.decode())
        version, stored = archive["version"], archive["tables"]
        sane = (
            type(version) is int
            and version >= 1
            and all(isinstance(rows, list) for rows in stored.values())
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError("the database in the snapshot makes no sense") from error
    if not sane or not set(_TABLES) <= set(stored):
        raise StoreError("the database in the snapshot is not laid out as ours")
    if version > (newest := len(migrations())):
        raise StoreError(
            f"the database in the snapshot has version {version}, this program knows {newest}; "
            "install the program that made it"
        )
    return {"version": version, "tables": stored}


def restore(connection: Connection, archive: Archive) -> None:
    """Replace the content of the database, inside the caller's transaction.

    A token that was revoked since the snapshot stays revoked, and one that was made since stays,
    unless its number is another token's in the snapshot. A table that is not in the snapshot,
    which was made before there was one, stays as it is. Raises StoreError.
    """
    with _rebuilt(archive) as rebuilt:
        upgraded = {table: list(_rows(rebuilt, table)) for table in _held(rebuilt, archive)}
    known = {row["id"]: row for row in _rows(connection, _TOKENS)}
    upgraded[_TOKENS] = list(_merged(known, upgraded[_TOKENS]))
    for table in reversed(upgraded):
        connection.execute(f"DELETE FROM {table}")
    for table, rows in upgraded.items():
        _insert(connection, table, rows)


def look(data: bytes, fn: Callable[[Connection], T]) -> T:
    """What `fn` finds in the database that `pack` gave as `data`; raises StoreError."""
    with _rebuilt(unpack(data)) as connection:
        return fn(connection)


def differs(data: bytes, connection: Connection) -> bool:
    """Whether the database is other than that in `data`, but for tokens, which are merged."""
    archive = unpack(data)
    with _rebuilt(archive) as rebuilt:
        return any(
            list(_rows(rebuilt, table)) != list(_rows(connection, table))
            for table in _held(rebuilt, archive)
            if table != _TOKENS
        )


@contextmanager
def _rebuilt(archive: Archive) -> Iterator[Connection]:
    """A database with these rows, of the newest version, as long as the block lasts."""
    with translated(Path("the database in the snapshot")), closing(in_memory()) as connection:
        migrate(connection, migrations()[: archive["version"]])
        if not archive["tables"].keys() <= set(tables(connection)):
            raise StoreError("the database in the snapshot is not laid out as ours")
        for table in _held(connection, archive):
            _insert(connection, table, archive["tables"][table])
        migrate(connection, migrations())
        yield connection


def _held(connection: Connection, archive: Archive) -> Sequence[str]:
    """The tables in the archive, in the order in which rows may refer to those before."""
    return [table for table in tables(connection) if table in archive["tables"]]


def _merged(here: Mapping[int, Row], rows: Iterable[Row]) -> Iterator[Row]:
    """The tokens of the snapshot with what happened to them since, and those that are new."""
    merged = dict(here)
    for row in rows:
        known = here.get(row["id"])
        if known is None or known["hash"] != row["hash"] or known["status"] == Status.VALID:
            merged[row["id"]] = row
    return iter(merged.values())


def _columns(connection: Connection, table: str) -> tuple[str, ...]:
    return tuple(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))


def _rows(connection: Connection, table: str) -> Iterator[Row]:
    columns = [name for name in _columns(connection, table) if (table, name) not in _VALUES]
    for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2"):
        yield dict(zip(columns, row, strict=True))


def _insert(connection: Connection, table: str, rows: Iterable[Row]) -> None:
    known = set(_columns(connection, table))
    for row in rows:
        if not isinstance(row, dict) or not row.keys() <= known:
            raise StoreError(f"a row of {table} in the snapshot makes no sense")
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
