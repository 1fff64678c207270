"""A disk that does not answer, and a database that another program keeps, at shutdown."""

import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.shutdown import Share, Shutdown
from iqrf_trio.store import inline, opening
from iqrf_trio.store.database import Database
from iqrf_trio.store.errors import DatabaseBusyError, StoreError
from iqrf_trio.store.sqlite import Connection


async def test_a_thread_that_hangs_is_left_alone_and_nothing_is_closed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutdown, go_on, hangs = Shutdown(0.1), threading.Event(), threading.Event()

    def hang(_: Connection) -> None:
        hangs.set()
        go_on.wait()

    try:
        async with Database.open(tmp_path / "db", hop=shutdown.hop, shutdown=shutdown) as database:
            async with trio.open_nursery() as nursery:

                async def write() -> None:
                    with pytest.raises(StoreError, match="the disk does not answer"):
                        await database.write(hang)

                nursery.start_soon(write)
                await trio.to_thread.run_sync(hangs.wait)
                shutdown.begin()
            with pytest.raises(StoreError, match="the disk does not answer"):
                await database.read(lambda _: None)
        assert "the database was not closed" in caplog.text
    finally:
        go_on.set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait within SQLite is in real time."""
    monkeypatch.setattr(opening, "SHORT_BUSY_TIMEOUT_S", 0.001)


def insert(connection: Connection) -> None:
    connection.execute("INSERT INTO setting (key, value) VALUES ('a', '1')")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("held_s", [0.05, 1.0, 4.0])
async def test_a_write_waits_for_another_program(
    tmp_path: Path, held_s: float, autojump_clock: MockClock
) -> None:
    async with (
        Database.open(tmp_path / "db", hop=inline) as database,
        trio.open_nursery() as nursery,
    ):
        with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            nursery.start_soon(partial(database.write, insert))
            await trio.sleep(held_s)
            other.execute("ROLLBACK")
    assert trio.current_time() <= held_s + 0.11


@pytest.mark.usefixtures("quick")
async def test_the_wait_ends_with_the_shutdown_or_when_cancelled(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    shutdown = Shutdown(2.0)
    async with Database.open(tmp_path / "db", hop=inline, shutdown=shutdown) as database:
        with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with trio.move_on_after(1) as scope:
                await database.write(insert)
            assert scope.cancelled_caught
            assert trio.current_time() == 1
            shutdown.begin()
            with pytest.raises(DatabaseBusyError):
                await database.write(insert)
            assert trio.current_time() == pytest.approx(shutdown.moment(Share.AIR), abs=0.11)
            other.execute("ROLLBACK")
        assert await database.read(lambda it: it.execute("SELECT * FROM setting").fetchall()) == []
