"""Cron expressions: which times match, in which order, and on the days when the clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.tasks.cron import ALIASES, CronError, UnknownAliasError, parse

PRAGUE = ZoneInfo("Europe/Prague")
SECOND = timedelta(seconds=1)
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""There the clock is changed by half an hour."""


def runs(expression: str, since: str, count: int, zone: ZoneInfo = PRAGUE) -> list[str]:
    """The next `count` times in local time, with their offset from UTC."""
    cron = parse(expression)
    moment: float | None = datetime.fromisoformat(since).replace(tzinfo=zone).timestamp()
    found = []
    for _ in range(count):
        assert moment is not None
        moment = cron.next_after(moment, zone)
        if moment is None:
            break
        found.append(datetime.fromtimestamp(moment, zone).isoformat())
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * * *", ["2026-06-01T12:05:00", "2026-06-01T12:10:00"]),
        ("*/20 * * * * * *", ["2026-06-01T12:00:20", "2026-06-01T12:00:40"]),
        ("5,10-12 0 12 * * * *", ["2026-06-01T12:00:05", "2026-06-01T12:00:10"]),
        ("0 0 0 1 1 * *", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
        ("0 30 7 * * MON-FRI *", ["2026-06-02T07:30:00", "2026-06-03T07:30:00"]),
        ("0 0 6 * feb,Aug * *", ["2026-08-01T06:00:00", "2026-08-02T06:00:00"]),
        ("0 0 0 29 2 * *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("0 0 0 13 * Fri *", ["2026-06-05T00:00:00", "2026-06-12T00:00:00"]),
        ("0 0 0 13 * ? *", ["2026-06-13T00:00:00", "2026-07-13T00:00:00"]),
        ("0 15/20 13 * * * *", ["2026-06-01T13:15:00", "2026-06-01T13:35:00"]),
        ("0 0 9 * * 0 2027-2028", ["2027-01-03T09:00:00", "2027-01-10T09:00:00"]),
        ("@hourly", ["2026-06-01T13:00:00", "2026-06-01T14:00:00"]),
        ("@weekly", ["2026-06-07T00:00:00", "2026-06-14T00:00:00"]),
    ],
)
def test_the_next_times_match(expression: str, expected: list[str]) -> None:
    found = runs(expression, "2026-06-01T12:00:00", 2)
    assert [text[:19] for text in found] == expected


def test_seven_strings_are_an_expression_too() -> None:
    assert parse(["0", "*/5", "*", "*", "*", "*", "*"]) == parse("0 */5 * * * * *")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * * *",
        "* * * * * *",
        "* * * * * * * *",
        "60 * * * * * *",
        "* * 24 * * * *",
        "* * * 0 * * *",
        "* * * 32 * * *",
        "* * * * 13 * *",
        "* * * * * 7 *",
        "* * * * * * 1969",
        "*/0 * * * * * *",
        "5-1 * * * * * *",
        "*-5 * * * * * *",
        ", * * * * * *",
        "1,, * * * * * *",
        "a * * * * * *",
        "-1 * * * * * *",
        "1.5 * * * * * *",
        "99999999999999999999 * * * * * *",
        "? * * * * * *",
        "* * * * JANUARY * *",
        "٣ * * * * * *",
        "0 0 0 30 2 * *",
        "0 0 0 31 4,6,9,11 * *",
    ],
)
def test_what_is_no_expression_or_never_matches_is_refused(expression: str) -> None:
    with pytest.raises(CronError):
        parse(expression)


def test_an_unknown_alias_is_told_by_its_name() -> None:
    with pytest.raises(UnknownAliasError, match="@reboot"):
        parse("@reboot")
    assert all(parse(alias) == parse(meant) for alias, meant in ALIASES.items())


def test_a_year_that_is_past_has_no_next_time() -> None:
    assert runs("0 0 0 1 1 * 2020", "2026-01-01T00:00:00", 1) == []
    assert runs("0 0 0 29 2 * 2027", "2026-01-01T00:00:00", 1) == []


# The clock is changed in Prague on 2026-03-29 from 2 to 3 and on 2026-10-25 from 3 to 2.


def test_a_time_in_the_spring_gap_is_skipped_on_that_day() -> None:
    found = runs("0 30 2 * * * *", "2026-03-28T03:00:00", 2)
    assert found == ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]
    assert runs("0 30 2 29 3 * *", "2026-03-01T00:00:00", 1) == ["2027-03-29T02:30:00+02:00"]


def test_what_runs_each_hour_is_not_kept_waiting_by_the_spring_gap() -> None:
    found = runs("0 30 * * * * *", "2026-03-29T01:00:00", 2)
    assert found == ["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"]


def test_a_daily_time_in_the_double_hour_comes_once() -> None:
    found = runs("0 30 2 * * * *", "2026-10-24T12:00:00", 2)
    assert found == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]


def test_what_runs_each_hour_runs_in_both_of_the_double_hour() -> None:
    found = runs("0 0,30 * * * * *", "2026-10-25T01:30:00", 5)
    assert found == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


FIELDS = st.sampled_from(["*", "0", "30", "*/7", "1-5", "10/10", "0,15,45"])
EXPRESSIONS = st.tuples(
    FIELDS,
    FIELDS,
    st.sampled_from(["*", "2", "1-3", "*/2", "0,2,23"]),
    st.sampled_from(["*", "29", "25", "1-7", "*/10"]),
    st.sampled_from(["*", "3", "10", "APR"]),
    st.sampled_from(["*", "0", "MON-FRI"]),
    st.just("*"),
).map(" ".join)


@given(
    expression=EXPRESSIONS,
    zone=st.sampled_from([PRAGUE, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("America/New_York")]),
    start=st.one_of(
        st.integers(0, 9 * 86400).map(lambda s: datetime(2026, 3, 28, tzinfo=UTC) + s * SECOND),
        st.integers(0, 30 * 86400).map(lambda s: datetime(2026, 10, 2, tzinfo=UTC) + s * SECOND),
    ),
)
def test_no_matching_time_is_passed_over(expression: str, zone: ZoneInfo, start: datetime) -> None:
    cron = parse(expression)
    after = start.timestamp()
    found = cron.next_after(after, zone)
    horizon = min(found, after + 5400) if found is not None else after + 5400
    moment = after + 1
    while moment < horizon:
        local = datetime.fromtimestamp(moment, zone)
        by_day = local.day in cron.days, local.isoweekday() % 7 in cron.weekdays
        open_day = cron.any_day or cron.any_weekday
        matches = (
            local.second in cron.seconds
            and local.minute in cron.minutes
            and local.hour in cron.hours
            and local.month in cron.months
            and (all(by_day) if open_day else any(by_day))
            and (cron.each_hour or local.fold == 0)
        )
        assert not matches, local
        moment += 1
    if found is not None:
        assert found > after
        local = datetime.fromtimestamp(found, zone)
        assert local.minute in cron.minutes
        assert local.hour in cron.hours


def test_a_search_through_all_years_is_quick_enough_for_a_thousand_tasks() -> None:
    cron = parse("0 0 0 29 2 0 *")
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    moment: float | None = now
    for _ in range(20):
        assert moment is not None
        moment = cron.next_after(moment, PRAGUE)
    assert moment is not None
    assert datetime.fromtimestamp(moment, PRAGUE) - datetime.fromtimestamp(now, PRAGUE) < (
        timedelta(days=20 * 366)
    )
