"""Instants are read strictly, written in one form, and expirations mean what their unit says.

DP and DX are the conformance rows of the ISO reader and of the expiration argument.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.auth.times import InvalidTimeError, format_iso, parse_expiration, parse_iso

BASE = datetime(2025, 11, 4, 6, 36, 55, tzinfo=UTC)
TARGET = datetime(2025, 11, 4, 6, 38, 21, tzinfo=UTC)
INVALID_ARGUMENT = "Invalid expiration time argument."

INSTANTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2025-12-14T01:25:40Z", (2025, 12, 14, 1, 25, 40), id="DP-01"),
        pytest.param("2025-12-14T12:00:00+02:00", (2025, 12, 14, 10), id="DP-02"),
        pytest.param("2025-12-14T12:00:00-05:00", (2025, 12, 14, 17), id="DP-04"),
        pytest.param("2025-12-14T23:00:00-05:00", (2025, 12, 15, 4), id="DP-05"),
        pytest.param("2025-12-14T12:00:00.789Z", (2025, 12, 14, 12, 0, 0, 789_000), id="DP-06"),
        pytest.param("2024-02-29T00:00:00Z", (2024, 2, 29), id="DP-07"),
        pytest.param("2025-12-14T12:00:00.5Z", (2025, 12, 14, 12, 0, 0, 500_000), id="one digit"),
        pytest.param("2025-12-14T12:00:00.5+00:30", (2025, 12, 14, 11, 30, 0, 500_000), id="both"),
    ],
)
def test_an_instant_is_read(text: str, expected: tuple[int, int, int]) -> None:
    assert parse_iso(text) == datetime(*expected, tzinfo=UTC)
    assert parse_iso(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2021-02-29T00:00:00Z", id="DP-08"),
        pytest.param("2021-13-29T00:00:00Z", id="DP-09"),
        pytest.param("2021-04-31T00:00:00Z", id="DP-10"),
        pytest.param("2021-01-32T00:00:00Z", id="DP-11"),
        pytest.param("2021-04-30T30:00:00Z", id="DP-12"),
        pytest.param("2021-04-30T24:00:00Z", id="hour 24"),
        pytest.param("2021-04-30T10:78:00Z", id="DP-14"),
        pytest.param("2021-04-30T10:60:00Z", id="DP-15"),
        pytest.param("2021-04-30T23:00:61Z", id="DP-16"),
        pytest.param("2021-04-30T23:00:60Z", id="leap second"),
        pytest.param("2021-04-30", id="DP-17"),
        pytest.param("2021-04-30T", id="DP-18"),
        pytest.param("T23:00:00Z", id="DP-20"),
        pytest.param("23:00:00Z", id="DP-21"),
        pytest.param("2021-04-30T23:00:00", id="DP-22"),
        pytest.param("2021-04-30T23:00:00z", id="DP-24"),
        pytest.param("2021-04-30t23:00:00Z", id="small t"),
        pytest.param("2021-04-30T23:00Z", id="no seconds"),
        pytest.param("2021-4-30T23:00:00Z", id="month of one digit"),
        pytest.param("2021-04-30T23:00:00+1", id="offset of one digit"),
        pytest.param("2021-04-30T23:00:00+0100", id="offset without colon"),
        pytest.param("2021-04-30T23:00:00+24:00", id="offset of a day"),
        pytest.param("2021-04-30T23:00:00+01:60", id="offset with 60 minutes"),
        pytest.param("2021-04-30T23:00:00+01:00junk", id="junk behind the offset"),
        pytest.param("2021-04-30T23:00:00Z\n", id="newline at the end"),
        pytest.param(" 2021-04-30T23:00:00Z", id="space in front"),
        pytest.param("2021-04-30T23:00:00.Z", id="no fraction"),
        pytest.param("2021-04-30T23:00:00.1234Z", id="fraction of four digits"),
        pytest.param("0000-01-01T00:00:00Z", id="year zero"),
        pytest.param("0001-01-01T00:00:00+00:01", id="before all years"),
        pytest.param("9999-12-31T23:59:59-00:01", id="after all years"),
        pytest.param("٢021-04-30T23:00:00Z", id="a digit of another script"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidTimeError, match=r"^Invalid datetime string format\.$"):
        parse_iso(text)


def test_an_instant_is_written_with_milliseconds_rounded_down() -> None:
    assert format_iso(datetime(2024, 11, 4, 1, 20, tzinfo=UTC)) == "2024-11-04T01:20:00.000Z"
    assert (
        format_iso(datetime(2024, 11, 4, 1, 20, 0, 999_999, tzinfo=UTC))
        == "2024-11-04T01:20:00.999Z"
    )


def test_a_datetime_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_iso(datetime(2024, 11, 4))  # noqa: DTZ001 - the point of the test


@given(INSTANTS)
def test_writing_loses_nothing_but_microseconds(moment: datetime) -> None:
    text = format_iso(moment)
    assert len(text) == len("2024-11-04T01:20:00.000Z")
    assert timedelta(0) <= moment - parse_iso(text) < timedelta(milliseconds=1)


@given(st.text(max_size=30) | st.from_regex(r"\A[0-9T:Z.+-]{10,30}\Z"))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        moment = parse_iso(text)
    except InvalidTimeError:
        return
    assert parse_iso(format_iso(moment)) == moment


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        pytest.param("2025-11-04T06:38:21Z", TARGET, id="DX-03"),
        pytest.param("2025-11-04T06:38:21+00:00", TARGET, id="DX-04"),
        pytest.param("2025-11-04T07:38:21+01:00", TARGET, id="DX-05"),
        pytest.param("2025-11-04T11:38:21+05:00", TARGET, id="DX-06"),
        pytest.param("10d", BASE + timedelta(hours=240), id="DX-09"),
        pytest.param("1w", BASE + timedelta(hours=168), id="DX-10"),
        pytest.param("2y", BASE + timedelta(hours=17520), id="DX-12"),
        pytest.param("6m", BASE + timedelta(days=180), id="a month has 30 days"),
        pytest.param("007d", BASE + timedelta(days=7), id="leading zeros"),
        pytest.param("300y", BASE + timedelta(days=300 * 365), id="three centuries"),
        pytest.param("1762238301", TARGET, id="Unix seconds"),
    ],
)
def test_an_expiration_is_understood(argument: str, expected: datetime) -> None:
    assert parse_expiration(argument, BASE) == expected


@pytest.mark.parametrize("unit", list("dwmy"))
def test_dx_01_units(unit: str) -> None:
    assert parse_expiration(f"1{unit}", BASE) > BASE


@pytest.mark.parametrize("unit", list("hs*DWMY"))
def test_dx_02_other_characters_are_no_units(unit: str) -> None:
    with pytest.raises(InvalidTimeError, match=INVALID_ARGUMENT):
        parse_expiration(f"1{unit}", BASE)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        pytest.param("0y", "Unit count should be a positive integer.", id="DX-13"),
        pytest.param("-30d", INVALID_ARGUMENT, id="DX-14"),
        pytest.param("70n", INVALID_ARGUMENT, id="DX-15"),
        pytest.param("2026 01 01 10:00:00", INVALID_ARGUMENT, id="DX-16"),
        pytest.param("2026_01_01T10:00:00", INVALID_ARGUMENT, id="DX-17"),
        pytest.param("2026-01-01 10:00:00", INVALID_ARGUMENT, id="DX-18"),
        pytest.param("2026-01-01", INVALID_ARGUMENT, id="DX-19"),
        pytest.param("", INVALID_ARGUMENT, id="DX-21"),
        pytest.param("1", "Expiration timestamp is in the past.", id="Unix seconds long ago"),
        pytest.param("2025-11-04T06:36:55Z", "Expiration timestamp is in the past.", id="now"),
        pytest.param("10000y", "Expiration time is after the year 9999.", id="too many years"),
        pytest.param("9" * 12, "Expiration time is after the year 9999.", id="too many seconds"),
        pytest.param("9" * 5000 + "d", "Expiration time is after the year 9999.", id="absurd"),
        pytest.param("1dd", INVALID_ARGUMENT, id="two units"),
        pytest.param("1.5d", INVALID_ARGUMENT, id="a fraction"),
        pytest.param("+1d", INVALID_ARGUMENT, id="a sign"),
        pytest.param("1d\n", INVALID_ARGUMENT, id="a newline"),
        pytest.param("²d", INVALID_ARGUMENT, id="a digit that is none"),
    ],
)
def test_a_bad_expiration_is_refused(argument: str, message: str) -> None:
    with pytest.raises(InvalidTimeError) as caught:
        parse_expiration(argument, BASE)
    assert str(caught.value) == message


@given(st.text(max_size=20) | st.from_regex(r"\A[0-9]{1,20}[dwmyh]?\Z"))
def test_an_expiration_lies_in_the_future(argument: str) -> None:
    try:
        assert parse_expiration(argument, BASE) > BASE
    except InvalidTimeError:
        return
