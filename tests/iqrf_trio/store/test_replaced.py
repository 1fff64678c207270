"""A file that is replaced or deleted under the running gateway: told, and nothing is lost in it."""

import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio.store import Store, StoreError, devices
from iqrf_trio.store.errors import ReplacedDatabaseError
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.network.network import Device, Network

NETWORK = Network.of([Device(0, 0x8101_0203), Device(1, 0x8100_0001)])
OTHER = Network.of([Device(0, 0x8101_0999)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "iqrf-trio.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    path.parent.mkdir()
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        yield store


def stored(path: Path) -> Network:
    """What another program finds."""
    with closing(connect(path, create=False, check=True)) as connection:
        return devices.load(connection)


def replace(path: Path) -> None:
    """Put another gateway's database in the place of ours."""
    other = path.with_name("other.db")
    with closing(connect(other)) as connection:
        transact(connection, lambda inside: devices.save(inside, OTHER))
    other.rename(path)


def delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    for file in path.parent.iterdir():
        file.unlink()


def delete_directory(path: Path) -> None:
    shutil.rmtree(path.parent)


def delete_wal(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def move_away(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def content(path: Path) -> bytes:
    return path.read_bytes()


def strangers_database(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as stranger:
        stranger.execute("CREATE TABLE theirs (a)")
    return content(path)


ACCIDENTS = [replace, delete, delete_all, delete_directory, delete_wal, move_away]


@pytest.mark.parametrize("accident", ACCIDENTS)
async def test_nothing_is_answered_that_is_not_kept(
    store: Store, path: Path, accident: Callable[[Path], None]
) -> None:
    accident(path)
    with pytest.raises(ReplacedDatabaseError, match="replaced or deleted"):
        await store.save_setting("period", 10)
    with pytest.raises(ReplacedDatabaseError):
        await store.set_metadata({1: {"name": "outside"}})
    assert store.network == NETWORK


async def test_what_is_replaced_in_the_middle_of_a_transaction_is_told(
    store: Store, path: Path
) -> None:
    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO setting (key, value) VALUES ('period', '10')")
        replace(path)

    with pytest.raises(ReplacedDatabaseError):
        await store._database.write(work)


@pytest.mark.parametrize("accident", [delete, delete_all, delete_directory, delete_wal, move_away])
async def test_what_was_deleted_is_written_back(
    store: Store, path: Path, accident: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    await store.set_metadata({1: {"name": "outside"}})
    accident(path)
    assert await store.changed()
    assert stored(path) == store.network
    assert [node.metadata for node in store.network.nodes] == [{"name": "outside"}]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert str(path) in record.getMessage()
    assert "deleted while the gateway runs" in record.getMessage()
    assert not await store.changed()
    await store.save_setting("period", 10)
    assert await store.setting("period") == 10


async def test_a_file_in_its_place_is_taken_as_it_is(
    store: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(path)
    assert await store.changed()
    assert store.network == OTHER == stored(path)
    assert "was replaced while the gateway runs" in caplog.text
    await store.set_metadata({0: {"name": "new"}})
    assert stored(path) == store.network
    assert not await store.changed()


async def test_a_stranger_in_its_place_is_refused_until_it_is_gone(
    store: Store, path: Path
) -> None:
    move_away(path)
    before = strangers_database(path)
    for _ in range(2):
        with pytest.raises(StoreError, match="not a database of iqrf-trio"):
            await store.changed()
        with pytest.raises(ReplacedDatabaseError):
            await store.save_setting("period", 10)
    assert content(path) == before
    assert await store.setting("period") is None, "reads go on"
    delete(path)
    assert await store.changed()
    assert stored(path) == store.network == NETWORK
    await store.save_setting("period", 10)


@pytest.mark.parametrize("accident", [delete, delete_all, delete_wal, move_away])
async def test_what_was_deleted_right_before_the_end_is_written_back(
    path: Path, accident: Callable[[Path], None]
) -> None:
    path.parent.mkdir()
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        accident(path)
    assert stored(path) == NETWORK


async def test_what_was_replaced_right_before_the_end_is_not_spoiled(path: Path) -> None:
    path.parent.mkdir()
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        replace(path)
    assert stored(path) == OTHER


async def test_a_place_that_nobody_can_write_to_is_told_until_it_can(
    store: Store, path: Path
) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    with pytest.raises(StoreError):
        await store.changed()
    with pytest.raises(ReplacedDatabaseError):
        await store.save_setting("period", 10)
    path.parent.unlink()
    assert await store.changed()
    assert stored(path) == NETWORK


async def test_clients_and_commands_still_meet_in_the_new_file(store: Store, path: Path) -> None:
    delete(path)
    await store.changed()
    with closing(connect(path)) as tool:
        transact(tool, lambda inside: devices.save(inside, OTHER))
    assert await store.changed()
    assert store.network == OTHER
    assert await store.back_up(datetime.now(UTC))
