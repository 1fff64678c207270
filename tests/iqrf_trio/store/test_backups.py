"""A copy a day while there is something new, three of them kept; the last good one is put back."""

import logging
import os
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.services.backups import CHECK_S, FIRST_S, Backups
from iqrf_trio.store import Store, StoreError, backups, inline, tokens
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.auth.rights import MANAGE
from protocol.network.network import Device, Network

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
NETWORK = Network.of([Device(0, 0x8101_0203, metadata={"name": "roof"})])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


def new_token(path: Path) -> int:
    """What the token tool does beside a gateway that runs."""

    def make(connection: Connection) -> int:
        text = tokens.create(
            connection, owner="me", created_at=NOW, expires_at=NOW + 9 * DAY, rights=MANAGE
        )
        return text.id

    with closing(connect(path)) as connection:
        return transact(connection, make)


def written_at(path: Path, moment: datetime) -> None:
    """Let the database have been written last at `moment`."""
    for file in path.parent.glob(f"{path.name}*"):
        if ".backup-" not in file.name:
            os.utime(file, (moment.timestamp(), moment.timestamp()))


async def test_a_backup_holds_everything_and_nobody_else_may_read_it(path: Path) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        backup = await store.back_up(NOW)
        assert backup is not None
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert backups.newest_first(path) == [backup]
    async with Store.open(backup) as copy:
        assert copy.network == NETWORK


async def test_a_day_and_a_change_make_the_next_one_due(path: Path) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        assert await store.back_up(NOW)
        written_at(path, NOW + DAY / 2)
        assert await store.back_up(NOW + DAY - timedelta(seconds=1)) is None
        assert await store.back_up(NOW - DAY) is None, "a clock that was set back"
        assert await store.back_up(NOW + DAY)
        written_at(path, NOW + DAY / 2)
        assert await store.back_up(NOW + 9 * DAY) is None, "nothing has changed since"


async def test_what_another_program_wrote_is_a_change(path: Path) -> None:
    async with Store.open(path) as store:
        assert await store.back_up(NOW - 2 * DAY)
        new_token(path)
        assert await store.back_up(NOW)


async def test_three_are_kept(path: Path) -> None:
    async with Store.open(path) as store:
        made = []
        for day in range(5):
            written_at(path, NOW + day * DAY)
            made.append(await store.back_up(NOW + (day + 1) * DAY - timedelta(seconds=1)))
            made.append(await store.back_up(NOW + (day + 1) * DAY))
        taken = [backup for backup in made if backup is not None]
        assert len(taken) == 5
        assert backups.newest_first(path) == taken[:-4:-1]


async def test_an_unfinished_one_is_no_backup(path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.backup-unfinished")
    unfinished.write_bytes(b"as much as was written when the power failed")
    async with Store.open(path) as store:
        assert backups.newest_first(path) == []
        assert await store.back_up(NOW)
        assert not unfinished.exists()


async def test_a_backup_that_cannot_be_made_is_told_and_leaves_nothing(path: Path) -> None:
    async with Store.open(path) as store:
        path.with_name(f"{path.name}.backup-unfinished").mkdir()
        with pytest.raises(StoreError, match="no backup of"):
            await store.back_up(NOW)
        await store.save_network(NETWORK)
        assert store.network == NETWORK


def garbage(file: Path) -> None:
    file.write_bytes(b"this is no database, and it is long enough to be sure of that" * 200)


def torn(file: Path) -> None:
    pages = bytearray(file.read_bytes())
    pages[4096:8192] = bytes(4096)
    file.write_bytes(pages)


def no_json(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'{"name":', b'["name":'))


def no_text(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"roof"', b'"\xffoof"'))


@pytest.mark.parametrize("damage", [garbage, torn, no_json, no_text])
async def test_the_last_good_backup_takes_the_place_of_a_damaged_database(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(path) as store:
        token = new_token(path)
        await store.save_network(NETWORK)
        good = await store.back_up(NOW - 2 * DAY)
        later = new_token(path)
        bad = await store.back_up(NOW)
        assert good is not None
        assert bad is not None
    damage(path)
    damage(bad)
    async with Store.open(path) as store:
        assert await store.token(token) is not None
        assert await store.token(later) is None
        assert store.network == NETWORK
        await store.set_metadata({0: None})
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert f"the backup {bad} is of no use" in errors[0]
    assert f"goes on with the backup {good}" in errors[1]
    assert "revoke again" in errors[1]
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    with closing(connect(good, check=True)):
        assert len(backups.newest_first(path)) == 2


async def test_the_daemon_looks_every_hour(path: Path, autojump_clock: MockClock) -> None:
    begun = trio.current_time()

    def now() -> datetime:
        return NOW + timedelta(seconds=trio.current_time() - begun)

    async with Store.open(path, hop=inline) as store, trio.open_nursery() as nursery:
        nursery.start_soon(Backups(store, now).run)
        await trio.sleep(FIRST_S - 1)
        assert backups.newest_first(path) == []
        for hour in range(60):
            written_at(path, NOW + timedelta(hours=hour))
            await trio.sleep(CHECK_S)
        assert len(backups.newest_first(path)) == 3
        nursery.cancel_scope.cancel()


async def test_a_backup_that_fails_is_logged_and_tried_again(
    path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(path, hop=inline) as store, trio.open_nursery() as nursery:
        obstacle = path.with_name(f"{path.name}.backup-unfinished")
        obstacle.mkdir()
        nursery.start_soon(Backups(store, lambda: NOW).run)
        await trio.sleep(FIRST_S + 1)
        assert "no backup was made" in caplog.text
        obstacle.rmdir()
        await trio.sleep(CHECK_S)
        assert len(backups.newest_first(path)) == 1
        nursery.cancel_scope.cancel()


async def test_the_network_is_read_again_when_another_program_changed_it(path: Path) -> None:
    async with Store.open(path) as store, Store.open(path) as other:
        await other.save_network(NETWORK)
        assert store.network == Network()
        assert await store.changed()
        assert store.network == NETWORK
