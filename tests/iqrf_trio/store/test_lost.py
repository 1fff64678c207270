"""A database that is gone is not taken for a first start: the newest good copy is put back."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from iqrf_trio.cli.support import local_token
from iqrf_trio.store import Store, StoreError, backups, devices, files, sqlite
from iqrf_trio.store.errors import DatabaseBusyError, LostDatabaseError
from iqrf_trio.store.sqlite import connect, migrate, migrations, transact
from protocol.network.network import Device, Network
from tests.iqrf_trio.store.test_backups import new_token, written_at

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
OLDER = Network.of([Device(0, 0x8101_0203, metadata={"name": "roof"})])
NETWORK = OLDER.replaced([Device(1, 0x8100_0001)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


def missing(path: Path) -> None:
    files.remove(path)


def no_byte(path: Path) -> None:
    files.remove(path)
    path.touch()


def no_byte_beside_a_wal(path: Path) -> None:
    missing_beside_a_wal(path)
    path.touch()


def missing_beside_a_wal(path: Path) -> None:
    files.remove(path)
    path.with_name(f"{path.name}-wal").write_bytes(b"what was written last")


def no_table(path: Path) -> None:
    """What is left where only the WAL, with all that was written, was deleted."""
    files.remove(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE some (a)")
        connection.execute("DROP TABLE some")
    assert path.stat().st_size


LOSSES = [missing, no_byte, no_byte_beside_a_wal, missing_beside_a_wal, no_table]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("lose", LOSSES)
async def test_the_newest_good_copy_takes_the_place_of_a_lost_database(
    path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(path) as store:
        await store.save_network(OLDER)
        await store.back_up(NOW - 2 * DAY)
        token = new_token(path)
        await store.save_network(NETWORK)
        good = await store.back_up(NOW)
    lose(path)
    async with Store.open(path) as store:
        assert store.network == NETWORK
        assert await store.token(token) is not None
        await store.save_setting("period", 10)
    (message,) = errors(caplog)
    assert f"{path} is missing or empty" in message
    assert f"goes on with the backup {good}" in message
    assert "revoke again those that were revoked since: they are valid now" in message
    async with Store.open(path) as store:
        assert await store.setting("period") == 10
    assert len(errors(caplog)) == 1, "a second start is one like any other"


@pytest.mark.parametrize("lose", LOSSES)
def test_a_command_makes_no_new_one_beside_copies(path: Path, lose: Callable[[Path], None]) -> None:
    with closing(connect(path)) as connection:
        transact(connection, lambda inside: devices.save(inside, NETWORK))
    path.with_name(f"{path.name}.backup-20260101T120000.000000Z").write_bytes(path.read_bytes())
    lose(path)
    for work in (connect, partial(connect, create=False), local_token.make):
        with pytest.raises(LostDatabaseError, match=r"start the gateway.* or .*`iqrf-trio db new`"):
            work(path)
    assert not path.exists() or lose is not missing
    connect(path, fresh=True).close()
    connect(path, create=False).close()


async def test_a_first_start_is_not_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Store.open(path) as store:
        assert store.network == Network()
    assert not errors(caplog)


async def test_a_first_start_that_was_cut_short_is_one(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    no_table(path)
    connect(path).close()
    async with Store.open(path):
        pass
    assert not errors(caplog)


def test_programs_that_start_at_once_are_not_taken_for_a_loss(path: Path) -> None:
    failed = list[LostDatabaseError]()

    def start() -> None:
        try:
            connect(path).close()
        except LostDatabaseError as error:
            failed.append(error)
        except DatabaseBusyError:
            pass  # is told, and tried again by whoever wants to

    for _ in range(20):
        threads = [Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        files.remove(path)


@pytest.mark.parametrize("lose", [missing_beside_a_wal, no_byte_beside_a_wal])
async def test_where_only_a_wal_is_left_it_is_kept_and_told(
    path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    lose(path)
    async with Store.open(path) as store:
        assert store.network == Network()
    (message,) = errors(caplog)
    assert "no good backup" in message
    (left,) = path.parent.glob("*.damaged-*-wal")
    assert left.read_bytes() == b"what was written last"
    assert str(left).removesuffix("-wal") in message


@pytest.mark.parametrize("why", files.ASIDE)
async def test_a_database_that_was_set_aside_is_a_copy_too(path: Path, why: str) -> None:
    state = path.with_name("state")
    state.mkdir()
    with closing(connect(path)) as connection:
        transact(connection, lambda inside: devices.save(inside, OLDER))
        connection.execute("PRAGMA wal_checkpoint")
        transact(connection, lambda inside: devices.save(inside, NETWORK))
        # As after a kill: what was written last is in the WAL only.
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            (state / source.name).write_bytes(source.read_bytes())
    files.set_aside(state / path.name, why)
    async with Store.open(state / path.name) as store:
        assert store.network == NETWORK


async def test_a_copy_that_holds_nothing_is_the_last_choice(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        good = await store.back_up(NOW - 2 * DAY)
    files.remove(path)
    connect(path, fresh=True).close()
    for name in ("backup-29990101T120000.000000Z", "damaged-29990102T120000.000000Z"):
        shutil.copyfile(path, path.with_name(f"{path.name}.{name}"))
    files.remove(path)
    async with Store.open(path) as store:
        assert store.network == NETWORK
    (message,) = errors(caplog)
    assert f"goes on with the backup {good}" in message


async def test_an_empty_database_never_pushes_out_good_copies(path: Path) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        for day in range(3):
            written_at(path, NOW + day * DAY)
            await store.back_up(NOW + day * DAY + DAY / 2)
        good = list(backups.newest_first(path))
        assert len(good) == 3
    files.remove(path)
    connect(path, fresh=True).close()
    async with Store.open(path) as store:
        await store.save_setting("period", 10)
        for day in range(4, 9):
            written_at(path, NOW + day * DAY)
            assert await store.back_up(NOW + day * DAY + DAY / 2) is None
        assert backups.newest_first(path) == good
        new_token(path)
        written_at(path, NOW + 10 * DAY)
        assert await store.back_up(NOW + 11 * DAY)


def older(path: Path) -> None:
    """A database as the program before the last migration left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, migrations()[:1])
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO setting (key, value) VALUES ('period', '10')")


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return sqlite.pragma(connection, "user_version")


async def test_a_copy_is_made_before_a_migration(path: Path) -> None:
    older(path)
    async with Store.open(path) as store:
        assert await store.setting("period") == 10
    (copy,) = path.parent.glob(f"{path.name}.version-1-*Z")
    assert version(copy) == 1
    assert version(path) == len(migrations())
    async with Store.open(path):
        pass
    assert list(path.parent.glob(f"{path.name}.version-*")) == [copy], "once"
    files.remove(path)
    async with Store.open(path) as store:
        assert await store.setting("period") == 10


async def test_without_a_copy_there_is_no_migration(path: Path) -> None:
    older(path)
    path.with_name(f"{path.name}.version-unfinished").mkdir()
    with pytest.raises(StoreError, match="cannot be copied before it is brought up to date"):
        async with Store.open(path):
            pass
    assert version(path) == 1


async def test_two_copies_of_former_versions_are_kept(path: Path) -> None:
    for _ in range(4):
        files.remove(path)
        older(path)
        connect(path).close()
    assert len(list(path.parent.glob(f"{path.name}.version-*"))) == 2


def test_a_new_database_has_no_former_version(path: Path) -> None:
    connect(path).close()
    assert list(path.parent.iterdir()) == [path]
