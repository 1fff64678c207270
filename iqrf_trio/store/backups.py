"""Copies of the database beside it: when one is due, how long they are kept, what they are called.

A copy is a whole database in one file. It gets its name only when it is complete, and it takes
its age from the file, so that neither a restart nor another program confuses the days. Beside
`iqrf-trio.db`, each with the time in its name:

- `iqrf-trio.db.backup-*`: one a day, while something changes
- `iqrf-trio.db.version-*`: made before a newer program changed the tables
- `iqrf-trio.db.damaged-*`, `iqrf-trio.db.set-aside-*`: former databases, by what befell them
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from iqrf_trio.store import files
from iqrf_trio.store.errors import StoreError

KEPT = 3

KEPT_VERSIONS = 2

EVERY_S = 24 * 60 * 60


def newest_first(path: Path) -> Sequence[Path]:
    """The backups of the database at `path`."""
    return sorted(path.parent.glob(f"{path.name}.backup-*Z"), reverse=True)


def copies(path: Path) -> Sequence[Path]:
    """All that could take the place of the database at `path`, the newest first."""
    kinds = ("backup", "version", *files.ASIDE)
    found = (file for kind in kinds for file in path.parent.glob(f"{path.name}.{kind}-*Z"))
    return sorted(found, key=_stamp, reverse=True)


def trace(path: Path) -> Path | None:
    """A file that tells that there was a database at `path` before; None at a first start."""
    found = copies(path)
    return found[0] if found else files.wal(path)


def due(path: Path, now: float) -> bool:
    """Whether the database has changed since the last backup, and that one is old enough.

    `now` is Unix time. With a clock that stands before the last backup (a Raspberry Pi has no
    battery for it) there is time.
    """
    backups = newest_first(path)
    if not backups:
        return True
    taken = backups[0].stat().st_mtime
    return now - taken >= EVERY_S and files.changed_at(path) > taken


def new_file(path: Path, kind: str = "backup") -> Path:
    """An empty private file for a copy of the database at `path`, in place of an unfinished one.

    Raises StoreError.
    """
    unfinished = path.with_name(f"{path.name}.{kind}-unfinished")
    unfinished.unlink(missing_ok=True)
    files.create(unfinished)
    return unfinished


def finish(path: Path, copy: Path, began: float) -> Path:
    """Make a complete `copy`, begun at this Unix time, a backup; the oldest ones go."""
    backup = path.with_name(f"{path.name}.backup-{files.stamp()}")
    os.utime(copy, (began, began))
    files.rename(copy, backup)
    for old in newest_first(path)[KEPT:]:
        old.unlink()
    return backup


def keep_version(path: Path, copy: Path, version: int) -> Path:
    """Make a complete `copy` of a database of this version one to go back to."""
    kept = path.with_name(f"{path.name}.version-{version}-{files.stamp()}")
    files.rename(copy, kept)
    versions = sorted(path.parent.glob(f"{path.name}.version-*Z"), key=_stamp, reverse=True)
    for old in versions[KEPT_VERSIONS:]:
        old.unlink()
    return kept


def put_back(backup: Path, path: Path) -> None:
    """Make `backup` the database at `path`, where there is none. Raises StoreError."""
    try:
        copy = new_file(path, "put-back")
        # A former database may have a WAL, without which it lacks what was written last.
        for source, target in ((files.wal(backup), files.new_wal(path)), (backup, path)):
            if source is not None:
                shutil.copyfile(source, copy)
                files.rename(copy, target)
                files.create(copy)
        copy.unlink()
    except OSError as error:
        raise StoreError(f"{backup} cannot be copied to {path}: {error.strerror}") from error


def _stamp(file: Path) -> str:
    """The time in the name of a copy: what was made later comes later in the alphabet."""
    return file.name[-files.STAMP_LENGTH :]
