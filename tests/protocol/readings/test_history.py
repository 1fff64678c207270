from hypothesis import given
from hypothesis import strategies as st

from protocol.readings.history import (
    DAY_S,
    HOUR_S,
    MAX_POINTS,
    Level,
    Point,
    Trust,
    day_of,
    days_to_roll_up,
    levels_for,
    merged,
    stepped,
    thinned,
)

NOW = 1_790_000_000
POINTS = st.lists(
    st.builds(
        lambda at, value: Point(at, 1, value, value, value),
        st.integers(0, 10**6),
        st.floats(-1e6, 1e6),
    ),
    min_size=1,
    max_size=40,
).map(lambda points: sorted(points, key=lambda point: point.at))


def test_the_finest_level_that_is_kept_and_fits_comes_first() -> None:
    day = DAY_S
    assert levels_for(NOW - day, NOW, NOW)[0] is Level.SAMPLE
    assert levels_for(NOW - 13 * day, NOW, NOW)[0] is Level.SAMPLE
    assert levels_for(NOW - 14 * day, NOW, NOW)[0] is Level.HOURLY
    assert levels_for(NOW - 15 * day, NOW - 14 * day, NOW)[0] is Level.HOURLY
    assert levels_for(NOW - 83 * day, NOW, NOW)[0] is Level.HOURLY
    assert levels_for(NOW - 84 * day, NOW, NOW)[0] is Level.DAILY
    assert levels_for(NOW - 20 * 365 * day, NOW, NOW) == [Level.DAILY]
    assert levels_for(NOW - day, NOW, NOW, points=100)[0] is Level.HOURLY


@given(st.integers(0, NOW), st.integers(0, NOW), st.integers(1, MAX_POINTS))
def test_there_is_always_a_level(one: int, other: int, points: int) -> None:
    start, end = sorted((one, other))
    best, *_ = levels = levels_for(start, end, NOW, points)
    assert levels == sorted(levels, key=lambda level: level.step_s)
    assert best is Level.DAILY or (end - start) / best.step_s <= points


def test_days_are_those_of_utc() -> None:
    assert day_of(NOW) % DAY_S == 0
    assert 0 <= NOW - day_of(NOW) < DAY_S


def test_days_that_are_over_are_rolled_up_once() -> None:
    today = day_of(NOW)
    assert list(days_to_roll_up(None, None, NOW)) == []
    assert list(days_to_roll_up(None, NOW, NOW)) == []
    assert list(days_to_roll_up(None, today - DAY_S - 1, NOW)) == [today - 2 * DAY_S, today - DAY_S]
    assert list(days_to_roll_up(today - DAY_S, 0, NOW)) == [today - DAY_S]
    assert list(days_to_roll_up(today, today - 5 * DAY_S, NOW)) == []
    assert list(days_to_roll_up(today + 9 * DAY_S, 0, NOW)) == [], "the clock was set back"


@given(POINTS)
def test_putting_points_together_keeps_count_bounds_and_mean(points: list[Point]) -> None:
    one = merged(points)
    assert (one.at, one.count) == (points[0].at, len(points))
    assert (one.low, one.high) == (
        min(point.low for point in points),
        max(point.high for point in points),
    )
    assert one.low - 1e-6 <= one.mean <= one.high + 1e-6


@given(POINTS)
def test_steps_begin_at_their_hour_and_lose_nothing(points: list[Point]) -> None:
    put = stepped(points, HOUR_S)
    assert sum(point.count for point in put) == len(points)
    assert [point.at for point in put] == sorted({point.at // HOUR_S * HOUR_S for point in points})


@given(POINTS, st.integers(1, 10))
def test_thinning_keeps_the_bounds(points: list[Point], limit: int) -> None:
    thin = thinned(points, limit)
    assert len(thin) <= max(limit, 1)
    assert max(point.high for point in thin) == max(point.high for point in points)
    assert min(point.low for point in thin) == min(point.low for point in points)


def test_only_a_clock_that_is_sure_deletes() -> None:
    assert Trust(synchronised=True, jumped=False).enough
    assert not Trust(synchronised=True, jumped=True).enough
    assert not Trust(synchronised=False, jumped=False).enough
