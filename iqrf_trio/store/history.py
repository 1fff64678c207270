"""The history of values: a database of its own, written in order of time, bounded in size.

Every function here takes a connection and is run in a worker thread by its caller.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from attrs import define, evolve, field, frozen

from iqrf_trio.store import files
from iqrf_trio.store.sqlite import (
    Connection,
    connect_beside,
    connect_reader,
    migrations,
    pragma,
    transact,
)
from protocol.readings.history import DAY_S, HOUR_S, Level, Point, day_of, levels_for, stepped
from protocol.readings.measured import Measured

T = TypeVar("T")

APPLICATION_ID = 0x49515448
"""Stands in the header of the file ("IQTH")."""

_SUPPLY_TYPE = 0
"""Stands for the type of what has none."""

_NOT_ROLLED_UP = 5000
"""Samples of one series since midnight: three a minute."""

Key = tuple[int, int, int]
"""MID, sensor index and type of a series."""


@frozen
class Series:
    """One sensor of one module, as it was called when its first value came."""

    id: int
    mid: int
    sensor: int
    type: int
    name: str
    unit: str | None


@define(eq=False)
class File:
    """The history at `path`, opened when it is used first, and again when another file is there.

    `writing` and `reading` may be used by two threads at the same time.
    """

    path: Path
    _keys: dict[Key, int] = field(factory=dict)
    """The numbers of all series in the file that is open for writing."""
    _writer: tuple[Connection, files.Place] | None = None
    _reader: tuple[Connection, files.Place] | None = None

    def writing(self) -> Connection:
        """The connection that writes; the file is made where there is none. Raises StoreError."""
        if self._writer is not None and self._writer[1] != files.place(self.path):
            self._writer[0].close()
            self._writer = None
        if self._writer is None:
            connection = connect_beside(self.path, APPLICATION_ID, migrations("history_migrations"))
            self._writer = connection, files.place(self.path)
            self._keys = keys(connection)
        return self._writer[0]

    def append(self, batch: Sequence[tuple[int, Measured]]) -> None:
        """Keep values with their times (Unix seconds). Raises StoreError."""
        connection = self.writing()
        self._keys |= append(connection, self._keys, batch)

    def change(self, fn: Callable[[Connection], T]) -> T:
        """Run a function that changes which series there are. Raises StoreError."""
        connection = self.writing()
        try:
            return fn(connection)
        finally:
            self._keys = keys(connection)

    def reading(self) -> Connection | None:
        """The connection that reads; None where there is no history. Raises StoreError."""
        if self._reader is not None and self._reader[1] != files.place(self.path):
            self._reader[0].close()
            self._reader = None
        if self._reader is None:
            if not files.exists(self.path):
                return None
            connection = connect_reader(self.path)
            if not pragma(connection, "user_version"):
                connection.close()  # it is just being made
                return None
            self._reader = connection, files.place(self.path)
        return self._reader[0]

    def set_aside(self) -> Path:
        """Rename a damaged history; the next write makes a new one. Returns the new name."""
        if self._writer is not None:
            self._writer[0].close()
            self._writer = None
        return files.set_aside(self.path)

    def close(self) -> None:
        """Close both connections."""
        for opened in (self._reader, self._writer):
            if opened is not None:
                opened[0].close()
        self._reader = self._writer = None


def key_of(value: Measured) -> Key:
    """The series that a value belongs to."""
    return value.mid, value.sensor, _SUPPLY_TYPE if value.type is None else value.type


def keys(connection: Connection) -> dict[Key, int]:
    """The numbers of all series."""
    rows = connection.execute("SELECT mid, sensor, type, id FROM series")
    return {(mid, sensor, type_): number for mid, sensor, type_, number in rows}


def append(
    connection: Connection, known: Mapping[Key, int], batch: Sequence[tuple[int, Measured]]
) -> dict[Key, int]:
    """Keep values with their times (Unix seconds); returns the series that are new.

    A second value of one series for the same second replaces the first. Values that are no numbers
    are not kept.
    """
    return transact(connection, partial(_append, known=known, batch=batch), durable=False)


def _append(
    connection: Connection, known: Mapping[Key, int], batch: Sequence[tuple[int, Measured]]
) -> dict[Key, int]:
    new: dict[Key, int] = {}
    rows = []
    _reopen_days(connection, min((at for at, _ in batch), default=0))
    for at, value in batch:
        if isinstance(value.value, tuple):
            continue
        key = key_of(value)
        number = known.get(key) or new.get(key)
        if number is None:
            number = new[key] = _add_series(connection, key, value)
        rows.append((at, number, float(value.value)))
    connection.executemany("INSERT OR REPLACE INTO sample VALUES (?, ?, ?)", rows)
    return new


def _reopen_days(connection: Connection, earliest: int) -> None:
    """Have the day of `earliest` rolled up again: the clock was set back, or values come late.

    A day whose samples are deleted already stays as it is, since it could only become poorer.
    """
    done, kept = rolled_up_to(connection), bounds(connection, Level.SAMPLE)
    if done is not None and kept is not None and kept[0] <= earliest < done:
        connection.execute("UPDATE progress SET rolled_up_to = ?", (day_of(earliest),))


def _add_series(connection: Connection, key: Key, value: Measured) -> int:
    connection.execute(
        "INSERT INTO series (mid, sensor, type, name, unit) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (*key, value.name, value.unit),
    )
    (number,) = connection.execute(
        "SELECT id FROM series WHERE mid = ? AND sensor = ? AND type = ?", key
    ).fetchone()
    return int(number)


def series_of(connection: Connection, mid: int | None = None) -> Sequence[Series]:
    """The series of one module, or of all."""
    rows = connection.execute(
        "SELECT id, mid, sensor, type, name, unit FROM series WHERE ?1 IS NULL OR mid = ?1 "
        "ORDER BY mid, sensor, type",
        (mid,),
    )
    return [Series(*row) for row in rows]


def samples(
    connection: Connection, series: int, start: int, end: int, limit: int
) -> Sequence[Point]:
    """The samples of one series from `start` to before `end`, at most `limit`.

    The moments of the range are walked one by one, each by a search in the index, so that the cost
    grows with them and not with all rows in between.
    """
    rows = connection.execute(
        """
        WITH RECURSIVE moment (at) AS (
            SELECT min(at) FROM sample WHERE at >= :start
            UNION ALL
            SELECT (SELECT min(at) FROM sample WHERE at > moment.at) FROM moment
            WHERE moment.at < :end
        )
        SELECT sample.at, value FROM moment CROSS JOIN sample
            ON sample.at = moment.at AND sample.series = :series
        WHERE moment.at < :end LIMIT :limit
        """,
        {"start": start, "end": end, "series": series, "limit": limit},
    )
    return [Point(at, 1, value, value, value) for at, value in rows]


def steps(
    connection: Connection, level: Level, series: int, start: int, end: int
) -> Sequence[Point]:
    """The rolled-up points of one series from the step that holds `start` to before `end`."""
    table = {Level.HOURLY: "hourly", Level.DAILY: "daily"}[level]
    rows = connection.execute(
        f"""
        WITH RECURSIVE moment (at) AS (
            SELECT :start
            UNION ALL
            SELECT at + :step FROM moment WHERE at + :step < :end
        )
        SELECT kept.at, count, low, high, mean FROM moment CROSS JOIN {table} AS kept
            ON kept.at = moment.at AND kept.series = :series
        """,
        {
            "start": start // level.step_s * level.step_s,
            "step": level.step_s,
            "end": end,
            "series": series,
        },
    )
    return [Point(*row) for row in rows]


@frozen
class Found:
    """What a query found: the series, how finely, and its points in order of time."""

    series: Series
    level: Level
    points: Sequence[Point]


def find(
    connection: Connection,
    mid: int,
    sensor: int,
    *,
    start: int,
    end: int,
    now: int,
    limit: int,
) -> Found | None:
    """The points of one sensor from `start` to before `end`, as fine as `limit` points allow.

    None where nothing is known of the sensor. Of a sensor whose type has changed the newest counts.
    """
    known = [each for each in series_of(connection, mid) if each.sensor == sensor]
    if not known:
        return None
    series = max(known, key=lambda each: each.id)
    found = Found(series, Level.DAILY, ())
    for level in levels_for(start, end, now, limit):
        points = _points(connection, level, series.id, start=start, end=end, limit=limit)
        found = Found(series, level, points)
        if len(found.points) <= limit:
            break
    return evolve(found, points=found.points[:limit])


def _points(
    connection: Connection, level: Level, series: int, *, start: int, end: int, limit: int
) -> Sequence[Point]:
    if level is Level.SAMPLE:
        return samples(connection, series, start, end, limit + 1)
    done = rolled_up_to(connection) or 0
    kept = steps(connection, level, series, start, min(end, done))
    newer = samples(connection, series, max(start, done), end, _NOT_ROLLED_UP)
    return [*kept, *stepped(newer, level.step_s)]


def day(connection: Connection, start: int, end: int) -> Iterator[tuple[int, int, float]]:
    """All samples from `start` to before `end`, in order of time: time, series, value."""
    yield from connection.execute(
        "SELECT at, series, value FROM sample WHERE at >= ? AND at < ? ORDER BY at, series",
        (start, end),
    )


def rolled_up_to(connection: Connection) -> int | None:
    """The end of the last day that was rolled up; None before the first."""
    row = connection.execute("SELECT max(rolled_up_to) FROM progress").fetchone()
    return None if row[0] is None else int(row[0])


def roll_up(connection: Connection, start: int) -> None:
    """Put the samples of the day that begins at `start` together, by the hour and by the day."""
    transact(connection, partial(_roll_up, start=start), durable=False)


def _roll_up(connection: Connection, start: int) -> None:
    for table, step in (("hourly", HOUR_S), ("daily", DAY_S)):
        connection.execute(
            f"""
            INSERT OR REPLACE INTO {table}
            SELECT at / :step * :step AS moment, series,
                count(*), min(value), max(value), avg(value)
            FROM sample WHERE at >= :start AND at < :end
            GROUP BY moment, series ORDER BY moment, series
            """,
            {"step": step, "start": start, "end": start + DAY_S},
        )
    connection.execute("DELETE FROM progress")
    connection.execute("INSERT INTO progress VALUES (?)", (start + DAY_S,))


def bounds(connection: Connection, level: Level) -> tuple[int, int] | None:
    """The first and the last moment of a level; None where it is empty."""
    first, last = connection.execute(
        f"SELECT (SELECT min(at) FROM {level.value}), (SELECT max(at) FROM {level.value})"
    ).fetchone()
    return None if first is None else (int(first), int(last))


def drop_before(connection: Connection, level: Level, at: int) -> int:
    """Delete what a level has of the time before `at`; returns how many rows."""
    return transact(connection, partial(_drop_before, level=level, at=at), durable=False)


def _drop_before(connection: Connection, level: Level, at: int) -> int:
    statement = f"DELETE FROM {level.value} WHERE at < ?"
    return connection.execute(statement, (at,)).rowcount


def used_bytes(connection: Connection) -> int:
    """How much of the file holds something; what was deleted is used again."""
    pages = pragma(connection, "page_count") - pragma(connection, "freelist_count")
    return pages * pragma(connection, "page_size")


def adopt(connection: Connection, old: int, new: int) -> None:
    """A module took another one's place: its values continue the series of the old MID."""
    transact(connection, partial(_adopt, old=old, new=new))


def _adopt(connection: Connection, old: int, new: int) -> None:
    for series in series_of(connection, new):
        row = connection.execute(
            "SELECT id FROM series WHERE mid = ? AND sensor = ? AND type = ?",
            (old, series.sensor, series.type),
        ).fetchone()
        if row is not None:
            for level in Level:
                connection.execute(
                    f"UPDATE OR REPLACE {level.value} SET series = ? WHERE series = ?",
                    (row[0], series.id),
                )
            connection.execute("DELETE FROM series WHERE id = ?", (series.id,))
    connection.execute("UPDATE series SET mid = ? WHERE mid = ?", (new, old))


def forget(connection: Connection, mid: int) -> int:
    """Delete all that is kept of one module; returns how many series there were."""
    return transact(connection, partial(_forget, mid=mid))


def _forget(connection: Connection, mid: int) -> int:
    numbers = [series.id for series in series_of(connection, mid)]
    for number in numbers:
        for level in Level:
            connection.execute(f"DELETE FROM {level.value} WHERE series = ?", (number,))
        connection.execute("DELETE FROM series WHERE id = ?", (number,))
    return len(numbers)
