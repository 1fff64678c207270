"""Snapshots as files: written whole or not at all, readable by nobody else, the oldest ones go."""

import fcntl
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

DIRECTORY = "vault"
"""Within the state directory."""

SUFFIX = ".iqvault"
_UNFINISHED = ".unfinished"


class VaultError(Exception):
    """A place for snapshots that cannot be used; the text names it, and why."""


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all; raises VaultError."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        unfinished.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        descriptor = os.open(unfinished, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        unfinished.rename(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise VaultError(f"cannot write {path}: {error.strerror}") from error


def read(path: Path) -> bytes:
    """The bytes of a file; raises VaultError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise VaultError(f"cannot read {path}: {error.strerror}") from error


def lock(path: Path) -> int | None:
    """A descriptor with the lock on a file, which is made; closing it lets go.

    None while somebody else has the lock: to wait for him here would hold a thread, and with it
    the shutdown. Raises VaultError.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VaultError(f"cannot lock {path}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise VaultError(f"cannot lock {path}: {error.strerror}") from error
    return descriptor


@frozen
class Files:
    """The snapshots in a directory, of which the newest `generations` are kept."""

    directory: Path
    generations: int

    def newest_first(self) -> Sequence[Path]:
        """The files there are; each has a number, for clocks of gateways go wrong."""
        return sorted(self.directory.glob("[0-9]" * 6 + f"-*{SUFFIX}"), reverse=True)

    def add(self, data: bytes, now: datetime) -> Path:
        """Keep a snapshot, read it back, and let the oldest ones go; raises VaultError."""
        before = self.newest_first()
        number = int(before[0].name[:6]) + 1 if before else 1
        path = self.directory / f"{number:06}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
        make_directory(self.directory)
        write_private(path, data)
        if read(path) != data:
            raise VaultError(f"{path} does not hold what was written")
        self._forget(before[self.generations - 1 :])
        return path

    def _forget(self, paths: Sequence[Path]) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise VaultError(f"cannot remove {path}: {error.strerror}") from error


def make_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, unless there is one; raises VaultError."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise VaultError(f"cannot make {path}: {error.strerror}") from error


def _sync_directory(directory: Path) -> None:
    """Have the new name of a file on the disk, not only its content."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
