"""Transactions are whole or absent, and a database is opened only when it is ours and sound."""

import logging
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
import trio
import trio.testing

from iqrf_trio.store import devices, files
from iqrf_trio.store.database import Database, inline
from iqrf_trio.store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseFullError,
    MissingDatabaseError,
    StoreError,
)
from iqrf_trio.store.sqlite import (
    APPLICATION_ID,
    Connection,
    connect,
    connect_foreign,
    migrate,
    migrations,
    transact,
    translated,
)

T = TypeVar("T")

NEXT = len(migrations()) + 1
"""The version that no migration makes yet."""

INSERT = "INSERT INTO setting (key, value) VALUES (?, ?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with Database.open(path) as database:
        yield database


def keys(connection: Connection) -> list[str]:
    return [key for (key,) in connection.execute("SELECT key FROM setting ORDER BY key")]


def insert(*names: str) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.executemany(INSERT, [(name, "0") for name in names])

    return work


def content(path: Path) -> bytes:
    return path.read_bytes()


def pragma(name: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]


async def test_a_new_database_is_set_up_as_it_should_be(database: Database) -> None:
    assert await database.read(pragma("journal_mode")) == "wal"
    assert await database.write(pragma("foreign_keys")) == 1
    assert await database.read(pragma("busy_timeout")) == 100
    assert await database.read(pragma("application_id")) == APPLICATION_ID
    assert await database.read(pragma("user_version")) == len(migrations())


async def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    async with Database.open(path) as database:
        await database.write(insert("a", "b"))
    async with Database.open(path) as database:
        assert await database.read(keys) == ["a", "b"]


async def test_closing_leaves_one_file(path: Path) -> None:
    async with Database.open(path) as database:
        await database.write(insert("a"))
        assert len(list(path.parent.iterdir())) > 1
    assert list(path.parent.iterdir()) == [path]


async def test_what_is_written_reaches_the_disk_unless_it_may_wait(database: Database) -> None:
    normal, full = 1, 2
    assert await database.write(pragma("synchronous")) == full
    assert await database.write(pragma("synchronous"), durable=False) == normal
    assert await database.write(pragma("synchronous")) == full


async def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    def fail(connection: Connection) -> None:
        insert("a")(connection)
        raise KeyError("the caller's own")

    with pytest.raises(KeyError):
        await database.write(fail)
    assert await database.read(keys) == []
    await database.write(insert("b"))
    assert await database.read(keys) == ["b"]


async def test_what_sqlite_refuses_is_a_store_error_and_undone(
    database: Database, path: Path
) -> None:
    with pytest.raises(StoreError, match=f"{path}: UNIQUE") as caught:
        await database.write(insert("a", "b", "a"))
    assert caught.value.__cause__ is not None
    assert await database.read(keys) == []


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await database.read(insert("a"))
    await database.write(insert("b"))
    assert await database.read(keys) == ["b"]


async def test_a_reader_sees_one_state(database: Database, path: Path) -> None:
    def look_twice(connection: Connection) -> tuple[list[str], list[str]]:
        before = keys(connection)
        with closing(connect(path)) as other:
            transact(other, insert("a"))
        return before, keys(connection)

    assert await database.read(look_twice) == ([], [])
    assert await database.read(keys) == ["a"]


async def test_a_full_disk_is_told_and_undone(database: Database) -> None:
    await database.write(insert("a"))
    database._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(DatabaseFullError, match="full"):
        await database.write(insert(*(f"{number:0200}" for number in range(500))))
    assert await database.read(keys) == ["a"]


async def test_a_database_that_another_program_holds_is_told(
    database: Database, path: Path
) -> None:
    database._connection.execute("PRAGMA busy_timeout = 0")
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match="locked"):
            await database.write(insert("a"))
        other.execute("ROLLBACK")
    await database.write(insert("a"))


async def test_another_programs_commit_is_noticed_once_and_our_own_is_not(
    database: Database, path: Path
) -> None:
    assert not await database.changed()
    await database.write(insert("ours"))
    assert not await database.changed()
    with closing(connect(path)) as other:
        assert not await database.changed()
        transact(other, insert("theirs"))
    assert await database.changed()
    assert not await database.changed()


async def test_a_transaction_that_began_is_finished_although_it_is_cancelled(
    database: Database,
) -> None:
    with trio.CancelScope() as scope:

        def cancelled_on_the_way(connection: Connection) -> str:
            insert("a")(connection)
            trio.from_thread.run_sync(scope.cancel)
            insert("b")(connection)
            return "done"

        assert await database.write(cancelled_on_the_way) == "done"
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert await database.read(keys) == ["a", "b"]


async def test_a_transaction_that_waits_for_its_turn_can_be_cancelled(database: Database) -> None:
    async with trio.open_nursery() as nursery:
        waiting = trio.CancelScope()

        async def wait_for_turn() -> None:
            with waiting:
                await database.write(insert("never"))

        def work(connection: Connection) -> None:
            trio.from_thread.run_sync(nursery.start_soon, wait_for_turn)
            trio.from_thread.run(trio.testing.wait_all_tasks_blocked)
            trio.from_thread.run_sync(waiting.cancel)
            insert("first")(connection)

        await database.write(work)
    assert waiting.cancelled_caught
    assert await database.read(keys) == ["first"]


async def test_writers_go_one_by_one(database: Database) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(database.write, insert(f"{number:02}"))
    assert len(await database.read(keys)) == 20


async def test_closing_is_not_cut_short(path: Path) -> None:
    with trio.CancelScope() as scope:
        async with Database.open(path) as database:
            await database.write(insert("a"))
            scope.cancel()
            await trio.Event().wait()
    assert list(path.parent.iterdir()) == [path]


async def test_a_virtual_clock_needs_no_threads(
    path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with Database.open(path, hop=inline) as database:
        with trio.fail_after(1):
            await database.write(insert("a"))
            assert await database.read(keys) == ["a"]
    assert autojump_clock.current_time() == 0


def test_a_file_is_private(path: Path) -> None:
    with closing(connect(path)) as connection:
        transact(connection, insert("a"))
        made = list(path.parent.iterdir())
        assert len(made) > 1
        for file in made:
            status = file.stat()
            assert stat.S_IMODE(status.st_mode) == 0o600


def test_the_state_directory_itself_may_be_missing_but_not_the_way_to_it(tmp_path: Path) -> None:
    connect(tmp_path / "state" / "iqrf-trio.db").close()
    assert (tmp_path / "state").is_dir()
    with pytest.raises(StoreError, match=r"cannot create .*No such file .*choose"):
        connect(tmp_path / "no" / "such" / "iqrf-trio.db")


def test_a_transaction_of_a_tool_reaches_the_disk(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        assert transact(connection, pragma("synchronous")) == 2


def test_looking_makes_no_file(path: Path) -> None:
    with pytest.raises(MissingDatabaseError, match=str(path)):
        connect(path, create=False)
    assert not path.exists()


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open"):
        connect(tmp_path)


def test_migrating_again_changes_nothing(path: Path) -> None:
    with closing(connect(path)) as connection:
        before = pragma("schema_version")(connection)
    with closing(connect(path)) as connection:
        assert pragma("user_version")(connection) == len(migrations())
        assert pragma("schema_version")(connection) == before


def test_what_an_older_version_stored_is_there_after_the_migration(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, migrations()[:1])
        connection.execute(
            "INSERT INTO device (mid, address, discovered, vrn, zone, standards_known, "
            "binary_outputs, light) VALUES (10, 1, 1, 1, 0, 1, 4, 0)"
        )
        connection.execute(
            "INSERT INTO sensor (device, position, type, type_index, name, short_name, decimals, "
            "frcs) VALUES (1, 0, 1, 0, 'Temperature', 'T', 4, '[144]')"
        )
    with closing(connect(path)) as connection:
        (device,) = devices.load(connection)
        assert (device.binary_outputs, device.responding) == (4, True)
        assert [sensor.scale for sensor in device.sensors] == [1.0]


def test_a_migration_that_fails_leaves_nothing_of_itself(path: Path) -> None:
    bad = f"""
        BEGIN IMMEDIATE;
        CREATE TABLE half (a);
        INSERT INTO setting VALUES ('half', 0);
        PRAGMA user_version = {NEXT};
        INSERT INTO nowhere VALUES (1);
        COMMIT;
    """
    good = f"BEGIN; CREATE TABLE whole (a); PRAGMA user_version = {NEXT}; COMMIT;"
    with closing(connect(path)) as connection:
        with pytest.raises(StoreError, match="nowhere"), translated(path):
            migrate(connection, (*migrations(), bad))
        assert pragma("user_version")(connection) == NEXT - 1
        assert keys(connection) == []
        migrate(connection, (*migrations(), good))
        assert pragma("user_version")(connection) == NEXT
        assert connection.execute("SELECT * FROM whole").fetchall() == []


def test_a_migration_that_another_program_ran_meanwhile_is_no_error(path: Path) -> None:
    script = f"BEGIN IMMEDIATE; CREATE TABLE new (a); PRAGMA user_version = {NEXT}; COMMIT;"
    with closing(connect(path)) as connection, closing(connect(path)) as other:
        # What the first one finds on its way is what the second one would have done to it.
        racing = script.replace("BEGIN IMMEDIATE", "SELECT meanwhile(); BEGIN IMMEDIATE")

        def meanwhile() -> None:
            migrate(other, (*migrations(), script))

        connection.create_function("meanwhile", 0, meanwhile)
        migrate(connection, (*migrations(), racing))
        assert pragma("user_version")(connection) == NEXT


def test_a_migration_that_another_program_ran_meanwhile_does_not_run_again(path: Path) -> None:
    """Not even one that could: it would set the version back."""
    harmless = f"""
        BEGIN IMMEDIATE; DELETE FROM setting; PRAGMA user_version = {NEXT}; COMMIT;
    """
    after = f"BEGIN IMMEDIATE; CREATE TABLE new (a); PRAGMA user_version = {NEXT + 1}; COMMIT;"
    with closing(connect(path)) as connection, closing(connect(path)) as other:

        def meanwhile() -> None:
            migrate(other, (*migrations(), harmless, after))
            transact(other, insert("a"))

        connection.create_function("meanwhile", 0, meanwhile)
        racing = harmless.replace("BEGIN IMMEDIATE", "SELECT meanwhile(); BEGIN IMMEDIATE")
        migrate(connection, (*migrations(), racing, after))
        assert pragma("user_version")(connection) == NEXT + 1
        assert keys(connection) == ["a"]


def test_every_migration_takes_the_lock_before_it_looks() -> None:
    assert all("BEGIN IMMEDIATE;" in script for script in migrations())


def test_a_newer_database_is_refused(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"{path} .*newer .*99.*install"):
        connect(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("statement", ["CREATE TABLE api_tokens (id)", "PRAGMA user_version = 1"])
async def test_another_programs_database_is_refused_and_left_alone(
    path: Path, statement: str
) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(statement)
    before = content(path)
    with pytest.raises(StoreError, match="not a database of iqrf-trio"):
        async with Database.open(path):
            pass
    assert content(path) == before


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    connect(path).close()
    connect(path, create=False, check=True).close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and it is long enough to be sure of that" * 200)


def _torn_page(path: Path) -> None:
    with closing(connect(path)) as connection:
        transact(connection, insert(*(f"{number:0200}" for number in range(500))))
    pages = bytearray(content(path))
    middle = len(pages) // 2
    pages[middle : middle + 4096] = bytes(4096)
    path.write_bytes(pages)


def _cut_off(path: Path) -> None:
    with closing(connect(path)) as connection:
        transact(connection, insert(*(f"{number:0200}" for number in range(500))))
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [_garbage, _torn_page, _cut_off])
async def test_a_damaged_database_is_kept_aside_and_the_gateway_starts(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(path)
    damaged = content(path)
    async with Database.open(path) as database:
        assert await database.read(keys) == []
        await database.write(insert("a"))
    (aside,) = path.parent.glob("iqrf-trio.db.damaged-*")
    assert aside.read_bytes() == damaged
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert str(aside) in record.getMessage()
    assert "no good backup" in record.getMessage()
    assert "enumerate" in record.getMessage()


async def test_what_stands_beside_a_damaged_database_goes_with_it(path: Path) -> None:
    with closing(connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        transact(other, insert("a"))
        _garbage(path)
        pages = path.with_name(f"{path.name}-wal").read_bytes()
        async with Database.open(path) as database:
            assert await database.read(keys) == []
        (aside,) = path.parent.glob("*.damaged-*Z")
        assert aside.with_name(f"{aside.name}-wal").read_bytes() == pages


def test_a_file_that_cannot_be_renamed_is_told(path: Path) -> None:
    with pytest.raises(StoreError, match=f"{path} is damaged and cannot be renamed: No such file"):
        files.set_aside(path)


def test_the_token_tool_reports_damage_and_moves_nothing(path: Path) -> None:
    _garbage(path)
    with pytest.raises(DamagedDatabaseError, match=f"{path}: file is not a database"):
        connect(path)
    assert list(path.parent.iterdir()) == [path]


async def test_a_stop_without_closing_loses_nothing_that_was_committed(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    state = tmp_path / "as after a power cut"
    state.mkdir()
    with closing(connect(path)) as connection:
        transact(connection, insert("a"))
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            (state / source.name).write_bytes(source.read_bytes())
    async with Database.open(state / path.name) as database:
        assert await database.read(keys) == ["a"]
    assert "not closed properly" in caplog.text


def test_a_foreign_database_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "a name with ? and %.db"
    with closing(connect(path)) as connection:
        transact(connection, insert("a"))
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with closing(connect_foreign(path)) as foreign:
        assert foreign.execute("SELECT key FROM setting").fetchone()["key"] == "a"
        with pytest.raises(StoreError, match="readonly"), translated(path):
            foreign.execute("DELETE FROM setting")
    assert path.read_bytes() == before
    with pytest.raises(MissingDatabaseError):
        connect_foreign(tmp_path / "missing.db")


def test_a_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file is no directory; choose .* with --state-dir"):
        connect(tmp_path / "file" / "iqrf-trio.db")


def test_a_database_that_nobody_may_look_at_is_said(tmp_path: Path) -> None:
    # A name that is too long fails for root as well, whom no permission keeps out.
    with pytest.raises(StoreError, match=r"cannot open .*: File name too long; name another"):
        connect(tmp_path / ("x" * 300), create=False)


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        (sqlite3.SQLITE_FULL, "make room"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "is the disk full"),
        (sqlite3.SQLITE_READONLY, "run this with sudo"),
    ],
)
def test_what_the_disk_does_not_take_comes_with_a_fix(code: int, fix: str) -> None:
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError, match=rf"^db: refused; .*{fix}"), translated(Path("db")):
        raise error
