"""Opening the database of a gateway: the file, or what takes its place where it is no good."""

import logging
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from iqrf_trio.store import backups, files
from iqrf_trio.store.copying import copy_into
from iqrf_trio.store.errors import DamagedDatabaseError, StoreError
from iqrf_trio.store.sqlite import (
    SHORT_BUSY_TIMEOUT_S,
    Connection,
    connect,
    connect_reader,
    translated,
)

_log = logging.getLogger("iqrf_trio.store")

Probe = Callable[[Connection], object]
"""Reads what a gateway cannot do without; what it cannot read is damaged."""


@frozen
class Connections:
    """The connections of a running gateway, and where the file is that they have open."""

    writer: Connection
    reader: Connection
    place: files.Place

    def close(self) -> None:
        """Close both, the writing one last: it writes the WAL back into the file."""
        self.reader.close()
        self.writer.close()


def open_both(path: Path, probe: Probe) -> Connections:
    """Open the database at `path` as `open_sound` does, for writing and for reading."""
    writer = open_sound(path, probe)
    try:
        with translated(path):
            reader = connect_reader(path)
            return Connections(writer, reader, files.place(path))
    except BaseException:
        writer.close()
        raise


def reopen(path: Path, lost: Connections, probe: Probe) -> Connections:
    """Open what is at `path` since the file of the connections `lost` is there no longer.

    Where there is nothing, or where only the WAL has gone, everything is written back: `lost`
    still has it. Another file is taken as it is. Raises StoreError, and then `lost` stays open.
    """
    here = files.place(path)
    another = here.file is not None and here.file != lost.place.file
    try:
        if not another:
            _write_back(path, lost.writer)
        elif here.wal == lost.place.wal:
            # SQLite would take the WAL of the lost file for that of the new one, and spoil it.
            files.remove_companions(path)
    except OSError as error:
        raise StoreError(f"{path} was deleted and cannot be written: {error.strerror}") from error
    opened = open_both(path, probe)
    # SQLite sees that its file is gone, and leaves what is at the path alone.
    lost.close()
    if another:
        _log.error("%s was replaced while the gateway runs: it goes on with the new file", path)
    else:
        _log.error("%s or its WAL was deleted while the gateway runs: it is written anew", path)
    return opened


def _write_back(path: Path, connection: Connection) -> None:
    copy = backups.new_file(path)
    copy_into(connection, copy)
    files.remove_companions(path)
    files.rename(copy, path)


def open_sound(path: Path, probe: Probe) -> Connection:
    """Open the database at `path`, making one where there is none; the caller closes it.

    A damaged file is renamed and reported, and the last good backup takes its place, or a new
    database where there is none. Raises StoreError.
    """
    if files.left_open(path):
        _log.info("%s was not closed properly; SQLite recovers what was committed", path)
    for exposure in files.exposures(path):
        _log.warning("%s", exposure)
    try:
        return _sound(path, probe)
    except DamagedDatabaseError as error:
        aside = files.set_aside(path)
        return _rebuild(path, probe, f"{error}; it is kept as {aside}")


def _sound(path: Path, probe: Probe) -> Connection:
    """The database, if all of it can be read; raises StoreError."""
    connection = connect(path, check=True, busy_timeout_s=SHORT_BUSY_TIMEOUT_S)
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
    return connect(path, busy_timeout_s=SHORT_BUSY_TIMEOUT_S)
