"""Cron expressions of seven fields, evaluated in local time.

The fields are second, minute, hour, day of month, month, day of week and year. A field is `*`, a
number, a range `a-b`, either with a step `/n`, or a list of these. Months and weekdays have names
(JAN, SUN); weekdays count from 0, Sunday; `?` is another `*` for days. Where day of month and day
of week are both restricted, a day matches by either, as in every cron.

Daylight saving: a time that the clock leaves out in spring is skipped on that day. In autumn an
hour comes twice: an expression whose hour field begins with `*` runs in both, any other one only
in the first.

Own code, because no library has these rules: croniter orders and counts the fields otherwise and
moves times out of the spring gap, cronsim has neither years nor names for aliases.
"""

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import floor

from attrs import field, frozen

from protocol.errors import RemoteProtocolError

FIRST_YEAR, LAST_YEAR = 1970, 2099

ALIASES: Mapping[str, str] = {
    "@yearly": "0 0 0 1 1 * *",
    "@annually": "0 0 0 1 1 * *",
    "@monthly": "0 0 0 1 * * *",
    "@weekly": "0 0 0 * * 0 *",
    "@daily": "0 0 0 * * * *",
    "@hourly": "0 0 * * * * *",
    "@minutely": "0 * * * * * *",
}
"""Names of common expressions."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ITEM = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>[0-9]{1,4}))?", re.ASCII)


class CronError(RemoteProtocolError):
    """An expression that is none, or that no time ever matches."""


class UnknownAliasError(CronError):
    """A word with @ in front that stands for no expression."""


@frozen
class _Field:
    name: str
    low: int
    high: int
    names: Sequence[str] = ()

    def read(self, text: str) -> tuple[int, ...]:
        """The numbers that match, in order."""
        if text == "?" and self.name.startswith("day"):
            text = "*"
        found: set[int] = set()
        for item in text.split(","):
            match = _ITEM.fullmatch(item)
            if match is None:
                raise CronError(f"{self.name}: {item[:20]!r} is no number, range or step")
            found.update(self._numbers(*match.group("low", "high", "step")))
        return tuple(sorted(found))

    def _numbers(self, low: str, high: str | None, step: str | None) -> range:
        if low == "*":
            if high is not None:
                raise CronError(f"{self.name}: a range begins with a number, not with *")
            first, last = self.low, self.high
        else:
            first = self._number(low)
            # A start with a step goes on to the end, without one it stands for itself.
            last = self._number(high) if high else (self.high if step else first)
        if first > last:
            raise CronError(f"{self.name}: the range {low}-{high} ends before it begins")
        if step is not None and int(step) == 0:
            raise CronError(f"{self.name}: a step is at least 1")
        return range(first, last + 1, int(step or 1))

    def _number(self, text: str) -> int:
        if text.upper() in self.names:
            return self.low + self.names.index(text.upper())
        if not text.isdecimal() or len(text) > 4:
            raise CronError(f"{self.name}: {text[:20]!r} is no number")
        if not self.low <= int(text) <= self.high:
            raise CronError(f"{self.name}: {text} is not in {self.low}-{self.high}")
        return int(text)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEKDAYS),
    _Field("year", FIRST_YEAR, LAST_YEAR),
)


@frozen
class Cron:
    """An expression, by the numbers of each field that match.

    `any_day` and `any_weekday` say that the field leaves every day open, `each_hour` that the hour
    field begins with `*`.
    """

    seconds: tuple[int, ...] = field(repr=False)
    minutes: tuple[int, ...] = field(repr=False)
    hours: tuple[int, ...] = field(repr=False)
    days: tuple[int, ...] = field(repr=False)
    months: tuple[int, ...] = field(repr=False)
    weekdays: tuple[int, ...] = field(repr=False)
    years: tuple[int, ...] = field(repr=False)
    each_hour: bool = field(repr=False)

    @property
    def any_day(self) -> bool:
        """Whether the day of the month is left open."""
        return len(self.days) == 31

    @property
    def any_weekday(self) -> bool:
        """Whether the day of the week is left open."""
        return len(self.weekdays) == 7

    def next_after(self, after: float, zone: tzinfo) -> float | None:
        """The first time after `after` (both Unix time, seconds) that matches in this zone.

        None where no time up to the year 2099 does.
        """
        start = _local(floor(after) + 1, zone)
        earliest = (start.hour, start.minute, start.second)
        day = self._day_from(start.date())
        while day is not None:
            from_time = earliest if day == start.date() else (0, 0, 0)
            found = self._within(day, from_time, after, zone)
            if found is not None:
                return found
            day = self._day_from(day + timedelta(days=1))
        return None

    def _day_from(self, day: date) -> date | None:
        """The first day from `day` on that matches."""
        while day.year <= self.years[-1]:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            elif self._matches(day):
                return day
            else:
                day += timedelta(days=1)
        return None

    def _matches(self, day: date) -> bool:
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_month and by_week
        return by_month or by_week

    def _within(
        self, day: date, earliest: tuple[int, int, int], after: float, zone: tzinfo
    ) -> float | None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        evening = midnight.replace(hour=23, minute=59, second=59)
        if midnight.utcoffset() == evening.utcoffset():
            time = self._time_from(*earliest)
            if time is None:
                return None
            return midnight.replace(hour=time[0], minute=time[1], second=time[2]).timestamp()
        return min(self._on_changing_day(midnight, after), default=None)

    def _time_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The first time of a day from this one on that matches."""
        for h in self.hours[bisect_left(self.hours, hour) :]:
            if h > hour:
                minute = second = 0
            for m in self.minutes[bisect_left(self.minutes, minute) :]:
                if h > hour or m > minute:
                    second = 0
                if (at := bisect_left(self.seconds, second)) < len(self.seconds):
                    return h, m, self.seconds[at]
        return None

    def _on_changing_day(self, midnight: datetime, after: float) -> list[float]:
        """The first matching time of each minute after `after`; on that day the offset changes."""
        found: list[float] = []
        for hour in self.hours:
            for minute in self.minutes:
                for start in _occurrences(midnight.replace(hour=hour, minute=minute)):
                    at = bisect_left(self.seconds, floor(after - start) + 1)
                    if at < len(self.seconds):
                        found.append(start + self.seconds[at])
                    if not self.each_hour:
                        break
        return found


def parse(expression: str | Sequence[str]) -> Cron:
    """The expression in a string of seven fields, in seven strings, or behind an alias.

    Raises UnknownAliasError and CronError.
    """
    if isinstance(expression, str):
        expression = expand(expression).split()
    if len(expression) != len(_FIELDS):
        names = ", ".join(each.name for each in _FIELDS)
        raise CronError(f"there must be 7 fields ({names}), not {len(expression)}")
    sec, minute, hour, day, month, weekday, year = (
        each.read(text.strip()) for each, text in zip(_FIELDS, expression, strict=True)
    )
    each_hour = expression[2].strip().startswith("*")
    cron = Cron(sec, minute, hour, day, month, weekday, year, each_hour)
    if cron.any_weekday and not _is_a_date(cron):
        raise CronError("no month in it has such a day, so that it never matches")
    return cron


def expand(expression: str) -> str:
    """The expression that an alias stands for; others are returned as they are."""
    word = expression.strip()
    if not word.startswith("@"):
        return expression
    try:
        return ALIASES[word]
    except KeyError:
        raise UnknownAliasError(word[:40]) from None


def _is_a_date(cron: Cron) -> bool:
    """Whether one of the days is in one of the months, in a leap year if need be."""
    return any(cron.days[0] <= monthrange(2000, month)[1] for month in cron.months)


def _local(moment: float, zone: tzinfo) -> datetime:
    return (datetime.fromtimestamp(moment, UTC)).astimezone(zone)


def _occurrences(local: datetime) -> list[float]:
    """When the clocks show this local time: never, once or twice (Unix time)."""
    moments = sorted({local.replace(fold=fold).timestamp() for fold in (0, 1)})
    shown = local.replace(tzinfo=None)
    return [
        moment
        for moment in moments
        if _local(moment, local.tzinfo or UTC).replace(tzinfo=None, fold=0) == shown
    ]
