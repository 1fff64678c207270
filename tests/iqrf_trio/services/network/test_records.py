"""The gateway's books when a module takes the place of another one: history and memory of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trio
from trio.testing import MockClock

from iqrf_trio.services.configurations import Configurations
from iqrf_trio.services.history import History
from iqrf_trio.services.network.records import StoredRecords
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store, inline
from protocol.iqmesh.bond_changes import Replacing
from protocol.iqmesh.records import REPLACED, Keep, Kept, Succeed, Withdraw
from protocol.readings.measured import Measured, Values

OLD, NEW = 0x81000001, 0x81000002
START = datetime(2026, 6, 1, tzinfo=UTC)


def now() -> datetime:
    return START + timedelta(seconds=trio.current_time())


async def test_the_history_goes_on_under_the_new_module(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store, trio.open_nursery() as nursery:
        history = History(tmp_path / "history", now, lambda: True, 1 << 20, hop=inline)
        nursery.start_soon(history.run)
        records = StoredRecords(store, Configurations(store, Shutdown()), history)
        value = Measured(OLD, 0, 1, "Temperature", "°C", 21.5)
        history.values(Values(START, (value,)))
        await trio.sleep(120.0)
        replacing = Replacing(3, OLD, NEW)
        for _ in range(2):
            await records.record(Succeed(replacing))
            assert await history.find(NEW, 0, 0, 1 << 40)
            assert not await history.find(OLD, 0, 0, 1 << 40)
        assert await records.record(Kept(REPLACED)) == {"3": NEW}
        await records.record(Withdraw(replacing))
        assert await history.find(OLD, 0, 0, 1 << 40)
        assert await records.record(Kept(REPLACED)) == {"3": OLD}
        await records.record(Withdraw(replacing))
        assert await history.find(OLD, 0, 0, 1 << 40)
        nursery.cancel_scope.cancel()


async def test_what_is_kept_is_there_until_it_is_forgotten(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        records = StoredRecords(store, Configurations(store, Shutdown()))
        assert await records.record(Kept("list")) is None
        await records.record(Keep("list", {"nodes": [1]}))
        assert await records.record(Kept("list")) == {"nodes": [1]}
        await records.record(Keep("list", None))
        assert await records.record(Kept("list")) is None
