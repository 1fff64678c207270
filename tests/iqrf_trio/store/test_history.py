import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.store import history
from iqrf_trio.store.errors import DamagedDatabaseError, StoreError
from iqrf_trio.store.history import File
from iqrf_trio.store.sqlite import Connection, translated
from protocol.readings.history import DAY_S, HOUR_S, Level, Point
from protocol.readings.measured import SUPPLY, Measured
from protocol.standard.quantities import Value

MID = 0x8100_0001
DAY = 20_000 * DAY_S


def value(number: Value, mid: int = MID, sensor: int = 0, type_: int | None = 1) -> Measured:
    return Measured(mid, sensor, type_, "Temperature", "°C", number)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    file = File(tmp_path / "history.db")
    yield file
    file.close()


def cycles(file: File, count: int, *, mids: int = 1, period: int = 600, start: int = DAY) -> None:
    for number in range(count):
        at = start + number * period
        file.append([(at, value(float(number), MID + each)) for each in range(mids)])


def found(file: File, start: int, end: int, *, now: int, limit: int = 2000) -> history.Found:
    connection = file.reading()
    assert connection is not None
    result = history.find(connection, MID, 0, start=start, end=end, now=now, limit=limit)
    assert result is not None
    return result


def test_values_come_back_with_their_times(file: File) -> None:
    file.append([(DAY, value(21.5)), (DAY, value(2.9, sensor=SUPPLY, type_=None))])
    file.append([(DAY + 600, value(22))])
    here = found(file, DAY, DAY + 601, now=DAY + 700)
    assert (here.level, here.series.mid, here.series.name) == (Level.SAMPLE, MID, "Temperature")
    assert here.points == [
        Point(DAY, 1, 21.5, 21.5, 21.5),
        Point(DAY + 600, 1, 22, 22, 22),
    ]
    assert [series.sensor for series in history.series_of(file.writing(), MID)] == [SUPPLY, 0]


def test_nothing_is_known_of_others(file: File) -> None:
    assert file.reading() is None
    file.append([(DAY, value(1))])
    connection = file.reading()
    assert connection is not None
    assert history.find(connection, 7, 0, start=0, end=DAY, now=DAY, limit=9) is None


def test_blocks_of_bytes_are_not_kept(file: File) -> None:
    file.append([(DAY, value((1, 2)))])
    assert history.series_of(file.writing()) == []


def test_a_second_value_for_a_moment_replaces_the_first(file: File) -> None:
    file.append([(DAY, value(1)), (DAY, value(2))])
    assert [point.mean for point in found(file, DAY, DAY + 1, now=DAY).points] == [2]


def test_a_day_is_rolled_up_by_hour_and_by_day(file: File) -> None:
    cycles(file, 144)
    history.roll_up(file.writing(), DAY)
    now = DAY + 20 * DAY_S
    hours = found(file, DAY, DAY + DAY_S, now=now)
    assert hours.level is Level.HOURLY
    assert hours.points[0] == Point(DAY, 6, 0, 5, 2.5)
    assert len(hours.points) == 24
    days = found(file, DAY, DAY + DAY_S, now=DAY + 100 * DAY_S)
    assert days.points == [Point(DAY, 144, 0, 143, 71.5)]
    assert history.rolled_up_to(file.writing()) == DAY + DAY_S


def test_what_is_not_rolled_up_yet_is_put_together_when_asked(file: File) -> None:
    cycles(file, 144 + 6)
    history.roll_up(file.writing(), DAY)
    hours = found(file, DAY, DAY + 2 * DAY_S, now=DAY + 2 * DAY_S, limit=60)
    assert hours.level is Level.HOURLY
    assert len(hours.points) == 25
    assert hours.points[-1] == Point(DAY + DAY_S, 6, 144, 149, 146.5)


def test_more_samples_than_usual_are_told_by_the_hour(file: File) -> None:
    cycles(file, 400, period=60)
    here = found(file, DAY, DAY + 400 * 60, now=DAY + DAY_S, limit=100)
    assert here.level is Level.HOURLY
    assert sum(point.count for point in here.points) == 400


def test_a_late_value_has_its_day_rolled_up_again(file: File) -> None:
    cycles(file, 200)
    history.roll_up(file.writing(), DAY)
    file.append([(DAY + 5, value(1000.0))])
    assert history.rolled_up_to(file.writing()) == DAY
    history.roll_up(file.writing(), DAY)
    history.drop_before(file.writing(), Level.SAMPLE, DAY + DAY_S)
    file.append([(DAY + 6, value(7.0))])
    assert history.rolled_up_to(file.writing()) == DAY + DAY_S, "its samples are gone"


def instructions(connection: Connection, *, start: int, end: int, now: int) -> int:
    """What a query costs: instructions of SQLite's machine, which no noise touches."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 1)
    try:
        assert history.find(connection, MID, 0, start=start, end=end, now=now, limit=2000)
    finally:
        connection.set_progress_handler(None, 0)
    return counted


def test_a_query_costs_as_much_as_it_has_points(file: File) -> None:
    few, many = file, File(file.path.with_name("many.db"))
    with closing(many):
        cycles(few, 144, mids=1)
        cycles(many, 144, mids=300)
        costs = [
            instructions(each.writing(), start=DAY, end=DAY + DAY_S, now=DAY + DAY_S)
            for each in (few, many)
        ]
        assert costs[1] < 1.5 * costs[0]
        half = instructions(many.writing(), start=DAY, end=DAY + DAY_S // 2, now=DAY + DAY_S)
        assert half < 0.6 * costs[1]


def test_what_is_deleted_makes_room(file: File) -> None:
    cycles(file, 288, mids=50)
    before = history.used_bytes(file.writing())
    assert history.drop_before(file.writing(), Level.SAMPLE, DAY + DAY_S) == 144 * 50
    assert history.bounds(file.writing(), Level.SAMPLE) == (DAY + DAY_S, DAY + 287 * 600)
    assert history.used_bytes(file.writing()) < 0.6 * before
    assert history.bounds(file.writing(), Level.DAILY) is None


def test_a_module_that_takes_the_place_of_another_continues_its_series(file: File) -> None:
    cycles(file, 3)
    file.append([(DAY + HOUR_S, value(9, mid=7)), (DAY + HOUR_S, value(5, mid=7, sensor=1))])
    file.change(lambda connection: history.adopt(connection, MID, 7))
    series = history.series_of(file.writing())
    assert [(each.mid, each.sensor) for each in series] == [(7, 0), (7, 1)]
    connection = file.reading()
    assert connection is not None
    here = history.find(connection, 7, 0, start=DAY, end=DAY + DAY_S, now=DAY, limit=999)
    assert here is not None
    assert [point.mean for point in here.points] == [0, 1, 2, 9]


def test_a_module_can_be_forgotten(file: File) -> None:
    cycles(file, 3, mids=2)
    assert file.change(lambda connection: history.forget(connection, MID)) == 1
    assert [each.mid for each in history.series_of(file.writing())] == [MID + 1]
    file.append([(DAY, value(1))])
    assert len(history.series_of(file.writing())) == 2


def test_a_file_that_is_gone_is_made_again(file: File) -> None:
    cycles(file, 2)
    assert file.reading() is not None
    for path in file.path.parent.glob("history.db*"):
        path.unlink()
    assert file.reading() is None
    cycles(file, 1)
    assert len(found(file, DAY, DAY + DAY_S, now=DAY).points) == 1


def test_another_programs_file_is_left_alone(file: File) -> None:
    with closing(sqlite3.connect(file.path)) as connection:
        connection.execute("PRAGMA application_id = 5")
        connection.execute("CREATE TABLE theirs (x)")
        connection.commit()
    with pytest.raises(StoreError, match="no history of iqrf-trio"):
        file.writing()


def test_a_damaged_file_is_set_aside(file: File) -> None:
    file.path.write_bytes(b"no database at all" * 999)
    with pytest.raises(DamagedDatabaseError), translated(file.path):
        file.writing()
    aside = file.set_aside()
    assert aside.exists()
    cycles(file, 1)
    assert len(found(file, DAY, DAY + 1, now=DAY).points) == 1
