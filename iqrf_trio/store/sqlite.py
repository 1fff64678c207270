"""SQLite itself: connections, migrations, and transactions as functions of a connection."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib import resources
from json import JSONDecodeError
from pathlib import Path
from typing import TypeVar

from iqrf_trio.store import backups, files
from iqrf_trio.store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseFullError,
    LostDatabaseError,
    MissingDatabaseError,
    StoreError,
)

Connection = sqlite3.Connection

APPLICATION_ID = 0x49515452
"""Stands in the header of our databases ("IQTR"), so that no other is taken for one."""

BUSY_TIMEOUT_S = 5.0
"""How long one program waits for another's transaction; ours take milliseconds."""

SHORT_BUSY_TIMEOUT_S = 0.1
"""The same for a program that asks again by itself and must not be held up in between."""

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

_BEGIN = "BEGIN IMMEDIATE;"
"""How the transaction of a migration begins."""

_STOP_FROM = """
SELECT CASE WHEN user_version >= {} THEN abs(-9223372036854775808) END FROM pragma_user_version;
"""
"""Fails (an overflow) where another program has run that migration before we had the lock. Not
every script fails by itself when it runs again; it would set the version back."""

T = TypeVar("T")


def migrations(folder_name: str = "migrations") -> tuple[str, ...]:
    """The scripts that make a database of the newest version; number N is the Nth of them."""
    folder = resources.files("iqrf_trio.store") / folder_name
    scripts = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


def connect(
    path: Path,
    *,
    create: bool = True,
    check: bool = False,
    fresh: bool = False,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> Connection:
    """Open the database at `path` and bring it to the newest version; the caller closes it.

    Without `create` a missing file stays missing (MissingDatabaseError). One that is missing or
    empty although there was a database before is made anew only where that is wanted: `fresh`.
    `check` looks through all pages for damage. Each statement waits `busy_timeout_s` for another
    program's transaction. Raises StoreError also for a file that is damaged, that is another
    program's, or that a newer version of this program made.
    """
    # In this order: another program that makes the file just now has it before its WAL.
    before = None if fresh else backups.trace(path)
    if before is not None and files.is_empty(path):
        raise LostDatabaseError(_lost(path, before))
    if create:
        files.create(path)
    elif not files.exists(path):
        raise MissingDatabaseError(f"there is no database {path}; `token create` makes one")
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = partial(str, encoding="utf-8")
        try:
            _prepare(connection, path, check=check, fresh=fresh)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(path: Path) -> Connection:
    """Open a database that is open already, for reads only; the caller closes it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=SHORT_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.text_factory = partial(str, encoding="utf-8")
    connection.execute("PRAGMA query_only = ON")
    # Opens the WAL, which must be that of the other connections.
    pragma(connection, "data_version")
    return connection


def connect_beside(path: Path, application_id: int, scripts: Sequence[str]) -> Connection:
    """Open another database of ours, with tables of its own, making it where there is none.

    Raises StoreError, also for a file that is damaged or none of ours.
    """
    files.create(path)
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=SHORT_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            found = pragma(connection, "application_id")
            if found not in {0, application_id}:
                raise StoreError(f"{path} is no history of iqrf-trio; move it away")
            if pragma(connection, "user_version") > len(scripts):
                raise StoreError(f"{path} was made by a newer iqrf-trio; move it away")
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection, scripts)
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


def look(connection: Connection, fn: Callable[[Connection], T]) -> T:
    """What `fn` finds in one consistent state of the database, on a connection for reads."""
    try:
        connection.execute("BEGIN")
        return fn(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def copy_into(connection: Connection, file: Path) -> None:
    """Write all that is committed into the empty `file`, as a database of its own."""
    connection.execute("VACUUM INTO ?", (str(file),))


def migrate(connection: Connection, scripts: Sequence[str]) -> None:
    """Run those of `scripts` that the database has not seen yet, each one a transaction."""
    for version, script in enumerate(scripts, start=1):
        if pragma(connection, "user_version") >= version:
            continue
        try:
            connection.executescript(script.replace(_BEGIN, _BEGIN + _STOP_FROM.format(version), 1))
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            # Another program may have run it between the question and the script.
            if pragma(connection, "user_version") < version:
                raise


def tables(connection: Connection) -> Sequence[str]:
    """Our tables, in the order in which rows may refer to those before."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY rowid"
    )
    return [name for (name,) in rows]


def pragma(connection: Connection, name: str) -> int:
    """The number that a PRAGMA of this name gives."""
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _prepare(connection: Connection, path: Path, *, check: bool, fresh: bool) -> None:
    scripts = migrations()
    # Before anything is written: another program's file is not ours to change.
    _refuse_strangers(connection, path, len(scripts))
    copies = backups.copies(path)
    # Read after them: a program that starts at the same time may just make the tables, and copies.
    version = pragma(connection, "user_version")
    if not version and not fresh and copies:
        raise LostDatabaseError(_lost(path, copies[0]))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if check:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedDatabaseError(f"{path} is damaged: {verdict}")
    if 0 < version < len(scripts) and any(map(partial(_has_rows, connection), tables(connection))):
        _keep_version(connection, path, version)
    migrate(connection, scripts)


def _has_rows(connection: Connection, table: str) -> bool:
    return connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone() is not None


def _lost(path: Path, trace: Path) -> str:
    return (
        f"{path} is missing or empty, but there is {trace}: start the gateway, which puts the "
        "newest good copy back, or begin anew with `iqrf-trio db new`"
    )


def _keep_version(connection: Connection, path: Path, version: int) -> None:
    """Copy a database before its tables change. Raises StoreError: without a copy it stays."""
    try:
        copy = backups.new_file(path, "version")
        copy_into(connection, copy)
        backups.keep_version(path, copy, version)
    except OSError as error:
        cause = f"{path} cannot be copied before it is brought up to date: {error.strerror}"
        raise StoreError(cause) from error


def _refuse_strangers(connection: Connection, path: Path, newest: int) -> None:
    version = pragma(connection, "user_version")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if pragma(connection, "application_id") != APPLICATION_ID:
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
