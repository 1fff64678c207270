"""A gateway whose memory is gone: what it finds in the vault, and what it does with it."""

import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from trio.testing import MockClock

from iqrf_trio.services.vault.cipher import Passphrase
from iqrf_trio.services.vault.recovery import latest, recover
from iqrf_trio.services.vault.shelves import Shelf, newest
from iqrf_trio.simulator.flash import FlashChip
from iqrf_trio.store import Store, inline, tokens
from iqrf_trio.store.sqlite import connect, transact
from protocol.auth.rights import MANAGE
from protocol.network.network import Device, Network
from tests.iqrf_trio.services.vault.house import START, file_shelf, flash_shelf, small_chip, vaulted

NETWORK = Network.of([Device(0, 0x81000000), Device(7, 0x81000007, metadata={"room": "attic"})])


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def no_passphrase() -> Passphrase | None:
    return None


async def test_everything_comes_back_from_the_flash_when_the_directory_is_gone(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    chip, state = small_chip(), tmp_path / "state"
    async with vaulted(state, chip=chip) as it:
        await it.store.save_network(NETWORK)
        await it.store.set_metadata({7: {"room": "attic"}})
        await it.store.save_setting("period", 3)
        with closing(connect(state / "a.db")) as connection:
            made = transact(
                connection,
                lambda inside: tokens.create(
                    inside,
                    owner="me",
                    created_at=START,
                    expires_at=START + timedelta(days=9),
                    rights=MANAGE,
                ),
            )
        await it.keeper.take()
    shutil.rmtree(state)
    async with Store.open(state / "a.db", hop=inline) as store:
        shelves: list[Shelf] = [file_shelf(state), flash_shelf(chip, state)]
        await recover(store, shelves, no_passphrase, auto=False)
        assert len(store.network) == 0
        assert "there is a snapshot of 2026-06-01T" in caplog.text
        assert "iqrf-trio restore --flash --database" in caplog.text
        await recover(store, shelves, no_passphrase, auto=True)
        assert store.network == NETWORK
        assert await store.setting("period") == 3
        token = await store.token(made.id)
        assert token is not None
        assert token.owner == "me"
        assert "was restored from the snapshot" in caplog.text


async def test_a_store_that_knows_something_is_left_alone(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with vaulted(tmp_path) as it:
        await it.keeper.take()
        await it.store.save_network(NETWORK)
        await recover(it.store, it.shelves, no_passphrase, auto=True)
        assert it.store.network == NETWORK
        assert "iqrf-trio restore" not in caplog.text


async def test_a_database_that_was_emptied_on_purpose_is_not_filled_again(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with vaulted(tmp_path) as it:
        await it.store.save_network(NETWORK)
        await it.keeper.take()
        await it.store.reset_network()
        with closing(connect(tmp_path / "a.db")) as connection:
            transact(
                connection,
                lambda inside: tokens.create(
                    inside,
                    owner="me",
                    created_at=START,
                    expires_at=START + timedelta(days=9),
                    rights=MANAGE,
                ),
            )
        await recover(it.store, it.shelves, no_passphrase, auto=True)
        assert len(it.store.network) == 0
        assert "to restore it: iqrf-trio restore --file" in caplog.text


async def test_damaged_snapshots_are_reported_and_passed_over(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with vaulted(tmp_path) as it:
        await it.keeper.take()
        await it.store.save_setting("period", 3)
        name = (await it.keeper.take())[0]
        damage(Path(name))
        found = await newest(it.shelves[0])
        assert found is not None
        assert "000001-" in found.name
        assert f"the snapshot {name} is of no use: " in caplog.text


async def test_nothing_is_said_where_nothing_is_kept(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(tmp_path / "a.db", hop=inline) as store:
        shelves: list[Shelf] = [file_shelf(tmp_path), flash_shelf(small_chip(), tmp_path)]
        assert await latest(shelves) is None
        await recover(store, shelves, no_passphrase, auto=True)
        assert not caplog.text


async def test_a_flash_that_cannot_be_read_is_reported_and_no_more(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent(FlashChip):
        def transfer(self, sent: bytes, speed_hz: int) -> bytes:
            return bytes(len(sent))

    async with vaulted(tmp_path) as it:
        await it.keeper.take()
    async with Store.open(tmp_path / "b.db", hop=inline) as store:
        shelves: list[Shelf] = [file_shelf(tmp_path), flash_shelf(Silent(), tmp_path)]
        await recover(store, shelves, no_passphrase, auto=False)
        assert "the vault in flash cannot be used: flash: No serial flash detected" in caplog.text
        assert "to restore it: iqrf-trio restore --file" in caplog.text
