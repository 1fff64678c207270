"""What clients say of a task's time, the rule that follows, and the form that is stored."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from protocol.tasks.cron import parse
from protocol.tasks.time_spec import (
    NO_CRON,
    Once,
    Periodic,
    TimeSpec,
    TimeSpecError,
    normalised,
    rule_of,
)

NONE = TimeSpec("", exact_time=False, periodic=False, period=0, start_time="")


def spec(**members: Any) -> TimeSpec:
    return evolve(NONE, **members)


def test_periodic_goes_before_the_others() -> None:
    assert rule_of(spec(periodic=True, period=60, exact_time=True, cron_time="x")) == Periodic(60)


def test_an_exact_time_goes_before_an_expression() -> None:
    at = datetime(2030, 1, 1, 10, tzinfo=UTC).timestamp()
    asked = spec(exact_time=True, start_time="2030-01-01T12:00:00.5+02:00", cron_time="x")
    assert rule_of(asked) == Once(at)
    assert normalised(asked) == spec(
        cron_time=NO_CRON, exact_time=True, start_time="2030-01-01T10:00:00Z"
    )


@pytest.mark.parametrize(
    "text", ["2030-01-01T10:00:00", "2030-01-01T10:00:00Z", "2030-01-01T08:30:00.123456789-0130"]
)
def test_a_moment_without_a_zone_is_utc(text: str) -> None:
    stored = normalised(spec(exact_time=True, start_time=text))
    assert stored.start_time == "2030-01-01T10:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2030-13-01T00:00:00Z",
        "2030-01-01",
        "2030-01-01T00:00:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "2030-02-30T00:00:00Z",
        "2030-01-01T00:00:60Z",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(TimeSpecError) as refused:
        rule_of(spec(exact_time=True, start_time=text))
    assert str(refused.value) == "Invalid datetime string format."


@pytest.mark.parametrize("period", [0, -1, -(2**40)])
def test_a_period_is_a_second_at_least(period: int) -> None:
    with pytest.raises(TimeSpecError) as refused:
        rule_of(spec(periodic=True, period=period))
    assert str(refused.value) == f'Period must be at least >= 1sec period="{period}" '


def test_a_period_is_bounded() -> None:
    with pytest.raises(TimeSpecError):
        rule_of(spec(periodic=True, period=2**63))


def test_an_alias_is_stored_as_what_it_stands_for() -> None:
    assert normalised(spec(cron_time="@hourly")).cron_time == "0 0 * * * * *"


def test_seven_strings_stay_seven_strings() -> None:
    fields = ("0", "0", "*", "*", "*", "*", "*")
    assert normalised(spec(cron_time=fields)).cron_time == fields
    assert rule_of(spec(cron_time=fields)) == parse("@hourly")


def test_what_is_stored_means_the_same_and_stays_as_it_is() -> None:
    asked = [
        spec(cron_time="@daily"),
        spec(cron_time=" 0 0  * * * * * "),
        spec(periodic=True, period=3, start_time="x"),
        spec(exact_time=True, start_time="2030-01-01T10:00:00", cron_time="@daily"),
    ]
    for each in asked:
        assert rule_of(normalised(each)) == rule_of(each)
        assert normalised(normalised(each)) == normalised(each)


@pytest.mark.parametrize(
    ("cron_time", "words"),
    [
        ("@reboot", "Unknown or unsupported alias: @reboot"),
        ("", "Cron expression error: "),
        ("0 0 0 30 2 * *", "Cron expression error: "),
        (NO_CRON, "Cron expression error: "),
    ],
)
def test_expressions_that_are_none_are_told(cron_time: str, words: str) -> None:
    with pytest.raises(TimeSpecError) as refused:
        rule_of(spec(cron_time=cron_time))
    assert str(refused.value).startswith(words)
