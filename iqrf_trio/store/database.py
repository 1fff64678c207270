"""The database of a running gateway: transactions by worker thread, one after the other.

A transaction is one function, run in one hop to a worker thread: it never waits for anything
but the disk, and cancelling its caller neither tears it nor hides that it happened.

There are two connections. Reads have one of their own, so that they never wait for a write, of
this or of another program: in WAL mode a reader sees what was committed before it began.

While another program holds the database, a write is tried again and again: the thread never waits
longer than a tenth of a second, so that a shutdown is not held up by others.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, Self, TypeVar

import trio
from attrs import define, evolve, field

from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import copying, files, opening, read_only
from iqrf_trio.store.errors import (
    REFUSALS,
    DatabaseBusyError,
    ReadOnlyError,
    ReplacedDatabaseError,
    StoreError,
)
from iqrf_trio.store.opening import Connections, Probe
from iqrf_trio.store.sqlite import Connection, look, pragma, transact, translated

PATIENCE_S = 5.0
"""How long a transaction waits for another program's; ours take milliseconds."""

RETRY_S = 0.1
"""Between two attempts."""

_log = logging.getLogger("iqrf_trio.store")

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
    """An open database of a running gateway; writes wait for each other, reads for reads.

    The file belongs to its path: where another one has taken its place, or where it was deleted,
    writes fail with ReplacedDatabaseError until `changed` has opened what is there.
    """

    path: Path
    _connections: Connections
    _probe: Probe
    _hop: Hop
    _shutdown: Shutdown
    _writing: trio.Lock = field(factory=trio.Lock, init=False)
    _reading: trio.Lock = field(factory=trio.Lock, init=False)
    _seen: int = field(default=0, init=False)
    """The version of the database that the reading connection saw last, whoever made it."""
    _theirs: int = field(default=0, init=False)
    """The version that the writing connection saw last: its own commits do not change it."""
    last_error: str = field(default="", init=False)
    """Why the last write failed; empty where it did not."""
    _became_read_only: bool = field(default=False, init=False)
    """Whether the last write failed on a disk that was writable when it was opened."""
    _abandoned: bool = field(default=False, init=False)
    """Whether a thread still uses a connection that nobody waits for any more (shutdown)."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        hop: Hop = trio.to_thread.run_sync,
        probe: Probe = lambda _: None,
        shutdown: Shutdown | None = None,
    ) -> AsyncIterator[Self]:
        """Open the database at `path`, making one where there is none.

        A damaged file is renamed and reported, and the last good backup takes its place, or a
        new database where there is none. `probe` reads what the caller cannot do without; what
        it cannot read is damaged as well. At `shutdown` nothing waits for other programs, or for
        a disk, for longer than its time. Raises StoreError.
        """
        shutdown = shutdown or Shutdown()
        connections = await _patiently(hop, partial(_open, path, probe), shutdown)
        database = cls(path, connections, probe, hop, shutdown)
        try:
            await database.changed()
            yield database
        finally:
            # Closing writes what stands beside the file back into it; it ends by itself.
            with shutdown.shield(share=Share.ALL):
                async with database._writing, database._reading:
                    await database._end()

    @property
    def trouble(self) -> str | None:
        """Why nothing that is written is kept; None as long as it is."""
        if self._became_read_only:
            return read_only.trouble(self.path)
        return self._connections.trouble

    @property
    def _connection(self) -> Connection:
        """The one that writes."""
        return self._connections.writer

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """What `fn` finds in one consistent state of the database; it cannot write.

        Never waits for a write.
        """
        async with self._reading:
            return await self._run(lambda: look(self._connections.reader, fn))

    async def write(self, fn: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run `fn` as one transaction (see `transact`) and return its result.

        Cancelled while waiting for its turn or for another program, nothing has happened; after
        that it ends as if it had not been cancelled. Raises StoreError for what SQLite refuses,
        ReplacedDatabaseError where it would be written into a file that nobody will ever open
        again.
        """

        def write() -> T:
            self._check_keeps()
            result = transact(self._connection, fn, durable=durable)
            self._check_keeps()
            return result

        async with self._writing:
            try:
                result = await self._run(write)
            except StoreError as error:
                if not isinstance(error, REFUSALS):
                    self.last_error = str(error)
                self._became_read_only = await self._run(
                    partial(files.is_read_only, self.path.parent)
                )
                raise
            self._became_read_only, self.last_error = False, ""
            return result

    async def back_up(self, now: float) -> Path | None:
        """Make a backup if one is due at `now` (Unix time); returns it. Raises StoreError."""
        if self.trouble is not None:
            return None
        return await self._run(partial(copying.back_up, self.path, now))

    async def changed(self) -> bool:
        """Whether another program has committed anything since this was asked before.

        A file that was replaced or deleted meanwhile is opened anew, or written back, which is a
        change as well; raises StoreError where that fails. While a transaction of ours is under
        way, this does not wait for it: then whatever was committed counts as another program's.
        """
        async with self._reading:
            seen, in_place = await self._run(self._look)
        if not in_place:
            async with self._writing, self._reading:
                await self._run(self._return)
            return True
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._writing.acquire_nowait()
        except trio.WouldBlock:
            return True
        try:
            theirs = await self._run(partial(pragma, self._connection, "data_version"))
        finally:
            self._writing.release()
        before, self._theirs = self._theirs, theirs
        return theirs != before

    def _look(self) -> tuple[int, bool]:
        opened = self._connections
        writable_again = opened.trouble is not None and not files.is_read_only(self.path.parent)
        return pragma(opened.reader, "data_version"), opened.in_place and not writable_again

    def _check_keeps(self) -> None:
        if (trouble := self._connections.trouble) is not None:
            raise ReadOnlyError(f"{trouble}: nothing can be kept until it is writable again")
        if not self._connections.in_place:
            raise ReplacedDatabaseError(
                f"{self.path} was replaced or deleted while the gateway runs; "
                "nothing is kept until it is opened anew"
            )

    def _return(self) -> None:
        """Open what is at the path now; raises StoreError, and then reads go on as before."""
        lost = self._connections
        if lost.trouble is not None and not files.is_read_only(self.path.parent):
            self._connections = opening.open_both(self.path, self._probe)
            lost.close()
            _log.warning("%s is writable again: what is told is kept", self.path.parent)
        else:
            opened = opening.reopen(evolve(lost, scratch=None), self._probe)
            self._connections = evolve(opened, trouble=lost.trouble, scratch=lost.scratch)
        self._seen = pragma(self._connections.reader, "data_version")
        self._theirs = pragma(self._connection, "data_version")

    def _close(self) -> None:
        with translated(self.path):
            if not self._connections.in_place and self._connections.trouble is None:
                try:
                    self._return()
                except StoreError as error:
                    _log.error("%s; what was written last may be lost", error)
            self._connections.close()

    async def _end(self) -> None:
        """Close the connections, unless a thread that was abandoned still uses one."""
        try:
            await self._run(self._close)
        except StoreError as error:
            _log.error("the database was not closed: %s", error)

    async def _run(self, work: Callable[[], T]) -> T:
        at_work = False

        def run() -> T:
            nonlocal at_work
            at_work = True
            try:
                with translated(self.path):
                    return work()
            finally:
                at_work = False

        if self._abandoned:
            raise self._no_answer()
        try:
            return await _patiently(self._hop, run, self._shutdown)
        except AbandonedError:
            raise self._no_answer() from None
        finally:
            self._abandoned |= at_work

    def _no_answer(self) -> StoreError:
        return StoreError(f"{self.path}: the disk does not answer")


def _open(path: Path, probe: Probe) -> Connections:
    """The database at `path`, or a copy of it where it cannot be written."""
    if files.is_read_only(path.parent):
        return read_only.open_copy(path, probe)
    return opening.open_both(path, probe)


async def _patiently(hop: Hop, work: Callable[[], T], shutdown: Shutdown) -> T:
    """Run `work`, anew as long as another program holds the database; raises what it raises."""
    give_up_at = trio.current_time() + PATIENCE_S
    while True:
        try:
            return await hop(work)
        except DatabaseBusyError:
            if trio.current_time() >= min(give_up_at, shutdown.moment(Share.AIR)):
                raise
        await trio.sleep(RETRY_S)
