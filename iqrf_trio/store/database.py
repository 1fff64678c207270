"""The database of a running gateway: transactions by worker thread, one after the other.

A transaction is one function, run in one hop to a worker thread: it never waits for anything
but the disk, and cancelling its caller neither tears it nor hides that it happened.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, Self, TypeVar

import trio
from attrs import define, field

from iqrf_trio.store import backups
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.opening import Probe, open_sound
from iqrf_trio.store.sqlite import Connection, look, pragma, transact, translated

T = TypeVar("T")


class Hop(Protocol):
    """Runs a blocking function away from the event loop, to its end even when cancelled."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """Return what `work` returns, raise what it raises."""


async def inline(work: Callable[[], T], /) -> T:
    """The hop that stays: for virtual clocks, which do not wait for threads."""
    await trio.lowlevel.checkpoint()
    return work()


@define
class Database:
    """An open database of a running gateway; transactions wait for each other."""

    path: Path
    _connection: Connection
    _hop: Hop
    _data_version: int = 0
    _lock: trio.Lock = field(factory=trio.Lock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        hop: Hop = trio.to_thread.run_sync,
        probe: Probe = lambda _: None,
    ) -> AsyncIterator[Self]:
        """Open the database at `path`, making one where there is none.

        A damaged file is renamed and reported, and the last good backup takes its place, or a
        new database where there is none. `probe` reads what the caller cannot do without; what
        it cannot read is damaged as well. Raises StoreError.
        """
        connection = await hop(partial(open_sound, path, probe))
        database = cls(path, connection, hop)
        try:
            await database.changed()
            yield database
        finally:
            # Closing writes what stands beside the file back into it; it ends by itself.
            with trio.CancelScope(shield=True):
                async with database._lock:
                    await hop(partial(_close, path, connection))

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """What `fn` finds in one consistent state of the database; it cannot write."""
        return await self._run(partial(look, self._connection, fn))

    async def write(self, fn: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run `fn` as one transaction (see `transact`) and return its result.

        Cancelled while waiting for its turn, nothing has happened; after that it ends as if it
        had not been cancelled. Raises StoreError for what SQLite refuses.
        """
        return await self._run(partial(transact, self._connection, fn, durable=durable))

    async def back_up(self, now: float) -> Path | None:
        """Make a backup if one is due at `now` (Unix time); returns it. Raises StoreError."""
        return await self._run(partial(_back_up, self._connection, self.path, now))

    async def changed(self) -> bool:
        """Whether another program has committed anything since this was asked before."""
        version = await self._run(partial(pragma, self._connection, "data_version"))
        before, self._data_version = self._data_version, version
        return version != before

    async def _run(self, work: Callable[[], T]) -> T:
        def translate() -> T:
            with translated(self.path):
                return work()

        async with self._lock:
            return await self._hop(translate)


def _back_up(connection: Connection, path: Path, now: float) -> Path | None:
    try:
        if not backups.due(path, now):
            return None
        copy = backups.new_file(path)
        connection.execute("VACUUM INTO ?", (str(copy),))
        return backups.finish(path, copy, now)
    except OSError as error:
        raise StoreError(f"no backup of {path}: {error.strerror}") from error


def _close(path: Path, connection: Connection) -> None:
    with translated(path):
        connection.close()
