"""The history as a service: written as values come, tidied up, and never in anybody's way."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from iqrf_trio.services.history import History
from iqrf_trio.services.history.history import MAINTENANCE_S, MAX_PENDING, RETRY_S
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store
from iqrf_trio.store import history as files
from iqrf_trio.store.database import inline
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.history import File
from protocol.network.network import Device, Network, Sensor
from protocol.readings.history import DAY_S, Level
from protocol.readings.measured import CycleOver, Measured, Values
from protocol.readings.reading import Reading

MID = 0x8100_0001
START = datetime(2026, 11, 29, tzinfo=UTC)


@define
class Rig:
    """A history on a virtual clock; `shift` moves the wall clock alone."""

    path: Path
    nursery: trio.Nursery
    shift: timedelta = timedelta()
    synchronised: bool | None = True
    history: History = field(init=False)

    def now(self) -> datetime:
        return START + timedelta(seconds=trio.current_time()) + self.shift

    async def cycle(self, value: float = 21.5, nodes: int = 1) -> None:
        at = self.now()
        measured = tuple(
            Measured(MID + each, 0, 1, "Temperature", "°C", value) for each in range(nodes)
        )
        self.history.cycle(CycleOver(Reading(at, ()), 1.0, Values(at, measured)))
        await trio.testing.wait_all_tasks_blocked()

    async def days(self, count: int, nodes: int = 1) -> None:
        for _ in range(count * 24):
            await self.cycle(nodes=nodes)
            await trio.sleep(3600)

    async def means(self, seconds: int = DAY_S) -> list[float]:
        now = int(self.now().timestamp())
        found = await self.history.find(MID, 0, now - seconds, now + 1)
        return [] if found is None else [point.mean for point in found.points]

    def bounds(self, level: Level) -> tuple[int, int] | None:
        file = File(self.path)
        try:
            return files.bounds(file.writing(), level)
        finally:
            file.close()


@asynccontextmanager
async def running(folder: Path, max_bytes: int = 2**28) -> AsyncIterator[Rig]:
    shutdown = Shutdown()
    async with trio.open_nursery() as nursery:
        rig = Rig(folder / "history.db", nursery)
        rig.history = History(
            rig.path,
            rig.now,
            lambda: rig.synchronised,
            max_bytes,
            hop=inline,
            shutdown=shutdown,
        )
        nursery.start_soon(rig.history.run)
        yield rig
        shutdown.begin()
        nursery.cancel_scope.cancel()


async def test_a_cycle_is_written_at_once(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with running(tmp_path) as rig:
        assert await rig.means() == []
        await rig.cycle(20)
        await trio.sleep(600)
        await rig.cycle(21)
        assert await rig.means() == [20, 21]
        assert rig.history.status.written == 2
        assert rig.history.status.error == ""


async def test_values_that_pass_by_are_kept_by_the_minute(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        for value in (1.0, 2.0):
            at = START + timedelta(seconds=61 + value)
            measured = (Measured(MID, 0, 1, "Temperature", "°C", value),)
            rig.history.values(Values(at, measured))
        await trio.sleep(300)
        found = await rig.history.find(
            MID, 0, int(START.timestamp()), int(START.timestamp()) + DAY_S
        )
        assert found is not None
        assert [(point.at - int(START.timestamp()), point.mean) for point in found.points] == [
            (60, 2)
        ]


async def test_what_waits_is_written_at_shutdown(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with running(tmp_path) as rig:
        measured = (Measured(MID, 0, 1, "Temperature", "°C", 7.0),)
        rig.history.values(Values(START, measured))
    assert rig.bounds(Level.SAMPLE) == (int(START.timestamp()), int(START.timestamp()))


async def test_days_are_rolled_up_and_old_ones_deleted(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        await rig.days(20)
        await trio.sleep(MAINTENANCE_S + 1)
        kept = rig.bounds(Level.SAMPLE)
        hours = rig.bounds(Level.HOURLY)
        assert kept is not None
        assert hours is not None
        now = rig.now().timestamp()
        assert 13.9 * DAY_S < now - kept[0] < 15.1 * DAY_S
        assert hours[0] == int(START.timestamp())
        assert len(await rig.means(30 * DAY_S)) == 20 * 24


@pytest.mark.parametrize("synchronised", [False, None])
async def test_a_clock_that_nobody_vouches_for_deletes_nothing(
    synchronised: bool | None, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        rig.synchronised = synchronised
        await rig.days(20)
        kept = rig.bounds(Level.SAMPLE)
        assert kept is not None
        assert kept[0] == int(START.timestamp())


async def test_a_clock_that_jumps_forward_a_year_deletes_nothing(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as rig:
        await rig.days(2)
        rig.shift = timedelta(days=366)
        for _ in range(10):
            await rig.cycle()
            await trio.sleep(600)
        kept = rig.bounds(Level.SAMPLE)
        assert kept is not None
        assert kept[0] == int(START.timestamp())
        assert "the clock has jumped" in caplog.text
        rig.shift = timedelta()
        await rig.days(1)
        kept = rig.bounds(Level.SAMPLE)
        assert kept is not None
        assert kept[0] == int(START.timestamp())


async def test_the_oldest_goes_when_there_is_no_room(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path, max_bytes=300_000) as rig:
        await rig.days(12, nodes=60)
        await trio.sleep(MAINTENANCE_S + 1)
        assert rig.history.status.bytes <= 300_000
        kept, hours = rig.bounds(Level.SAMPLE), rig.bounds(Level.HOURLY)
        assert kept is not None
        assert hours is not None
        assert kept[0] > int(START.timestamp())
        assert await rig.means(), "the newest day is there"


async def test_a_history_that_cannot_be_written_is_told_and_tried_again(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as rig:
        rig.path.mkdir()
        await rig.cycle(1)
        await rig.cycle(2)
        assert "the history is not written" in caplog.text
        assert rig.history.status.error
        assert len(caplog.records) == 1
        with pytest.raises(StoreError):
            await rig.means()
        rig.path.rmdir()
        await trio.sleep(RETRY_S + 1)
        assert rig.history.status.error == ""
        assert await rig.means() == [2]


async def test_the_next_cycle_writes_what_a_failure_has_left(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        rig.path.mkdir()
        await rig.cycle(1)
        rig.path.rmdir()
        await trio.sleep(20)
        assert await rig.means() == []
        await rig.cycle(2)
        assert await rig.means() == [1, 2]
        assert rig.history.status.error == ""


async def test_a_broken_disk_is_asked_once_a_second_at_most(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[float] = []

    def append(_file: File, _batch: object) -> None:
        attempts.append(trio.current_time())
        raise StoreError("no space left")

    monkeypatch.setattr(File, "append", append)
    async with running(tmp_path) as rig:
        for _ in range(100):
            await rig.cycle()
            await trio.sleep(0.1)
        assert len(attempts) <= 11
        await trio.sleep(3600)
        assert len(attempts) <= 11 + 60


async def test_a_damaged_history_gives_way_to_a_new_one_at_once(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    (tmp_path / "history.db").write_bytes(b"rotten" * 5000)
    async with running(tmp_path) as rig:
        await rig.cycle(5)
        assert await rig.means() == [5]
        assert len(set_aside(tmp_path)) == 1
        assert rig.history.status.error == ""


async def test_the_last_values_outlive_a_damaged_history(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        rig.path.write_bytes(b"rotten" * 5000)
        measured = (Measured(MID, 0, 1, "Temperature", "°C", 7.0),)
        rig.history.values(Values(START, measured))
    assert rig.bounds(Level.SAMPLE) == (int(START.timestamp()), int(START.timestamp()))


async def test_what_waits_is_bounded(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with running(tmp_path) as rig:
        rig.path.mkdir()
        for _ in range(MAX_PENDING // 1000 + 3):
            await rig.cycle(nodes=1000)
        assert rig.history.status.dropped == 3000
        rig.path.rmdir()


async def test_a_damaged_history_begins_anew(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "history.db").write_bytes(b"rotten" * 5000)
    async with running(tmp_path) as rig:
        await rig.cycle(5)
        await trio.sleep(RETRY_S + 1)
        assert await rig.means() == [5]
        assert "a new history begins" in caplog.text
        assert set_aside(tmp_path)


async def test_damage_that_only_a_query_finds_is_told(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as rig:
        await rig.days(3, nodes=100)
        old = int(rig.now().timestamp()) - 3 * DAY_S
    content = bytearray(rig.path.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[4096 * 8 : half] = b"\xff" * (half - 4096 * 8)
    rig.path.write_bytes(content)
    async with running(tmp_path) as rig:
        rig.shift = timedelta(days=3)
        for _ in range(2):
            with pytest.raises(StoreError):
                [rows async for rows in rig.history.export(old, old + 2 * DAY_S)]
        assert caplog.text.count("cannot be read as a whole") == 1
        assert await rig.history.series(), "the rest can be read"
        assert "malformed" in rig.history.status.damage


async def test_an_export_has_all_samples_in_order(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        await rig.days(1, nodes=2)
        start = int(START.timestamp())
        rows = [row async for rows in rig.history.export(start, start + DAY_S) for row in rows]
        assert len(rows) == 48
        assert rows == sorted(rows)
        names = {series.id: series.mid for series in await rig.history.series()}
        assert {names[series] for _, series, _ in rows} == {MID, MID + 1}


async def test_forget_and_adopt(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with running(tmp_path) as rig:
        await rig.cycle(nodes=2)
        assert await rig.history.forget(MID) == 1
        await rig.history.adopt(MID + 1, MID)
        assert [series.mid for series in await rig.history.series()] == [MID]


def set_aside(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if "damaged" in path.name]


def written() -> int:
    """Bytes that this process had written to the storage by now."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"])


async def test_a_node_that_was_away_for_a_month_goes_on_with_its_history(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with running(tmp_path) as rig:
        await rig.days(1)
        await trio.sleep(31 * DAY_S)  # meanwhile it may have been given another address
        await rig.days(1)
        await trio.sleep(MAINTENANCE_S + 1)
        [series] = await rig.history.series()
        assert series.mid == MID
        assert len(await rig.means(40 * DAY_S)) == 48


class Card:
    """What the days of a large network write: 239 nodes with 3 sensors, each 10 minutes."""

    CYCLES = 144

    def __init__(self, rig: Rig, store: Store | None = None) -> None:
        self._rig = rig
        self._store = store
        self._value = 0.0

    async def cycle(self) -> None:
        self._value += 0.5
        await self._rig.cycle(self._value, nodes=717)
        if self._store is not None:
            nodes, sensors = range(1, 240), range(3)
            values = {(node, sensor): self._value for node in nodes for sensor in sensors}
            await self._store.save_values(values, self._rig.now())

    async def day(self) -> int:
        """Bytes that a whole day writes."""
        before = written()
        for _ in range(self.CYCLES):
            await self.cycle()
            await trio.sleep(DAY_S / self.CYCLES)
        return written() - before

    async def earlier_days(self) -> None:
        """Fifteen of them with fewer cycles: the next day is one on which old ones are deleted."""
        for _ in range(15 * 36):
            await self.cycle()
            await trio.sleep(DAY_S / 36)


@asynccontextmanager
async def large(folder: Path) -> AsyncIterator[Store]:
    """A store that knows 239 nodes with 3 sensors each."""
    if os.statvfs(folder).f_fsid == 0:
        pytest.skip("a file system in memory writes nothing")
    async with Store.open(folder / "iqrf-trio.db", hop=inline) as store:
        sensors = tuple(Sensor(each, 1, each, "Temperature", "T", "°C", 2, ()) for each in range(3))
        nodes = [Device(each, MID + each, sensors=sensors) for each in range(1, 240)]
        await store.save_network(Network.of(nodes))
        yield store


@pytest.mark.slow
async def test_a_day_of_a_large_network_spares_the_card(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with large(tmp_path), running(tmp_path) as rig:
        card = Card(rig)
        await card.earlier_days()
        grown = await card.day()
    assert 1_000_000 < grown <= 22_000_000


@pytest.mark.slow
async def test_a_day_with_the_latest_values_spares_the_card(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with large(tmp_path) as store, running(tmp_path) as rig:
        await Card(rig).earlier_days()
        card = Card(rig, store)
        grown = await card.day()
        assert {each.value for node in store.network.nodes for each in node.sensors} == {
            0.5 * card.CYCLES
        }
    assert 2_000_000 < grown <= 30_000_000
