"""The checks that are gathered, and the line that the service manager shows of them."""

import trio
from trio.testing import MockClock

from iqrf_trio.services.health import STATUS_S, HealthChecks, StatusLine
from protocol.outward.health import Check, Status, in_words


def fails() -> Check:
    raise ZeroDivisionError


def test_a_check_that_fails_hides_no_other() -> None:
    checks = HealthChecks()
    checks.add("one", fails)
    checks.add("two", lambda: Check(Status.PASS))
    health = checks.examine()
    assert [check.status for check in health.checks.values()] == [Status.FAIL, Status.PASS]


def test_what_is_wrong_in_a_line_the_worst_first() -> None:
    checks = HealthChecks()
    checks.add("clock", lambda: Check(Status.WARN, "not set"))
    checks.add("radio", lambda: Check(Status.PASS))
    checks.add("store", lambda: Check(Status.FAIL, "read-only"))
    assert in_words(checks.examine()) == "store: read-only; clock: not set"


async def test_the_status_line_is_told_when_it_changes(autojump_clock: MockClock) -> None:
    checks, reason, told = HealthChecks(), [""], list[str]()
    checks.add("radio", lambda: Check(Status.FAIL if reason[0] else Status.PASS, reason[0]))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(StatusLine(checks, told.append).run)
        for reason[0] in ("", "away", "away", ""):
            await trio.sleep(STATUS_S + 0.001)
        nursery.cancel_scope.cancel()
    assert told == ["radio: away", ""]
