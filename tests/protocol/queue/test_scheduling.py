"""The radio queue against its promises, by examples and by random histories.

In random histories entries start, expire, are withdrawn or given back at close, whatever the
order of puts, pauses, leases and passing time; the machine keeps its own books of all of it.
"""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from protocol.dpa.errors import DpaError
from protocol.errors import LocalProtocolError
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import (
    Entry,
    Kind,
    LeaseTimeout,
    QueueClosed,
    QueueFull,
    RadioQueue,
    State,
)

INTERACTIVE, PROCEDURE, BACKGROUND = Priority
REQUEST, STEP, LEASE = Kind.REQUEST, Kind.STEP, Kind.LEASE


def queue(capacity: int = 32, background_wait: float = 10.0) -> RadioQueue[str]:
    return RadioQueue(capacity, background_wait)


def served(radio: RadioQueue[str], now: float) -> list[str]:
    """Everything that waits, served one after the other without time passing."""
    items = []
    while (entry := radio.next(now)) is not None:
        items.append(entry.item)
        radio.done(entry)
    return items


def test_priorities_first_then_order_of_arrival() -> None:
    radio = queue()
    radio.put("worker", STEP, BACKGROUND, 0)
    radio.put("first", REQUEST, INTERACTIVE, 1)
    radio.put("bonding", STEP, PROCEDURE, 2)
    radio.put("second", REQUEST, INTERACTIVE, 3)
    assert served(radio, 4) == ["first", "second", "bonding", "worker"]


def test_one_at_a_time() -> None:
    radio = queue()
    radio.put("first", REQUEST, INTERACTIVE, 0)
    radio.put("second", STEP, PROCEDURE, 0)
    first = radio.next(0)
    assert first is not None
    assert radio.running is first
    assert radio.next(0) is None
    radio.done(first)
    assert served(radio, 0) == ["second"]


@pytest.mark.parametrize("priority", [PROCEDURE, BACKGROUND])
def test_who_waited_too_long_is_next(priority: Priority) -> None:
    radio = queue(background_wait=10)
    radio.put("patient", STEP, priority, 0)
    for second in range(3):
        radio.put(f"client {second}", REQUEST, INTERACTIVE, second)
    first = radio.next(9.99)
    assert first is not None
    assert first.item == "client 0"
    radio.done(first)
    assert served(radio, 10) == ["patient", "client 1", "client 2"]


def test_requests_that_fit_go_between_the_steps_of_a_shared_lease() -> None:
    radio = queue()
    lease = radio.put("service", LEASE, PROCEDURE, 0, shared=True)
    assert radio.next(0) is lease
    step = radio.put("step", STEP, PROCEDURE, 1, lease=lease)
    assert radio.next(1) is step
    radio.put("other", REQUEST, INTERACTIVE, 2, patience=30.0)
    radio.put("fitting", REQUEST, INTERACTIVE, 2, patience=30.0, fits=lambda: True)
    radio.put("background", STEP, BACKGROUND, 2, fits=lambda: True)
    radio.put("next step", STEP, PROCEDURE, 3, lease=lease)
    assert radio.next(31) is None  # something is on the air
    expired = radio.next(32)
    assert expired is not None
    assert (expired.item, expired.state) == ("other", State.EXPIRED)
    assert radio.next(1_000) is None
    radio.done(step)
    assert served(radio, 1_000) == ["fitting", "next step"]
    radio.done(lease)
    assert served(radio, 1_000) == ["background"]


def test_of_those_who_waited_too_long_the_first_come_goes_first() -> None:
    radio = queue(background_wait=10)
    radio.put("worker", STEP, BACKGROUND, 0)
    radio.put("bonding", STEP, PROCEDURE, 1)
    radio.put("client", REQUEST, INTERACTIVE, 2)
    assert served(radio, 20) == ["worker", "bonding", "client"]


def test_capacity_counts_waiting_requests_only() -> None:
    radio = queue(capacity=2)
    radio.put("running", REQUEST, INTERACTIVE, 0)
    assert radio.next(0) is not None
    radio.put("step", STEP, BACKGROUND, 0)
    radio.put("one", REQUEST, INTERACTIVE, 0)
    radio.put("two", Kind.PROCEDURE, PROCEDURE, 0)
    assert radio.waiting == 2
    with pytest.raises(QueueFull) as caught:
        radio.put("three", REQUEST, INTERACTIVE, 0)
    assert caught.value.capacity == 2
    radio.put("another step", STEP, BACKGROUND, 0)


def test_capacity_zero_refuses_every_request() -> None:
    radio = queue(capacity=0)
    with pytest.raises(QueueFull):
        radio.put("request", REQUEST, INTERACTIVE, 0)
    radio.put("step", STEP, PROCEDURE, 0)
    assert served(radio, 0) == ["step"]


def test_a_pause_holds_everything_back_and_keeps_the_order() -> None:
    radio = queue(capacity=2)
    radio.pause()
    radio.pause()
    radio.put("one", REQUEST, INTERACTIVE, 0)
    radio.put("two", REQUEST, INTERACTIVE, 0)
    assert served(radio, 100) == []
    with pytest.raises(QueueFull):
        radio.put("three", REQUEST, INTERACTIVE, 0)
    radio.resume(100)
    radio.resume(100)
    assert served(radio, 100) == ["one", "two"]


def test_a_lease_lets_only_its_own_steps_on_the_radio() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is lease
    radio.put("client", REQUEST, INTERACTIVE, 1)
    radio.put("overdue", STEP, BACKGROUND, 1)
    assert radio.next(50) is None
    radio.put("step 1", STEP, PROCEDURE, 50, lease=lease)
    assert served(radio, 51) == ["step 1"]
    radio.done(lease)
    assert served(radio, 52) == ["overdue", "client"]


def test_the_steps_of_a_lease_keep_their_order_whatever_their_priority() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is lease
    radio.put("step 1", STEP, BACKGROUND, 0, lease=lease)
    radio.put("step 2", STEP, INTERACTIVE, 0, lease=lease)
    assert served(radio, 1) == ["step 1", "step 2"]


def test_no_lease_begins_while_the_radio_is_in_use() -> None:
    radio = queue()
    radio.put("client", REQUEST, INTERACTIVE, 0)
    running = radio.next(0)
    assert running is not None
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is None
    radio.done(running)
    assert radio.next(0) is lease


def test_a_step_that_outlives_its_lease_waits_like_any_other() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is lease
    radio.put("late step", STEP, PROCEDURE, 0, lease=lease)
    radio.done(lease)
    assert served(radio, 0) == ["late step"]
    with pytest.raises(LocalProtocolError):
        radio.put("too late", STEP, PROCEDURE, 0, lease=lease)


def test_patience_ends_behind_a_lease() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, INTERACTIVE, 0)
    early = radio.put("early", REQUEST, PROCEDURE, 0, patience=5)
    assert radio.expires_at() == math.inf
    assert radio.next(8) is lease  # only from now on is it a lease that `early` waits behind
    later = radio.put("later", REQUEST, INTERACTIVE, 12, patience=5)
    radio.put("for ever", REQUEST, INTERACTIVE, 12)
    assert radio.expires_at() == 13
    assert radio.next(12.9) is None
    assert radio.next(13) is early
    assert early.state is State.EXPIRED
    assert radio.expires_at() == 17
    assert radio.next(17) is later
    assert radio.next(1000) is None


def test_the_step_of_a_lease_is_patient_with_its_own_lease() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is lease
    radio.put("first", STEP, PROCEDURE, 0, lease=lease)
    first = radio.next(0)
    assert first is not None
    radio.put("second", STEP, PROCEDURE, 0, lease=lease, patience=1)
    assert radio.next(5) is None
    radio.done(first)
    assert served(radio, 6) == ["second"]


def test_time_spent_paused_does_not_wear_patience_out() -> None:
    radio = queue()
    lease = radio.put("bonding", LEASE, PROCEDURE, 0)
    assert radio.next(0) is lease
    waiting = radio.put("client", REQUEST, INTERACTIVE, 0, patience=5)
    radio.pause()
    assert radio.expires_at() == math.inf
    assert radio.next(100) is None
    radio.resume(100)
    assert radio.expires_at() == 105
    assert radio.next(105) is waiting


def test_procedures_run_beside_the_radio_one_after_the_other() -> None:
    radio = queue()
    first = radio.put("enumeration", Kind.PROCEDURE, PROCEDURE, 0)
    second = radio.put("backup", Kind.PROCEDURE, PROCEDURE, 0)
    assert radio.next(0) is first
    radio.put("step of the enumeration", STEP, PROCEDURE, 0)
    radio.put("client", REQUEST, INTERACTIVE, 0)
    assert served(radio, 50) == ["step of the enumeration", "client"]
    assert second.state is State.WAITING
    radio.done(first)
    assert radio.next(50) is second


def test_close_gives_back_what_waits_and_takes_no_more() -> None:
    radio = queue()
    radio.put("running", REQUEST, INTERACTIVE, 0)
    running = radio.next(0)
    radio.put("one", REQUEST, INTERACTIVE, 0)
    radio.put("two", STEP, BACKGROUND, 0)
    assert [entry.item for entry in radio.close()] == ["one", "two"]
    assert radio.close() == ()
    assert radio.active == (running,)
    with pytest.raises(QueueClosed):
        radio.put("three", STEP, BACKGROUND, 0)


def test_a_lease_timeout_is_an_answer_that_clients_know() -> None:
    error: DpaError = LeaseTimeout(30)
    assert error.status == -8
    assert "ERROR_IFACE_EXCLUSIVE_ACCESS" in str(error)
    assert "30 s" in str(error)


class Histories(RuleBasedStateMachine):
    """Random histories of the queue, with books kept beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.serial = 0
        self.waiting: list[Entry[int]] = []
        self.ends: Counter[int] = Counter()

    @initialize(capacity=st.integers(0, 4), wait=st.sampled_from([0.0, 3.0, 10.0]))
    def make(self, capacity: int, wait: float) -> None:
        self.radio: RadioQueue[int] = RadioQueue(capacity, wait)

    def ended(self, entry: Entry[int]) -> None:
        self.ends[entry.item] += 1
        assert self.ends[entry.item] == 1

    @rule(
        kind=st.sampled_from(Kind),
        priority=st.sampled_from(Priority),
        patience=st.sampled_from([1.0, 5.0, math.inf]),
        own=st.booleans(),
    )
    def put(self, kind: Kind, priority: Priority, patience: float, own: bool) -> None:
        counted = {Kind.REQUEST, Kind.PROCEDURE}
        requests = sum(entry.kind in counted for entry in self.waiting)
        lease = self.radio.lease if own and kind is STEP else None
        self.serial += 1
        try:
            entry = self.radio.put(
                self.serial, kind, priority, self.now, lease=lease, patience=patience
            )
        except QueueClosed:
            assert self.radio.closed
        except QueueFull:
            assert kind in counted
            assert requests == self.radio.capacity
        else:
            assert not self.radio.closed
            assert kind not in counted or requests < self.radio.capacity
            self.waiting.append(entry)

    @rule(seconds=st.sampled_from([0.25, 1.0, 4.0, 30.0]))  # sums of these are exact
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        running, lease, expiry = self.radio.running, self.radio.lease, self.radio.expires_at()
        entry = self.radio.next(self.now)
        if entry is None:
            # Idle only for a reason: nothing is lost by waiting in vain.
            assert expiry > self.now
            free = [other for other in self.waiting if self.may_run(other)]
            assert self.radio.paused or running is not None or not free
            return
        assert not self.radio.paused
        if entry.state is State.EXPIRED:
            assert lease is not None
            assert entry.lease is not lease
            assert self.now - entry.since >= entry.patience
            self.ended(entry)
        else:
            assert entry.state is State.ACTIVE
            assert running is None
            assert lease is None or entry.lease is lease
            self.check_order(entry)
        self.waiting.remove(entry)

    def may_run(self, entry: Entry[int]) -> bool:
        if self.radio.lease is not None:
            return entry.lease is self.radio.lease
        busy = any(active.kind is Kind.PROCEDURE for active in self.radio.active)
        return entry.kind is not Kind.PROCEDURE or not busy

    def check_order(self, taken: Entry[int]) -> None:
        if self.radio.lease is not None and taken is not self.radio.lease:
            rivals = [entry for entry in self.waiting if entry.lease is self.radio.lease]
            assert taken is rivals[0]
            return
        busy = any(e.kind is Kind.PROCEDURE for e in self.radio.active if e is not taken)
        rivals = [e for e in self.waiting if e.kind is not Kind.PROCEDURE or not busy]
        limit = self.now - self.radio.background_wait
        overdue = [e for e in rivals if e.priority is not INTERACTIVE and e.since <= limit]
        if overdue:
            assert taken is overdue[0]
        else:
            best = min(entry.priority for entry in rivals)
            assert taken is next(entry for entry in rivals if entry.priority is best)

    @precondition(lambda self: self.radio.active)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.radio.active))
        self.radio.done(entry)
        self.ended(entry)
        self.radio.done(entry)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.waiting))
        self.radio.done(entry)
        self.waiting.remove(entry)
        self.ended(entry)

    @rule()
    def pause(self) -> None:
        self.radio.pause()

    @rule()
    def resume(self) -> None:
        self.radio.resume(self.now)

    @precondition(lambda self: self.serial > 20)
    @rule()
    def close(self) -> None:
        returned = self.radio.close()
        assert list(returned) == self.waiting
        for entry in returned:
            self.ended(entry)
        self.waiting.clear()

    @invariant()
    def agrees_with_the_books(self) -> None:
        requests = [e for e in self.waiting if e.kind in {Kind.REQUEST, Kind.PROCEDURE}]
        assert self.radio.waiting == len(requests) <= self.radio.capacity
        assert all(entry.state is State.WAITING for entry in self.waiting)
        kinds = [entry.kind for entry in self.radio.active]
        assert len(kinds) == len(set(kinds))
        assert not {REQUEST, STEP} <= set(kinds)


TestHistories = Histories.TestCase


@given(
    priority=st.sampled_from([PROCEDURE, BACKGROUND]),
    put_at=st.floats(0, 30),
    durations=st.lists(st.floats(0.01, 8), min_size=60, max_size=60),
)
def test_the_bound_on_waiting_holds_against_a_flood(
    priority: Priority, put_at: float, durations: list[float]
) -> None:
    """Clients keep two requests waiting at any time; one step of lower priority gets its turn."""
    radio: RadioQueue[str] = RadioQueue(capacity=2, background_wait=10)
    now, previous, step = 0.0, 0.0, None
    for duration in durations:
        while radio.waiting < 2:
            radio.put("client", REQUEST, INTERACTIVE, now)
        if step is None and now >= put_at:
            step = radio.put("step", STEP, priority, now)
        entry = radio.next(now)
        assert entry is not None
        if entry is step:
            assert now - step.since < 10 + previous
            return
        now, previous = now + duration, duration
        radio.done(entry)
    assert step is None or now - step.since < 10 + previous
