"""A database on a disk that has become read-only, as a card does that is about to die.

It is served from a copy in the runtime directory: clients are authenticated and told what is
known, and everything that would have to be kept is refused.
"""

import logging
import os
import shutil
import tempfile
from pathlib import Path

from attrs import evolve

from iqrf_trio.store import backups, files
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.opening import Connections, Probe, open_both

_log = logging.getLogger("iqrf_trio.store")

RUNTIME_DIRECTORY = "RUNTIME_DIRECTORY"
"""Where systemd says which directories below /run are the service's, separated by colons."""


def trouble(path: Path) -> str:
    """What is told of a database on a read-only disk."""
    return f"{path.parent} is read-only"


def open_copy(path: Path, probe: Probe) -> Connections:
    """Open a copy of the database at `path`, or of the newest good copy beside it.

    Raises StoreError, also where there is nothing to copy.
    """
    why = trouble(path)
    if files.is_empty(path) and backups.trace(path) is None:
        raise StoreError(f"there is no database {path}, and {why}")
    scratch: Path | None = None
    try:
        scratch = _new_directory()
        _fill(scratch, path)
        connections = open_both(scratch / path.name, probe)
    except BaseException as error:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
        if isinstance(error, OSError):
            cause = f"{why}, and there is no room for a copy of it: {error.strerror}"
            raise StoreError(cause) from error
        raise
    _log.error(
        "%s: the gateway serves what it knows from a copy, and keeps nothing; is the card about "
        "to die? Replace it, or make it writable again: sudo mount -o remount,rw ...",
        why,
    )
    return evolve(connections, trouble=why, scratch=scratch)


def _new_directory() -> Path:
    """A private directory in memory, where there is one. Raises OSError."""
    runtime = os.environ.get(RUNTIME_DIRECTORY, "").split(":")[0]
    return Path(tempfile.mkdtemp(prefix="iqrf-trio-", dir=runtime or None))


def _fill(scratch: Path, path: Path) -> None:
    """Copy the database with its WAL; its backups stay where they are, and are linked."""
    for source in (path, files.wal(path)):
        if source is not None and source.exists():
            shutil.copyfile(source, scratch / source.name)
    for copy in path.parent.glob(f"{path.name}.*"):
        (scratch / copy.name).symlink_to(copy.absolute())
