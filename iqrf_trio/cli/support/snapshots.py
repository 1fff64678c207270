"""Snapshots for commands: where they are found, how they are opened, and what fails with them."""

import argparse
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from iqrf_trio.cli import FAILED, USAGE, Failure, causes
from iqrf_trio.config import Config, ConfigError
from iqrf_trio.services.vault import files
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.recovery import latest
from iqrf_trio.services.vault.shelves import Found, Shelf
from iqrf_trio.store import StoreError
from iqrf_trio.wiring.vault import file_shelf, flash_shelf, passphrase_of
from protocol.dpa.errors import DpaError
from protocol.queue.scheduling import QueueClosed
from protocol.vault.blocks import BadBackupError
from protocol.vault.snapshot import SealedSnapshotError, Snapshot, SnapshotError, decode, verify

_EXPECTED = (
    BadBackupError,
    ConfigError,
    DpaError,
    QueueClosed,
    SnapshotError,
    StoreError,
    VaultError,
)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what can go wrong with snapshots into Failure."""
    try:
        yield
    except* _EXPECTED as group:
        error = next(causes(group))
        if isinstance(error, SealedSnapshotError):
            fix = "name its file with --set vault.passphrase_file=FILE"
            raise Failure(str(error), fix) from None
        exit_code = USAGE if isinstance(error, ConfigError) else FAILED
        raise Failure(str(error), exit_code=exit_code) from None


@asynccontextmanager
async def shelves(config: Config) -> AsyncIterator[Sequence[Shelf]]:
    """The shelves of the configuration, of which the flash is let go in the end."""
    flash = flash_shelf(config)
    try:
        yield [file_shelf(config), *([flash] if flash else [])]
    finally:
        if flash is not None:
            await flash.close()


def choose(kept: Sequence[Shelf], arguments: argparse.Namespace) -> Sequence[Shelf]:
    """With --flash the flash, else everything; raises Failure where there is none."""
    if not arguments.flash:
        return kept
    if flash := [shelf for shelf in kept if shelf.name == "flash"]:
        return flash
    raise Failure("no flash is configured", "name it with --set vault.device=DEVICE")


def named(arguments: argparse.Namespace) -> Found | None:
    """The snapshot in --file, None without one. Raises VaultError and SnapshotError."""
    if arguments.file is None:
        return None
    data = files.read(arguments.file)
    return Found(str(arguments.file), verify(data), data)


async def find(kept: Sequence[Shelf], arguments: argparse.Namespace) -> Found:
    """The newest whole snapshot in the --flash, or anywhere.

    Raises Failure, VaultError and SnapshotError.
    """
    chosen = choose(kept, arguments)
    found = await latest(chosen)
    if found is None:
        where = " and ".join(shelf.name for shelf in chosen)
        raise Failure(f"there is no whole snapshot in {where}", "name one with --file")
    return found


def opened(found: Found, config: Config) -> Snapshot:
    """The snapshot itself; raises SnapshotError and VaultError."""
    passphrase = passphrase_of(config)
    return decode(found.data, passphrase.unseal if passphrase else None)
