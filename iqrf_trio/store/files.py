"""The database as a file, and its directory: made private, set aside when damaged, not shared."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from attrs import frozen

from iqrf_trio.store.errors import StoreError

_COMPANIONS = ("-wal", "-shm")
"""What SQLite keeps beside a database in WAL mode; recovery needs them under the same name."""

ASIDE = ("damaged", "set-aside")
"""What befell databases that were renamed: found damaged, or replaced on purpose."""

STAMP_LENGTH = len("20260101T120000.000000Z")

_ANOTHER = "choose a directory you may write to with --state-dir, or run this with sudo"
"""What to do about one that cannot be had."""


def exists(path: Path) -> bool:
    """Whether there is a file. Raises StoreError where nobody may look."""
    try:
        return path.exists()
    except OSError as error:
        cause = f"cannot open {path}: {error.strerror}"
        raise StoreError(f"{cause}; name another with --state-dir, or run this with sudo") from None


def is_empty(path: Path) -> bool:
    """Whether there is no file, or one without a byte. Raises StoreError."""
    return not exists(path) or not path.stat().st_size


def wal(path: Path) -> Path | None:
    """The file with what was written last to the database at `path`, if there is one."""
    found = new_wal(path)
    return found if exists(found) else None


def new_wal(path: Path) -> Path:
    """Where that file would be."""
    return _companion(path, "-wal")


def create(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one; and its directory.

    Raises StoreError.
    """
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if path.parent.is_dir():
            return
        raise StoreError(f"{path.parent} is no directory; {_ANOTHER}") from None
    except OSError as error:
        raise StoreError(f"cannot create {path}: {error.strerror}; {_ANOTHER}") from error
    os.close(descriptor)


@contextmanager
def occupied(directory: Path) -> Iterator[None]:
    """Within the block no other gateway works in `directory`, which is made if need be.

    Raises StoreError if one does. A directory that cannot be had is none of this: opening the
    database tells why.
    """
    with suppress(OSError):
        directory.mkdir(mode=0o700)
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        _lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        cause = f"another gateway works in {directory}"
        raise StoreError(f"{cause}; stop it, or choose another with --state-dir") from None
    except OSError:
        pass  # a file system without locks


def is_read_only(directory: Path) -> bool:
    """Whether nobody can write into a directory, whoever it is: its file system is read-only."""
    try:
        with tempfile.TemporaryFile(dir=directory):
            return False
    except OSError as error:
        return error.errno == errno.EROFS


@frozen
class Place:
    """What the names of a database stand for: device and inode of the file and of its WAL.

    None where there is no file. Both stay the same as long as a connection is open, unless
    somebody else moves or deletes them.
    """

    file: tuple[int, int] | None
    wal: tuple[int, int] | None


def place(path: Path) -> Place:
    """What is at `path` now."""
    return Place(_identity(path), _identity(_companion(path, "-wal")))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def left_open(path: Path) -> bool:
    """Whether the last program that wrote to the database was stopped before it closed it."""
    try:
        return _companion(path, "-wal").stat().st_size > 0
    except OSError:
        return False


def changed_at(path: Path) -> float:
    """When the database was last written, in Unix time."""
    files = (file for file in (path, _companion(path, "-wal")) if file.exists())
    return max((file.stat().st_mtime for file in files if file.stat().st_size), default=0.0)


def exposures(path: Path) -> Iterator[str]:
    """What others than the owner may do with a database and its directory, and what mends it."""
    for place, wanted, fault in (
        (path, 0o600, "may be opened by others: it tells who holds tokens"),
        (path.parent, 0o700, "may be written by others, who could replace the database"),
    ):
        try:
            mode = place.stat().st_mode & 0o777
        except OSError:
            continue
        if mode & (0o077 if place == path else 0o022):
            yield f"{place} (mode {mode:04o}) {fault}; chmod {wanted:o} {place}"


def flush(path: Path) -> None:
    """Have what was written to the file, or the names in a directory, reach the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(file: Path, target: Path) -> None:
    """Give a complete file its name, in place of what had it; both survive a power failure."""
    flush(file)
    file.replace(target)
    flush(target.parent)


def remove(path: Path) -> None:
    """Delete a database and what belongs to it."""
    path.unlink(missing_ok=True)
    remove_companions(path)


def remove_companions(path: Path) -> None:
    """Delete what SQLite kept beside a database that is gone or will be replaced."""
    for suffix in _COMPANIONS:
        _companion(path, suffix).unlink(missing_ok=True)


def stamp() -> str:
    """The time for a file name; later ones come later in the alphabet."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def set_aside(path: Path, why: str = "damaged") -> Path:
    """Rename a database and what belongs to it, or what is left of it; returns the new path.

    `why` is one of ASIDE. Raises StoreError.
    """
    aside = path.with_name(f"{path.name}.{why}-{stamp()}")
    left = [suffix for suffix in _COMPANIONS if _companion(path, suffix).exists()]
    try:
        for suffix in ([""] if path.exists() or not left else []) + left:
            _companion(path, suffix).rename(_companion(aside, suffix))
        flush(path.parent)
    except OSError as error:
        cause = "is damaged and cannot be renamed" if why == "damaged" else "cannot be renamed"
        raise StoreError(f"{path} {cause}: {error.strerror}") from error
    return aside


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
