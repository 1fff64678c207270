"""What is known of coordinators outlives the program."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.services.coordinators import (
    BUSY_SETTING,
    RETRY_S,
    Coordinators,
    load_busy,
    save_busy,
)
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import DATABASE_NAME, Store, StoreError
from iqrf_trio.store.database import inline
from protocol.network.parameters import Parameters

MID = 0x81000001
SLOW = Parameters(frc_response_time=0x30)
START = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / DATABASE_NAME, hop=inline) as store:
        yield store


async def test_parameters_are_stored_when_they_are_noted(
    store: Store, autojump_clock: MockClock
) -> None:
    coordinators = Coordinators(store, Shutdown())
    assert await coordinators.recall(MID) == Parameters()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(coordinators.run)
        coordinators.note(MID, SLOW)
        assert await coordinators.recall(MID) == SLOW
        await trio.sleep(0.1)
        assert await store.parameters(MID) == SLOW
        nursery.cancel_scope.cancel()


async def test_what_is_noted_at_the_very_end_is_stored(
    store: Store, autojump_clock: MockClock
) -> None:
    coordinators = Coordinators(store, Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(coordinators.run)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
        coordinators.note(MID, SLOW)
    assert await store.parameters(MID) == SLOW


async def test_what_the_store_does_not_take_is_offered_again(
    store: Store, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreError("the disk is full")

    coordinators = Coordinators(store, Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(coordinators.run)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "save_parameters", refuse)
            patch.setattr(Store, "parameters", refuse)
            coordinators.note(MID, SLOW)
            await trio.sleep(1)
            assert await coordinators.recall(MID) == SLOW
            assert await coordinators.recall(MID + 1) == Parameters()
        await trio.sleep(RETRY_S)
        assert await store.parameters(MID) == SLOW
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("passed_s", "left_s"), [(0, 30), (10, 20), (29.5, 0.5), (30, 0), (10**6, 0), (-3600, 30)]
)
async def test_a_coordinator_that_was_left_at_work_is_known_to_be(
    store: Store, passed_s: float, left_s: float
) -> None:
    await save_busy(store, lambda: START, 30)
    now = START + timedelta(seconds=passed_s)
    assert await load_busy(store, lambda: now) == pytest.approx(left_s)


async def test_one_that_was_not_is_not(store: Store) -> None:
    assert await load_busy(store, lambda: START) == 0
    await save_busy(store, lambda: START, 0.3)
    assert await store.setting(BUSY_SETTING) is None
    await save_busy(store, lambda: START, 30)
    await save_busy(store, lambda: START, 0)
    assert await load_busy(store, lambda: START) == 0


@pytest.mark.parametrize(
    "value",
    [5, "soon", {"since": "never", "seconds": 5}, {"since": "2026-11-29T12:00:00", "seconds": 5}],
)
async def test_nonsense_in_the_store_keeps_nobody_waiting(store: Store, value: object) -> None:
    await store.save_setting(BUSY_SETTING, value)
    assert await load_busy(store, lambda: START) == 0
