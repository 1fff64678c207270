from datetime import UTC, datetime, timedelta

import pytest

from protocol.outward import health
from protocol.outward.health import AWAY_S, Check, Health, LastCycle, Status

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_the_worst_check_is_the_status() -> None:
    checks = {"a": Check(Status.PASS), "b": Check(Status.FAIL), "c": Check(Status.WARN)}
    assert Health(checks).status is Status.FAIL
    assert Health({"a": checks["a"], "c": checks["c"]}).status is Status.WARN
    assert Health({}).status is Status.PASS


def test_the_document() -> None:
    checks = {"store": Check(Status.WARN, "95% of the disk are in use", {"bytes": 5})}
    assert health.document(Health(checks), version="0.2.0", instance="gw", uptime_s=9.6) == {
        "status": "warn",
        "version": "0.2.0",
        "instance": "gw",
        "uptime": 10,
        "checks": {"store": {"status": "warn", "reason": "95% of the disk are in use", "bytes": 5}},
    }


@pytest.mark.parametrize(
    ("connected", "away", "service", "status"),
    [
        (True, 0.0, False, Status.PASS),
        (True, 0.0, True, Status.WARN),
        (False, AWAY_S - 1, False, Status.WARN),
        (False, AWAY_S, False, Status.FAIL),
    ],
)
def test_radio(connected: bool, away: float, service: bool, status: Status) -> None:
    check = health.radio(connected=connected, away_s=away, service_mode=service, details={})
    assert check.status is status
    assert bool(check.reason) == (status is not Status.PASS)


@pytest.mark.parametrize(
    ("error", "used", "read_only", "status"),
    [
        ("", 0.5, False, Status.PASS),
        ("", None, False, Status.PASS),
        ("", 0.91, False, Status.WARN),
        ("database or disk is full", 0.5, False, Status.FAIL),
        ("", 0.5, True, Status.FAIL),
    ],
)
def test_storage(error: str, used: float | None, read_only: bool, status: Status) -> None:
    check = health.storage(error=error, used=used, details={}, read_only=read_only)
    assert check.status is status


@pytest.mark.parametrize(
    ("last", "running_s", "status"),
    [
        (None, 0, Status.PASS),
        (None, 1801, Status.FAIL),
        (LastCycle(NOW, 239, 239), 0, Status.PASS),
        (LastCycle(NOW, 216, 239), 0, Status.PASS),
        (LastCycle(NOW, 215, 239), 0, Status.WARN),
        (LastCycle(NOW, 239, 239, shortfall="1 of 3 rounds"), 0, Status.WARN),
        (LastCycle(NOW, 0, 239, failure="no module"), 0, Status.FAIL),
        (LastCycle(NOW, 0, 239, failure="stopped", stopped=True), 0, Status.PASS),
        (LastCycle(NOW - timedelta(seconds=1801), 0, 239, stopped=True), 0, Status.FAIL),
        (LastCycle(NOW - timedelta(seconds=1801), 239, 239), 0, Status.FAIL),
        (LastCycle(NOW, 0, 0), 0, Status.PASS),
    ],
)
def test_reading(last: LastCycle | None, running_s: float, status: Status) -> None:
    check = health.reading(last, now=NOW, period_s=600, running_s=running_s)
    assert check.status is status
    assert bool(check.reason) == (status is not Status.PASS)


@pytest.mark.parametrize(
    ("now", "synchronised", "newest", "status"),
    [
        (NOW, True, None, Status.PASS),
        (NOW, None, NOW, Status.PASS),
        (NOW, False, None, Status.WARN),
        (NOW, True, NOW + timedelta(seconds=1), Status.FAIL),
        (NOW.replace(year=1970), None, None, Status.FAIL),
    ],
)
def test_clock(
    now: datetime, synchronised: bool | None, newest: datetime | None, status: Status
) -> None:
    assert health.clock(now, synchronised=synchronised, newest_row=newest).status is status
