"""A card that has become read-only: what is known is served, and nothing is said to be kept."""

import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import define, field

from iqrf_trio.store import Store, StoreError, backups, devices, files
from iqrf_trio.store.errors import ReadOnlyError
from iqrf_trio.store.sqlite import connect, transact
from protocol.network.network import Device, Network, Sensor
from tests.iqrf_trio.store.networks import AT
from tests.iqrf_trio.store.test_backups import new_token

NOW = datetime.now(UTC)
TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224))
NETWORK = Network.of(
    [Device(0, 0x8101_0203), Device(1, 0x8100_0001, sensors=(TEMPERATURE,), metadata={"x": 1})]
)


@define
class Card:
    """A directory that can become read-only."""

    path: Path
    set_read_only: Callable[[bool], None]
    before: dict[str, bytes] = field(factory=dict)

    @property
    def database(self) -> Path:
        return self.path / "iqrf-trio.db"

    def die(self) -> None:
        self.before = self.content()
        self.set_read_only(True)

    def revive(self) -> None:
        self.set_read_only(False)

    def content(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.path.iterdir()}


def mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["mounted", "told"])
def card(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Card]:
    """One that the kernel keeps from being written, and one of which it is only said."""
    path, runtime = tmp_path / "card", tmp_path / "run"
    path.mkdir()
    runtime.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{runtime}:/somewhere/else")
    if request.param == "mounted":
        if os.geteuid() or not mount("-t", "tmpfs", "card", str(path)):
            pytest.skip("nobody may mount here")

        def remount(on: bool) -> None:
            assert mount("-o", "remount,ro" if on else "remount,rw", str(path))

        yield Card(path, remount)
        subprocess.run(["umount", "-l", str(path)], check=True)
    else:
        dead = False

        def set_dead(on: bool) -> None:
            nonlocal dead
            dead = on

        monkeypatch.setattr(files, "is_read_only", lambda directory: dead and directory == path)
        yield Card(path, set_dead)
    assert not list(runtime.iterdir()), "what was copied is gone in the end"


async def used(card: Card) -> int:
    """A gateway's state, the last of it in the WAL, as after a power cut; the number of a token."""
    async with Store.open(card.database) as store:
        await store.save_network(NETWORK)
        await store.back_up(NOW - timedelta(days=2))
    token = new_token(card.database)
    with closing(connect(card.database)) as connection:
        transact(connection, lambda inside: devices.set_metadata(inside, {1: {"x": 2}}))
        kept = card.content()
    for name, data in kept.items():
        if not name.endswith("-shm"):
            (card.path / name).write_bytes(data)
    return token


async def test_what_is_known_is_served_and_nothing_is_written(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    token = await used(card)
    card.die()
    async with Store.open(card.database) as store:
        assert [node.metadata for node in store.network.nodes] == [{"x": 2}]
        assert await store.token(token) is not None
        assert store.trouble == f"{card.path} is read-only"
        assert not await store.changed()
        assert await store.back_up(NOW) is None
        for work in (
            store.save_setting("period", 10),
            store.set_metadata({1: {"x": 3}}),
            store.save_values({(1, 0): 21.5}, AT),
            store.reset_network(),
            store.save_network(Network()),
        ):
            with pytest.raises(ReadOnlyError, match="is read-only: nothing can be kept"):
                await work
        await store.save_network(store.network)
        assert [node.metadata for node in store.network.nodes] == [{"x": 2}]
    assert card.content() == card.before
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "keeps nothing" in errors[0]


async def test_a_card_that_can_be_written_again_is_used_again(card: Card) -> None:
    await used(card)
    card.die()
    async with Store.open(card.database) as store:
        card.revive()
        assert await store.changed()
        assert store.trouble is None
        await store.set_metadata({1: {"x": 3}})
    async with Store.open(card.database) as store:
        assert [node.metadata for node in store.network.nodes] == [{"x": 3}]


def lose(card: Card) -> None:
    files.remove(card.database)


def damage(card: Card) -> None:
    files.remove(card.database)
    card.database.write_bytes(b"this is no database, and it is long enough to be sure" * 200)


@pytest.mark.parametrize("accident", [lose, damage])
async def test_the_newest_good_copy_is_served_where_there_is_nothing_better(
    card: Card, accident: Callable[[Card], None]
) -> None:
    await used(card)
    accident(card)
    card.die()
    async with Store.open(card.database) as store:
        assert [node.metadata for node in store.network.nodes] == [{"x": 1}]
    assert card.content() == card.before


async def test_without_anything_to_serve_it_is_said(card: Card) -> None:
    card.die()
    with pytest.raises(StoreError, match=r"there is no database .* is read-only"):
        async with Store.open(card.database):
            pass


async def test_a_copy_that_is_deleted_is_made_again(card: Card) -> None:
    await used(card)
    card.die()
    async with Store.open(card.database) as store:
        store._database._connections.path.unlink()
        assert await store.changed()
        assert store.trouble is not None
        assert [node.metadata for node in store.network.nodes] == [{"x": 2}]
    assert card.content() == card.before
    assert backups.newest_first(card.database)


def told(store: Store) -> str | None:
    return store.trouble


async def test_a_card_that_dies_under_the_running_gateway_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(tmp_path / "iqrf-trio.db") as store:
        connection = store._database._connection
        connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError):
            await store.save_setting("period", 10)
        assert not told(store), "the disk is not to blame"
        with monkeypatch.context() as dead:
            dead.setattr(files, "is_read_only", lambda _: True)
            with pytest.raises(StoreError):
                await store.save_setting("period", 10)
        assert told(store) == f"{tmp_path} is read-only"
        connection.execute("PRAGMA query_only = OFF")
        await store.save_setting("period", 10)
        assert not told(store)
