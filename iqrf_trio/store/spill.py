"""A file beside the database, for lines that the database did not take before the shutdown."""

import os
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from iqrf_trio.store import files
from iqrf_trio.store.errors import StoreError

UNSTORED = "unstored-values.jsonl"
"""Within the state directory."""

LARGEST = 1024 * 1024
"""Bytes; what comes on top is refused, and of a larger file nothing is read."""


@frozen
class Spill:
    """Lines in the file `path`; every method blocks, and raises StoreError."""

    path: Path

    def add(self, lines: Sequence[str]) -> None:
        """Add lines, and have them reach the disk; only the owner can read the file."""
        # A line that a power cut tore must not spoil the next one: it gets its end here.
        data = "".join(f"\n{line}\n" for line in lines).encode()
        try:
            descriptor = os.open(
                self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            with os.fdopen(descriptor, "wb") as file:
                if os.fstat(descriptor).st_size + len(data) > LARGEST:
                    raise StoreError(f"{self.path} is full")
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            files.flush(self.path.parent)
        except OSError as error:
            raise StoreError(f"cannot write {self.path}: {error.strerror}") from error

    def lines(self) -> Sequence[str]:
        """All lines there are, none if there is no file."""
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}") from error
        if len(data) > LARGEST:
            raise StoreError(f"{self.path} is larger than this program makes it; remove it")
        return [line for line in data.decode(errors="replace").splitlines() if line]

    def remove(self) -> None:
        """Forget all lines."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot remove {self.path}: {error.strerror}") from error
