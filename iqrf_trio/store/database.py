"""The SQLite file: opening, migrating, and transactions as functions of a connection.

A transaction is one function, run in one hop to a worker thread: it never waits for anything
but the disk, and cancelling its caller neither tears it nor hides that it happened.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from importlib import resources
from json import JSONDecodeError
from pathlib import Path
from typing import Protocol, Self, TypeVar

import trio
from attrs import define, field

from iqrf_trio.store import backups, files
from iqrf_trio.store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseFullError,
    MissingDatabaseError,
    StoreError,
)

Connection = sqlite3.Connection

APPLICATION_ID = 0x49515452
"""Stands in the header of our databases ("IQTR"), so that no other is taken for one."""

BUSY_TIMEOUT_S = 5.0
"""How long one program waits for another's transaction; ours take milliseconds."""

_ERRORS: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: DatabaseFullError,
    sqlite3.SQLITE_BUSY: DatabaseBusyError,
    sqlite3.SQLITE_LOCKED: DatabaseBusyError,
    sqlite3.SQLITE_CORRUPT: DamagedDatabaseError,
    sqlite3.SQLITE_NOTADB: DamagedDatabaseError,
}
_FIXES: dict[int, str] = {
    sqlite3.SQLITE_FULL: "; make room on the disk",
    sqlite3.SQLITE_IOERR: "; is the disk full, or about to die? df and dmesg tell",
    sqlite3.SQLITE_BUSY: "; another program keeps it to itself, try again",
    sqlite3.SQLITE_READONLY: "; give it to the user who runs this, or run this with sudo",
    sqlite3.SQLITE_CANTOPEN: "; this needs a directory that it may write to",
}
"""What to do about some of them."""
_PRIMARY_CODE = 0xFF
"""The low byte of a result code is the kind, the rest details (SQLite, "Result Codes")."""

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


def migrations() -> tuple[str, ...]:
    """The scripts that make a database of the newest version; number N is the Nth of them."""
    folder = resources.files("iqrf_trio.store") / "migrations"
    scripts = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


def connect(path: Path, *, create: bool = True, check: bool = False) -> Connection:
    """Open the database at `path` and bring it to the newest version; the caller closes it.

    Without `create` a missing file stays missing (MissingDatabaseError). `check` looks through
    all pages for damage. Raises StoreError also for a file that is damaged, that is another
    program's, or that a newer version of this program made.
    """
    if create:
        files.create(path)
    elif not files.exists(path):
        raise MissingDatabaseError(f"there is no database {path}; `token create` makes one")
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = partial(str, encoding="utf-8")
        try:
            _prepare(connection, path, check=check)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_foreign(path: Path) -> Connection:
    """Open another program's database for reading only; the caller closes it.

    Raises StoreError.
    """
    if not path.is_file():
        raise MissingDatabaseError(f"there is no file {path}")
    with translated(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S
        )
        connection.row_factory = sqlite3.Row
        # Old tools stored what the terminal sent, valid UTF-8 or not.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    return connection


def in_memory() -> Connection:
    """An empty database that is gone when it is closed, for rows on their way between versions."""
    return sqlite3.connect(":memory:", isolation_level=None)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the database at `path` into StoreError.

    Text that is no UTF-8, or no JSON where it should be, is damage too, which SQLite cannot see.
    """
    try:
        yield
    except (UnicodeDecodeError, JSONDecodeError) as error:
        raise DamagedDatabaseError(f"{path} is damaged: {error}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        raise _ERRORS.get(code, StoreError)(f"{path}: {error}{_FIXES.get(code, '')}") from error


@contextmanager
def opened(path: Path, *, create: bool = True) -> Iterator[Connection]:
    """The database at `path` as `connect` opens it, closed in the end. Raises StoreError."""
    with translated(path), closing(connect(path, create=create)) as connection:
        yield connection


def transact(connection: Connection, fn: Callable[[Connection], T], *, durable: bool = True) -> T:
    """Run `fn` as one transaction: all of it is committed, or, when it raises, nothing.

    A durable one has reached the disk when this returns; one that is not may be lost with the
    power, but never in part.
    """
    # Takes effect only outside of a transaction, hence not inside `fn`.
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = fn(connection)
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back after some errors; asking again would hide the first.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def migrate(connection: Connection, scripts: Sequence[str]) -> None:
    """Run those of `scripts` that the database has not seen yet, each one a transaction."""
    for version, script in enumerate(scripts, start=1):
        if _pragma(connection, "user_version") >= version:
            continue
        try:
            connection.executescript(script)
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            # Another program may have run it between the question and the script.
            if _pragma(connection, "user_version") < version:
                raise


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
        probe: Callable[[Connection], object] = lambda _: None,
    ) -> AsyncIterator[Self]:
        """Open the database at `path`, making one where there is none.

        A damaged file is renamed and reported, and the last good backup takes its place, or a
        new database where there is none. `probe` reads what the caller cannot do without; what
        it cannot read is damaged as well. Raises StoreError.
        """
        connection = await hop(partial(_open, path, probe))
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
        return await self._run(partial(_look, self._connection, fn))

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
        version = await self._run(partial(_pragma, self._connection, "data_version"))
        before, self._data_version = self._data_version, version
        return version != before

    async def _run(self, work: Callable[[], T]) -> T:
        def translate() -> T:
            with translated(self.path):
                return work()

        async with self._lock:
            return await self._hop(translate)


def _open(path: Path, probe: Callable[[Connection], object]) -> Connection:
    if files.left_open(path):
        _log.info("%s was not closed properly; SQLite recovers what was committed", path)
    try:
        return _sound(path, probe)
    except DamagedDatabaseError as error:
        aside = files.set_aside(path)
        return _rebuild(path, probe, f"{error}; it is kept as {aside}")


def _sound(path: Path, probe: Callable[[Connection], object]) -> Connection:
    """The database, if all of it can be read; raises StoreError."""
    connection = connect(path, check=True)
    try:
        with translated(path):
            probe(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _rebuild(path: Path, probe: Callable[[Connection], object], what_happened: str) -> Connection:
    """The database of the last good backup, or an empty one."""
    for backup in backups.newest_first(path):
        try:
            backups.put_back(backup, path)
            connection = _sound(path, probe)
        except StoreError as error:
            _log.error("the backup %s is of no use: %s", backup, error)
            files.remove(path)
            continue
        _log.error(
            "%s; the gateway goes on with the backup %s: enumerate the network, create the "
            "tokens that are newer anew, and revoke again those that were revoked since",
            what_happened,
            backup,
        )
        return connection
    _log.error(
        "%s; there is no good backup, so the gateway starts with an empty database: "
        "enumerate the network and create tokens anew",
        what_happened,
    )
    return connect(path)


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


def _look(connection: Connection, fn: Callable[[Connection], T]) -> T:
    connection.execute("PRAGMA query_only = ON")
    try:
        connection.execute("BEGIN")
        return fn(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA query_only = OFF")


def _prepare(connection: Connection, path: Path, *, check: bool) -> None:
    scripts = migrations()
    # Before anything is written: another program's file is not ours to change.
    _refuse_strangers(connection, path, len(scripts))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if check:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedDatabaseError(f"{path} is damaged: {verdict}")
    migrate(connection, scripts)


def _refuse_strangers(connection: Connection, path: Path, newest: int) -> None:
    version = _pragma(connection, "user_version")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if _pragma(connection, "application_id") != APPLICATION_ID:
        if version or tables:
            raise StoreError(
                f"{path} is not a database of iqrf-trio; name another file, "
                "or take an old gateway's tokens over with `token import`"
            )
    elif version > newest:
        raise StoreError(
            f"{path} was made by a newer iqrf-trio (its version is {version}, this program "
            f"knows {newest}); install that one again, or name another state directory"
        )


def _pragma(connection: Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
