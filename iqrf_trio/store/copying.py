"""Copies of a whole database, made while others read and write it."""

from contextlib import closing
from pathlib import Path

from iqrf_trio.store import backups
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect_foreign


def back_up(path: Path, now: float) -> Path | None:
    """Make a backup of the database at `path` if one is due at `now` (Unix time); returns it.

    Neither readers nor writers wait for it. Raises StoreError.
    """
    try:
        if not backups.due(path, now):
            return None
        copy = backups.new_file(path)
        with closing(connect_foreign(path)) as connection:
            copy_into(connection, copy)
        return backups.finish(path, copy, now)
    except OSError as error:
        raise StoreError(f"no backup of {path}: {error.strerror}") from error


def copy_into(connection: Connection, file: Path) -> None:
    """Write all that is committed into the empty `file`, as a database of its own."""
    connection.execute("VACUUM INTO ?", (str(file),))
