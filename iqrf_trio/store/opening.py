"""Opening the database of a gateway: the file, or what takes its place where it is no good."""

import logging
from collections.abc import Callable
from pathlib import Path

from iqrf_trio.store import backups, files
from iqrf_trio.store.errors import DamagedDatabaseError, StoreError
from iqrf_trio.store.sqlite import Connection, connect, translated

_log = logging.getLogger("iqrf_trio.store")

Probe = Callable[[Connection], object]
"""Reads what a gateway cannot do without; what it cannot read is damaged."""


def open_sound(path: Path, probe: Probe) -> Connection:
    """Open the database at `path`, making one where there is none; the caller closes it.

    A damaged file is renamed and reported, and the last good backup takes its place, or a new
    database where there is none. Raises StoreError.
    """
    if files.left_open(path):
        _log.info("%s was not closed properly; SQLite recovers what was committed", path)
    try:
        return _sound(path, probe)
    except DamagedDatabaseError as error:
        aside = files.set_aside(path)
        return _rebuild(path, probe, f"{error}; it is kept as {aside}")


def _sound(path: Path, probe: Probe) -> Connection:
    """The database, if all of it can be read; raises StoreError."""
    connection = connect(path, check=True)
    try:
        with translated(path):
            probe(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _rebuild(path: Path, probe: Probe, what_happened: str) -> Connection:
    """The database of the last good backup, or an empty one."""
    for backup in backups.newest_first(path):
        try:
            backups.put_back(backup, path)
            connection = _sound(path, probe)
        except StoreError as error:
            _log.error("the backup %s is of no use: %s", backup, error)
            files.remove(path)
            continue
        _log.error(
            "%s; the gateway goes on with the backup %s: enumerate the network, create the "
            "tokens that are newer anew, and revoke again those that were revoked since",
            what_happened,
            backup,
        )
        return connection
    _log.error(
        "%s; there is no good backup, so the gateway starts with an empty database: "
        "enumerate the network and create tokens anew",
        what_happened,
    )
    return connect(path)
