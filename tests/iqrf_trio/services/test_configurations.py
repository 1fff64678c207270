"""Configurations that pass by are stored, also when the store is busy, and before the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.services.configurations import MOST_WAITING, RETRY_S, Configurations
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import DATABASE_NAME, Store, StoreError
from iqrf_trio.store.database import inline
from protocol.dpa.packet import answer
from protocol.dpa.peripherals.os import OS_READ_CONFIG, TrConfiguration, checksum, os_read_config
from protocol.dpa.transaction import Outcome
from protocol.network.configurations import Configuration
from protocol.network.network import Device, Network

MID = 0x8100_0003
READ = Configuration(bytes(range(31)), 3)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / DATABASE_NAME, hop=inline) as store:
        await store.save_network(Network.of([Device(3, MID)]))
        yield store


def read(nadr: int = 3) -> Outcome:
    request = os_read_config(nadr).request
    known = TrConfiguration(checksum(READ.settings), READ.settings, READ.rfpgm, 0)
    response = answer(request, hwpid=2, rcode=0, pdata=OS_READ_CONFIG.encode(known))
    return Outcome(request, 0, None, response, 0.0, None, 0.1)


async def test_what_passes_by_is_there_at_once_and_stored_soon(
    store: Store, autojump_clock: MockClock
) -> None:
    configurations = Configurations(store, Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(configurations.run)
        configurations.observe(read(nadr=4))  # nobody knows who that is
        configurations.observe(read())
        assert await store.configuration(MID) is None
        await trio.sleep(2.0)
        assert await store.configuration(MID) == READ
        await store.reset_network()
        assert await configurations.of(MID) is None
        await store.save_network(Network.of([Device(3, MID)]))
        configurations.observe(read())
        assert await configurations.of(MID) == READ
        nursery.cancel_scope.cancel()


async def test_what_passes_by_at_the_very_end_is_stored(
    store: Store, autojump_clock: MockClock
) -> None:
    configurations = Configurations(store, Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(configurations.run)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
        configurations.observe(read())
    assert await store.configuration(MID) == READ


async def test_what_the_store_does_not_take_waits_and_is_bounded(
    store: Store, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreError("the disk is full")

    configurations = Configurations(store, Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(configurations.run)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "change_configurations", refuse)
            for _ in range(MOST_WAITING + 5):
                configurations.observe(read())
            with pytest.raises(StoreError):
                await configurations.of(MID)
            await trio.sleep(2.0)
        assert len(configurations._waiting) == MOST_WAITING
        await trio.sleep(RETRY_S + 1.0)
        assert await store.configuration(MID) == READ
        assert not configurations._waiting
        nursery.cancel_scope.cancel()
