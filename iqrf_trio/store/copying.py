"""Backups of the database, made while others read and write it."""

from contextlib import closing
from pathlib import Path

from iqrf_trio.store import backups
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect_foreign, copy_into, translated


def back_up(path: Path, now: float) -> Path | None:
    """Make a backup of the database at `path` if one is due at `now` (Unix time); returns it.

    Neither readers nor writers wait for it. An empty database, which may have lost what it had,
    is not copied while there are backups with more in them. Raises StoreError.
    """
    try:
        if not backups.due(path, now):
            return None
        with closing(connect_foreign(path)) as connection:
            if is_empty(connection) and not all(map(_is_empty_or_bad, backups.newest_first(path))):
                return None
            copy = backups.new_file(path)
            copy_into(connection, copy)
        return backups.finish(path, copy, now)
    except OSError as error:
        raise StoreError(f"no backup of {path}: {error.strerror}") from error


def is_empty(connection: Connection) -> bool:
    """Whether a database has no device and no token: nothing that anybody would miss."""
    (something,) = connection.execute(
        "SELECT EXISTS (SELECT * FROM device) OR EXISTS (SELECT * FROM api_token)"
    ).fetchone()
    return not something


def _is_empty_or_bad(backup: Path) -> bool:
    try:
        with translated(backup), closing(connect_foreign(backup)) as connection:
            return is_empty(connection)
    except StoreError:
        return True
