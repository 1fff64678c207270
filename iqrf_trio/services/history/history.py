"""Keeps the history: writes values as they come, rolls days up, deletes what is old or too much.

Nothing here ever stops the readings: a history that cannot be written is told in the log and in its
status, and what came meanwhile is kept in memory, up to a bound.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import files, history
from iqrf_trio.store.database import Hop
from iqrf_trio.store.errors import DamagedDatabaseError, StoreError
from iqrf_trio.store.history import Found, Series
from iqrf_trio.store.sqlite import Connection, look, translated
from protocol.readings.history import (
    DAY_S,
    HOUR_S,
    MAX_POINTS,
    Level,
    Trust,
    day_of,
    days_to_roll_up,
)
from protocol.readings.measured import CycleOver, Measured, Values
from protocol.readings.states import States

log = logging.getLogger("iqrf_trio.history")

T = TypeVar("T")

MAX_PENDING = 20_000
"""Values that wait for a history that cannot be written: some hours of a large network."""

RETRY_S = 60.0
"""After an attempt to write that failed: the next one, unless a cycle is over before."""

LEAST_RETRY_S = 1.0
"""The least time between such attempts, however many cycles end."""

MAINTENANCE_S = 900.0
"""How often it is looked whether a day can be rolled up, or something deleted."""

MINUTE_S = 60
"""Values outside of cycles are kept by the minute, so that a busy network has few moments."""

CLOCK_JUMP_S = 3600.0
"""A clock that moves this far against the monotonic one has jumped."""

CALM_S = 86400.0
"""For how long after a jump nothing is deleted for its age."""

HOURLY_SLACK_S = 10 * DAY_S
"""Hours are deleted ten days at a time: each time touches pages that are then written."""

STORING_S = 1.0
"""What the last values have at shutdown."""


@frozen
class HistoryStatus:
    """How the history is, and figures.

    `error` is that of the last write, empty where it was good; `damage` is what a query has
    stumbled over.
    """

    error: str = ""
    bytes: int = 0
    written: int = 0
    """Values that were written since the start."""
    dropped: int = 0
    """Values that were lost because too many waited."""
    damage: str = ""


@define(eq=False)
class History:
    """The history in the file `path`, which is made when the first values come.

    `synchronised` tells whether the wall clock (`now`, UTC) is synchronised, None where nobody
    knows. The file holds `max_bytes` at most, or little more.
    """

    _path: Path
    _now: Callable[[], datetime]
    _synchronised: Callable[[], bool | None]
    max_bytes: int
    _hop: Hop = trio.to_thread.run_sync
    _shutdown: Shutdown = field(factory=Shutdown)
    _status: HistoryStatus = field(factory=HistoryStatus, init=False)
    _pending: deque[tuple[int, Measured]] = field(factory=deque, init=False)
    _dropped: int = field(default=0, init=False)
    _written: int = field(default=0, init=False)
    _error: str = field(default="", init=False)
    _damage: str = field(default="", init=False)
    _bytes: int = field(default=0, init=False)
    _news: trio.Event = field(factory=trio.Event, init=False)
    _cycle_over: trio.Event = field(factory=trio.Event, init=False)
    """A cycle has ended since the last attempt to write began."""
    _file: history.File = field(init=False)
    _writing: trio.Lock = field(factory=trio.Lock, init=False)
    _reading: trio.Lock = field(factory=trio.Lock, init=False)
    _offset: float | None = field(default=None, init=False)
    """Wall clock minus monotonic clock, when it was looked at last."""
    _calm_at: float = field(default=0.0, init=False)

    @_file.default
    def _make_file(self) -> history.File:
        return history.File(self._path)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @property
    def status(self) -> HistoryStatus:
        """How it is."""
        return HistoryStatus(self._error, self._bytes, self._written, self._dropped, self._damage)

    def values(self, values: Values) -> None:
        """See Listener."""
        at = int(values.at.timestamp()) // MINUTE_S * MINUTE_S
        self._take(at, values.measured)

    def cycle(self, cycle: CycleOver) -> None:
        """See Listener."""
        self._take(int(cycle.values.at.timestamp()), cycle.values.measured)
        self._cycle_over.set()

    def states(self, mid: int, states: States) -> None:
        """Nothing: what is kept are measured values."""

    def _take(self, at: int, measured: Sequence[Measured]) -> None:
        self._pending.extend((at, each) for each in measured if not isinstance(each.value, tuple))
        while len(self._pending) > MAX_PENDING:
            self._pending.popleft()
            self._dropped += 1
        if self._pending:
            self._news.set()

    async def run(self) -> NoReturn:
        """Write and tidy up, for as long as the daemon lives."""
        try:
            while True:
                with trio.move_on_after(MAINTENANCE_S):
                    await self._news.wait()
                self._news, self._cycle_over = trio.Event(), trio.Event()
                if await self._attempt(self._write) and await self._attempt(self._maintain):
                    self._error = ""
                else:
                    await self._pause()
        finally:
            with self._shutdown.shield(STORING_S, Share.REST):
                await self._attempt(self._write)
            with self._shutdown.shield(STORING_S, Share.REST):
                await self._close()

    async def _pause(self) -> None:
        """Wait after a failure, so that a broken disk is asked rarely, but by each cycle."""
        await trio.sleep(LEAST_RETRY_S)
        with trio.move_on_after(RETRY_S - LEAST_RETRY_S):
            await self._cycle_over.wait()
        if self._pending:
            self._news.set()

    async def find(
        self, mid: int, sensor: int, start: int, end: int, points: int = MAX_POINTS
    ) -> Found | None:
        """The points of one sensor; None where nothing is known of it. Raises StoreError."""
        work = partial(
            history.find,
            mid=mid,
            sensor=sensor,
            start=start,
            end=end,
            now=int(self._now().timestamp()),
            limit=min(points, MAX_POINTS),
        )
        return await self._read(work)

    async def series(self, mid: int | None = None) -> Sequence[Series]:
        """What is kept of one module, or of all. Raises StoreError."""
        return await self._read(partial(history.series_of, mid=mid)) or ()

    async def export(self, start: int, end: int) -> AsyncIterator[Sequence[tuple[int, int, float]]]:
        """All samples of a range, hour by hour: time, series, value. Raises StoreError."""
        for at in range(start, end, HOUR_S):
            hour = partial(_hour, start=at, end=min(at + HOUR_S, end))
            if rows := await self._read(hour):
                yield rows

    async def forget(self, mid: int) -> int:
        """Delete what is kept of a module; returns how many series. Raises StoreError."""
        forget = partial(history.forget, mid=mid)
        return await self._write_in_turn(partial(self._file.change, forget))

    async def adopt(self, old: int, new: int) -> None:
        """Let the module `new` continue what is kept of `old`. Raises StoreError."""
        adopt = partial(history.adopt, old=old, new=new)
        await self._write_in_turn(partial(self._file.change, adopt))

    async def _attempt(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether something went well; what failed is told, once for each reason."""
        try:
            await work()
        except StoreError as error:
            if str(error) != self._error:
                log.error("the history is not written: %s", error)
            self._error = str(error)
            return False
        return True

    async def _write(self) -> None:
        """Write what waits; what could not be written waits on. Raises StoreError."""
        while self._pending:
            batch = tuple(self._pending)
            append = partial(self._file.append, batch)
            try:
                await self._write_in_turn(append)
            except DamagedDatabaseError:  # which is set aside: a new file takes the values
                await self._write_in_turn(append)
            self._written += len(batch)
            for _ in range(min(len(batch), len(self._pending))):
                self._pending.popleft()

    async def _maintain(self) -> None:
        """Roll up the days that are over, and delete what is old or too much."""
        if not await self._run(partial(files.exists, self._path)):
            return
        now = int(self._now().timestamp())
        kept = await self._change(partial(history.bounds, level=Level.SAMPLE))
        done = await self._change(history.rolled_up_to)
        for start in days_to_roll_up(done, kept and kept[0], now):
            await self._change(partial(history.roll_up, start=start))
        if kept is not None and self._trust().enough:
            await self._delete_old(now)
        await self._delete_surplus()

    def _trust(self) -> Trust:
        """Whether the clock may be trusted with deleting."""
        offset = self._now().timestamp() - trio.current_time()
        if self._offset is not None and abs(offset - self._offset) > CLOCK_JUMP_S:
            log.warning("the clock has jumped: nothing of the history is deleted for a day")
            self._calm_at = trio.current_time() + CALM_S
        self._offset = offset
        return Trust(self._synchronised() is True, trio.current_time() < self._calm_at)

    async def _delete_old(self, now: int) -> None:
        for level, slack in ((Level.SAMPLE, 0), (Level.HOURLY, HOURLY_SLACK_S), (Level.DAILY, 0)):
            until = day_of(now - level.kept_s)
            kept = await self._change(partial(history.bounds, level=level))
            if kept is not None and kept[0] < until - slack:
                await self._change(partial(history.drop_before, level=level, at=until))

    async def _delete_surplus(self) -> None:
        """Delete the oldest days of the finest level until the file is small enough."""
        self._bytes = await self._change(history.used_bytes)
        while self._bytes > self.max_bytes:
            for level in Level:
                kept = await self._change(partial(history.bounds, level=level))
                if kept is not None and day_of(kept[0]) < day_of(kept[1]):
                    until = day_of(kept[0]) + DAY_S
                    await self._change(partial(history.drop_before, level=level, at=until))
                    break
            else:
                return  # one day of each is left
            self._bytes = await self._change(history.used_bytes)

    async def _change(self, work: Callable[[Connection], T]) -> T:
        return await self._write_in_turn(lambda: work(self._file.writing()))

    async def _write_in_turn(self, work: Callable[[], T]) -> T:
        """Run what writes, one after the other; a damaged file is set aside. Raises StoreError."""

        def write() -> T:
            try:
                with translated(self._path):
                    return work()
            except DamagedDatabaseError as error:
                aside = self._file.set_aside()
                log.error("%s; it is kept as %s, and a new history begins", error, aside)
                raise

        async with self._writing:
            try:
                return await self._run(write)
            except DamagedDatabaseError:
                self._damage = ""  # another file is in its place now
                raise

    async def _read(self, work: Callable[[Connection], T]) -> T | None:
        """What a function finds on the connection for reads; None where there is no history."""
        async with self._reading:
            try:
                return await self._run(partial(self._on_reader, work))
            except DamagedDatabaseError as error:
                if not self._damage:
                    log.error("the history cannot be read as a whole: %s", error)
                self._damage = str(error)  # no page heals by itself
                raise

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._hop(work)
        except AbandonedError:
            raise StoreError(f"{self._path}: the disk does not answer") from None

    def _on_reader(self, work: Callable[[Connection], T]) -> T | None:
        with translated(self._path):
            connection = self._file.reading()
            return None if connection is None else look(connection, work)

    async def _close(self) -> None:
        try:
            async with self._writing, self._reading:
                await self._run(self._file.close)
        except StoreError as error:
            log.error("the history was not closed: %s", error)


def _hour(connection: Connection, start: int, end: int) -> Sequence[tuple[int, int, float]]:
    return list(history.day(connection, start, end))
