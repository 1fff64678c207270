"""Ages in words."""

from datetime import UTC, datetime, timedelta

import pytest

from iqrf_trio.cli.support.ages import age

THEN = "Tue, 28 Apr 26 10:00:05 GMT"
AT = datetime(2026, 4, 28, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 d"),
        (40 * 86400, "40 d"),
    ],
)
def test_ages(seconds: int, text: str) -> None:
    assert age(THEN, AT + timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["", "yesterday", "Tue, 31 Feb 26 10:00:05 GMT", THEN + " "])
def test_what_is_no_time_is_shown_as_it_is(text: str) -> None:
    assert age(text, AT) == text


def test_now_is_now() -> None:
    assert age("Mon, 01 Jan 01 00:00:00 GMT").endswith(" d")
