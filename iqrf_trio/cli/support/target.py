"""A file that root names and a command without root fills: opened first, named last.

It is made anew beside its name, whatever is there; a process that stays root gives it the name
when the command has written all of it, and does nothing else.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from attrs import define

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support.privileges import open_directory
from iqrf_trio.services.vault.files import VaultError

_UNFINISHED = ".unfinished"
_DONE = b"done"


@define(eq=False)
class Target:
    """The file; `finish` or `give_up` is called once."""

    path: Path
    _file: int
    _namer: int
    _tell: int

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make it; it belongs to the owner of its directory. Raises Failure."""
        unfinished = path.name + _UNFINISHED
        try:
            directory = open_directory(path.parent)
            with suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=directory)
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
            file = os.open(unfinished, flags, 0o600, dir_fd=directory)
            owner = os.fstat(directory)
            os.fchown(file, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise Failure(f"cannot write {path}: {error.strerror}") from None
        hear, tell = os.pipe()
        namer = os.fork()
        if namer == 0:
            os.close(tell)
            os._exit(_name(directory, unfinished, path.name, hear))
        os.close(hear)
        os.close(directory)
        return cls(path, file, namer, tell)

    def finish(self, data: bytes) -> None:
        """Write all of it and give it its name; raises VaultError."""
        try:
            with os.fdopen(self._file, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._end(b"")
            raise VaultError(f"cannot write {self.path}: {error.strerror}") from error
        if self._end(_DONE):
            raise VaultError(f"cannot write {self.path}: it cannot be given its name")

    def give_up(self) -> None:
        """Leave nothing behind, if it was not finished."""
        if self._namer:
            os.close(self._file)
            self._end(b"")

    def _end(self, word: bytes) -> int:
        os.write(self._tell, word)
        os.close(self._tell)
        namer, self._namer = self._namer, 0
        return os.waitstatus_to_exitcode(os.waitpid(namer, 0)[1])


def _name(directory: int, unfinished: str, name: str, hear: int) -> int:
    """What the process that stays root does; returns its exit code."""
    try:
        if os.read(hear, len(_DONE)) == _DONE:
            os.rename(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)
        else:
            os.unlink(unfinished, dir_fd=directory)
    except OSError:
        return 1
    return 0
