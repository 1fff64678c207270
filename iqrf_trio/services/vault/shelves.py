"""Where snapshots are kept: in files, and in a flash chip; both look the same from outside."""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.edges.flash import Flash, FlashError
from iqrf_trio.services.vault import files
from iqrf_trio.services.vault.files import Files, VaultError
from iqrf_trio.store.database import Hop
from protocol.vault import ring
from protocol.vault.geometry import RingError
from protocol.vault.ring import Ring, Slot, Steps
from protocol.vault.snapshot import Manifest, SnapshotError, verify

LOCK_PATIENCE_S = 60.0
"""How long to wait for somebody else who writes to the flash; a snapshot takes a few seconds."""

LOCK_RETRY_S = 0.1
"""Between two looks at the lock."""

log = logging.getLogger("iqrf_trio.vault")
T = TypeVar("T")


@frozen(eq=False)
class Entry:
    """One snapshot on a shelf; `read` gives its bytes, or raises VaultError."""

    name: str
    read: Callable[[], Awaitable[bytes]]


@frozen
class Found:
    """A snapshot that was read and is whole."""

    name: str
    manifest: Manifest
    data: bytes = field(repr=False)


class Shelf(Protocol):
    """A place for snapshots; every method raises VaultError where it cannot be used."""

    @property
    def name(self) -> str:
        """What to call it: `files` or `flash`."""

    async def entries(self) -> Sequence[Entry]:
        """What is there, newest first."""

    async def add(self, data: bytes, now: datetime) -> str:
        """Keep a snapshot and read it back; returns its name."""


async def newest(shelf: Shelf) -> Found | None:
    """The newest snapshot that is whole; newer ones are reported. Raises VaultError."""
    for entry in await shelf.entries():
        try:
            data = await entry.read()
            return Found(entry.name, verify(data), data)
        except (SnapshotError, VaultError) as error:
            log.warning("the snapshot %s is of no use: %s", entry.name, error)
    return None


@frozen(eq=False)
class FileShelf:
    """The files in a directory."""

    _files: Files
    _hop: Hop = trio.to_thread.run_sync
    name: str = field(default="files", init=False)

    async def entries(self) -> Sequence[Entry]:
        """See Shelf."""
        return [self._entry(path) for path in await self._hop(self._files.newest_first)]

    async def add(self, data: bytes, now: datetime) -> str:
        """See Shelf."""
        return str(await self._hop(partial(self._files.add, data, now)))

    def _entry(self, path: Path) -> Entry:
        return Entry(str(path), partial(self._hop, partial(files.read, path)))


@define(eq=False)
class FlashShelf:
    """A ring in a flash chip, which is opened when it is first needed.

    Whoever writes holds a lock on the file `lock`, and looks first what others have written.
    Each read, page or block is a hop to a worker thread of its own: the bus is free between.
    """

    _open: Callable[[], Flash]
    _lock: Path
    _hop: Hop = trio.to_thread.run_sync
    name: str = field(default="flash", init=False)
    _flash: Flash | None = field(default=None, init=False)
    _ring: Ring | None = field(default=None, init=False)
    _turn: trio.Lock = field(factory=trio.Lock, init=False)

    async def entries(self) -> Sequence[Entry]:
        """See Shelf."""
        async with self._turn:
            self._ring = None
            slots = (await self._scanned()).slots
        return [Entry(f"flash {slot.sequence}", partial(self._read, slot)) for slot in slots]

    async def add(self, data: bytes, now: datetime) -> str:
        """See Shelf."""
        async with self._turn, self._exclusively():
            self._ring = None
            state = await self._scanned()
            # Until it is known how this ends, nothing is known of the flash.
            self._ring = None
            self._ring = await self._run(ring.write(state, data))
            return f"flash {self._ring.slots[0].sequence}"

    async def close(self) -> None:
        """Let go of the chip."""
        async with self._turn:
            if self._flash is not None:
                await self._hop(self._flash.close)
            self._flash = self._ring = None

    @asynccontextmanager
    async def _exclusively(self) -> AsyncIterator[None]:
        give_up_at = trio.current_time() + LOCK_PATIENCE_S
        while (descriptor := await self._hop(partial(files.lock, self._lock))) is None:
            if trio.current_time() >= give_up_at:
                raise VaultError(f"somebody else writes to the flash, and keeps {self._lock}")
            await trio.sleep(LOCK_RETRY_S)
        try:
            yield
        finally:
            os.close(descriptor)

    async def _read(self, slot: Slot) -> bytes:
        async with self._turn:
            return await self._run(ring.read(await self._scanned(), slot))

    async def _scanned(self) -> Ring:
        if self._flash is None:
            try:
                self._flash = await self._hop(self._open)
            except FlashError as error:
                raise VaultError(str(error)) from error
        if self._ring is None:
            self._ring = await self._run(ring.scan(self._flash.geometry))
        return self._ring

    async def _run(self, steps: Steps[T]) -> T:
        """Drive a procedure of the ring to its end."""
        assert self._flash is not None
        try:
            operation = next(steps)
            while True:
                answer = await self._hop(partial(self._flash.perform, operation))
                operation = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        except (FlashError, RingError) as error:
            raise VaultError(str(error)) from error
