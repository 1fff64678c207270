"""Copies of the database beside it: when one is due, how long they are kept, which one is good.

A copy is a whole database in one file. It gets its name only when it is complete, and it takes
its age from the file, so that neither a restart nor another program confuses the days.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from iqrf_trio.store import files
from iqrf_trio.store.errors import StoreError

KEPT = 3

EVERY_S = 24 * 60 * 60


def newest_first(path: Path) -> Sequence[Path]:
    """The backups of the database at `path`."""
    return sorted(path.parent.glob(f"{path.name}.backup-*Z"), reverse=True)


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


def new_file(path: Path) -> Path:
    """An empty private file for a copy of the database at `path`, in place of an unfinished one.

    Raises StoreError.
    """
    unfinished = path.with_name(f"{path.name}.backup-unfinished")
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


def put_back(backup: Path, path: Path) -> None:
    """Make `backup` the database at `path`, where there is none. Raises StoreError."""
    try:
        copy = new_file(path)
        shutil.copyfile(backup, copy)
        files.rename(copy, path)
    except OSError as error:
        raise StoreError(f"{backup} cannot be copied to {path}: {error.strerror}") from error
