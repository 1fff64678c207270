"""Opening the database of a gateway: the file, or what takes its place where it is no good."""

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import frozen

from iqrf_trio.store import backups, files
from iqrf_trio.store.copying import is_empty
from iqrf_trio.store.errors import DamagedDatabaseError, LostDatabaseError, StoreError
from iqrf_trio.store.sqlite import (
    SHORT_BUSY_TIMEOUT_S,
    Connection,
    connect,
    connect_reader,
    copy_into,
    translated,
)

_log = logging.getLogger("iqrf_trio.store")

Probe = Callable[[Connection], object]
"""Reads what a gateway cannot do without; what it cannot read is damaged."""


@frozen
class Connections:
    """The connections of a running gateway to the file `path`, and what that was when opened.

    `trouble` is why nothing that is written would be kept, None where it is: then the file is a
    copy in the directory `scratch`, which goes with the connections.
    """

    path: Path
    writer: Connection
    reader: Connection
    place: files.Place
    trouble: str | None = None
    scratch: Path | None = None

    @property
    def in_place(self) -> bool:
        """Whether the file still has its name."""
        return files.place(self.path) == self.place

    def close(self) -> None:
        """Close both, the writing one last: it writes the WAL back into the file."""
        self.reader.close()
        self.writer.close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def open_both(path: Path, probe: Probe) -> Connections:
    """Open the database at `path` as `open_sound` does, for writing and for reading."""
    writer = open_sound(path, probe)
    try:
        with translated(path):
            reader = connect_reader(path)
            return Connections(path, writer, reader, files.place(path))
    except BaseException:
        writer.close()
        raise


def reopen(lost: Connections, probe: Probe) -> Connections:
    """Open what is where the file of the connections `lost` was, which is there no longer.

    Where there is nothing, or where only the WAL has gone, everything is written back: `lost`
    still has it. Another file is taken as it is. Raises StoreError, and then `lost` stays open.
    """
    path, here = lost.path, files.place(lost.path)
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
    """Open the database at `path`, making one at the first start; the caller closes it.

    Where it is damaged, or gone although copies tell that there was one, this is reported and the
    newest good copy takes its place; where there is none, a new database. What was there is
    renamed. Raises StoreError.
    """
    if files.left_open(path):
        _log.info("%s was not closed properly; SQLite recovers what was committed", path)
    for exposure in files.exposures(path):
        _log.warning("%s", exposure)
    try:
        return _sound(path, probe)
    except LostDatabaseError:
        what_happened = f"{path} is missing or empty"
        candidates = backups.copies(path)
        if files.is_empty(path):
            path.unlink(missing_ok=True)
        if path.exists() or files.wal(path):
            what_happened += f"; what is left of it is kept as {files.set_aside(path)}"
    except DamagedDatabaseError as error:
        candidates = backups.copies(path)
        what_happened = f"{error}; it is kept as {files.set_aside(path)}"
    return _put_back(path, candidates, probe, what_happened)


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


def _put_back(
    path: Path, candidates: Sequence[Path], probe: Probe, what_happened: str
) -> Connection:
    """The database of the newest good copy that holds something, else of any, or a new one."""
    empty: Path | None = None
    for copy in candidates:
        connection = _tried(copy, path, probe)
        if connection is None:
            continue
        if not is_empty(connection):
            return _taken(connection, copy, what_happened)
        empty = empty or copy
        connection.close()
        files.remove(path)
    if empty is not None and (connection := _tried(empty, path, probe)) is not None:
        return _taken(connection, empty, what_happened)
    _log.error(
        "%s; there is no good backup, so the gateway starts with an empty database: "
        "enumerate the network and create tokens anew",
        what_happened,
    )
    return connect(path, fresh=True, busy_timeout_s=SHORT_BUSY_TIMEOUT_S)


def _tried(copy: Path, path: Path, probe: Probe) -> Connection | None:
    """The database with the content of `copy`; None, and nothing is left of it, if it is bad."""
    try:
        backups.put_back(copy, path)
        return _sound(path, probe)
    except StoreError as error:
        _log.error("the backup %s is of no use: %s", copy, error)
        files.remove(path)
        return None


def _taken(connection: Connection, copy: Path, what_happened: str) -> Connection:
    _log.error(
        "%s; the gateway goes on with the backup %s: enumerate the network, create the tokens "
        "that are newer anew, and revoke again those that were revoked since: they are valid now",
        what_happened,
        copy,
    )
    return connection
