"""Failures count against the host and the token that it showed."""

import pytest

from protocol.auth.failures import LOCKED_S, Failures

HOST = "192.0.2.1"


def fail(failures: Failures, address: str, token_id: int | None, now: float = 0.0) -> float:
    return failures.record(address, token_id, now, local=False)


def test_each_failure_makes_the_next_one_slower_until_the_limit() -> None:
    failures = Failures(20)
    waits = [fail(failures, HOST, 1) for _ in range(40)]
    assert waits[:3] == pytest.approx([0.0, 0.1, 0.2])
    assert waits == sorted(waits)
    assert max(waits[:20]) <= 2.0
    assert set(waits[20:]) == {LOCKED_S}
    assert fail(failures, "192.0.2.2", 1) == 0.0


def test_a_stale_token_slows_no_other_down() -> None:
    failures = Failures(3)
    for _ in range(100):
        fail(failures, HOST, 1)
    assert fail(failures, HOST, 1) == LOCKED_S
    assert fail(failures, HOST, 2) <= 0.2
    assert fail(failures, HOST, None) <= 0.3


def test_one_number_after_the_other_counts_against_the_host() -> None:
    failures = Failures(20)
    waits = [fail(failures, HOST, number) for number in range(1, 40)]
    assert waits[-1] == LOCKED_S
    assert fail(failures, "192.0.2.2", 1) == 0.0


def test_this_machine_is_never_locked_out() -> None:
    failures = Failures(2)
    waits = [failures.record("127.0.0.1", 1, 0.0, local=True) for _ in range(100)]
    assert max(waits) <= 2.0


def test_failures_are_forgiven_in_time() -> None:
    failures = Failures(2)
    for _ in range(1000):
        fail(failures, HOST, 1, 100.0)
    assert fail(failures, HOST, 1, 100.0) == LOCKED_S
    assert fail(failures, HOST, 1, 220.0) == 0.0


def test_an_ipv6_host_has_many_addresses() -> None:
    failures = Failures(1)
    fail(failures, "2001:db8::1", 1)
    assert fail(failures, "2001:db8::ffff:1", 1) == LOCKED_S
    assert fail(failures, "2001:db8:0:1::1", 1) == 0.0


def test_without_a_limit_nobody_waits() -> None:
    failures = Failures(0)
    assert {fail(failures, HOST, 1) for _ in range(100)} == {0.0}


def test_not_every_source_is_remembered() -> None:
    failures = Failures(1)
    for number in range(5000):
        fail(failures, f"10.0.{number // 256}.{number % 256}", number, float(number) / 1e6)
    assert len(failures._buckets) <= 1024
