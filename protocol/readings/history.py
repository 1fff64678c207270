"""The levels of the history: how long each is kept, which one answers a query, what may go.

Values are kept as they came (samples) for two weeks, by the hour for three months, by the day for
five years. Days are those of UTC, so that none has 23 or 25 hours. All times are Unix seconds.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import evolve, frozen

HOUR_S, DAY_S = 3600, 86400

MAX_POINTS = 2000
"""Of one answer: more than a screen has columns."""

USUAL_STEP_S = 600
"""How far apart samples usually are; what comes more often is seen by the count."""


class Level(Enum):
    """How finely values are kept."""

    SAMPLE = "sample"
    HOURLY = "hourly"
    DAILY = "daily"

    @property
    def step_s(self) -> int:
        """Seconds between two points."""
        return {Level.SAMPLE: USUAL_STEP_S, Level.HOURLY: HOUR_S, Level.DAILY: DAY_S}[self]

    @property
    def kept_s(self) -> int:
        """For how many seconds they are kept."""
        days = {Level.SAMPLE: 14, Level.HOURLY: 90, Level.DAILY: 5 * 365}[self]
        return days * DAY_S


@frozen
class Point:
    """What was measured from `at` on, for one step: of a sample all four are the value."""

    at: int
    count: int
    low: float
    high: float
    mean: float


@frozen
class Columns:
    """Points as columns of the same length: what charts take."""

    t: list[int]
    avg: list[float]
    min: list[float]
    max: list[float]


def columns(points: Iterable[Point]) -> Columns:
    """The columns of these points."""
    listed = list(points)
    return Columns(
        [point.at for point in listed],
        [point.mean for point in listed],
        [point.low for point in listed],
        [point.high for point in listed],
    )


def levels_for(start: int, end: int, now: int, points: int = MAX_POINTS) -> Sequence[Level]:
    """The levels that can answer for `start` to `end`, the best first.

    The best is the finest that is still kept for all of the range and has at most `points`; after
    it come coarser ones, for the case that there are more samples than usual.
    """
    fit = [
        level
        for level in Level
        if (end - start) / level.step_s <= points and now - start <= level.kept_s
    ]
    return fit or [Level.DAILY]


def day_of(at: float) -> int:
    """The beginning of the day that holds `at`."""
    return int(at) // DAY_S * DAY_S


def days_to_roll_up(rolled_up_to: int | None, oldest: int | None, now: int) -> Sequence[int]:
    """The beginnings of the days that are over and not rolled up yet, oldest first.

    `rolled_up_to` is the end of the last day that was, `oldest` the time of the oldest sample.
    """
    if oldest is None:
        return []
    first = max(rolled_up_to or 0, day_of(oldest))
    return range(first, day_of(now), DAY_S)


def thinned(points: Sequence[Point], limit: int) -> Sequence[Point]:
    """At most `limit` points, neighbours put together; nothing between them is lost but detail."""
    if len(points) <= limit:
        return points
    size = -(-len(points) // limit)
    return [merged(points[at : at + size]) for at in range(0, len(points), size)]


def stepped(points: Iterable[Point], step_s: int) -> Sequence[Point]:
    """Points in order of time, put together by steps of so many seconds."""
    rows: dict[int, list[Point]] = {}
    for point in points:
        rows.setdefault(point.at // step_s * step_s, []).append(point)
    return [evolve(merged(row), at=at) for at, row in rows.items()]


def merged(points: Iterable[Point]) -> Point:
    """Several points in a row as one; there is at least one."""
    row = list(points)
    count = sum(point.count for point in row)
    return Point(
        row[0].at,
        count,
        min(point.low for point in row),
        max(point.high for point in row),
        sum(point.mean * point.count for point in row) / count,
    )


@frozen
class Trust:
    """Whether the clock may be trusted with deleting what is old.

    A board without a battery clock starts in the past, and a wrong year would delete years.
    """

    synchronised: bool
    jumped: bool

    @property
    def enough(self) -> bool:
        """Whether values may be deleted for their age."""
        return self.synchronised and not self.jumped
