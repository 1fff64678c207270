"""The tasks of the gateway: who has which, and at most one run per due time, whatever happens."""

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocol.tasks.agenda import CORRECTION_S, Moment
from protocol.tasks.book import MAX_SIZE, MAX_TASKS, Book, Started, TaskError
from protocol.tasks.cron import Cron
from protocol.tasks.task import CLIENT, INTERRUPTED, Item, Run, Task
from protocol.tasks.time_spec import Once, Periodic, TimeSpec

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
NOW = Moment(1000.0, NOON)
NONE = TimeSpec("", exact_time=False, periodic=False, period=0, start_time="")
DAILY = evolve(NONE, cron_time="@daily")
MINUTE = evolve(NONE, periodic=True, period=60)
ONCE = evolve(NONE, exact_time=True, start_time="2026-06-01T12:30:00Z")
SPECS = (
    DAILY,
    MINUTE,
    ONCE,
    evolve(NONE, cron_time="* * * * * * *"),
    evolve(NONE, cron_time="0 30 * * * * *"),
    evolve(NONE, cron_time="0 30 2 * * * *"),
    evolve(NONE, periodic=True, period=1),
    evolve(NONE, periodic=True, period=7200),
)


def task(number: int = 1, spec: TimeSpec = DAILY, **members: Any) -> Task:
    made = Task(
        task_id=f"b9c7d1a2-1111-4a3b-8c4d-{number:012}",
        items=Item((), {}),
        time_spec=spec,
        persist=True,
        enabled=True,
    )
    return evolve(made, **members)


def book_of(*tasks: Task) -> Book:
    book = Book.of(UTC)
    for each in tasks:
        book.check_add(each, NOW)
        book.add(each, NOW)
    return book


def refusal(check: Any, *arguments: Any) -> str:
    with pytest.raises(TaskError) as refused:
        check(*arguments)
    return str(refused.value)


def test_ids_are_unique_for_all_clients() -> None:
    book = Book.of(UTC)
    book.load([task(1, client_id="other")], NOW)
    expected = "Cannot schedule task: Task already exists"
    assert refusal(book.check_add, task(1), NOW) == expected
    assert book.get("other", task(1).task_id).client_id == "other"


def test_a_task_is_never_renamed_onto_another() -> None:
    book = book_of(task(1), task(2))
    told = refusal(book.check_edit, task(1).task_id, task(2), NOW)
    assert told == "Cannot edit task: Task already exists"


def test_an_edited_task_needs_a_period_too() -> None:
    book = book_of(task(1))
    for period in (0, -5):
        spec = evolve(MINUTE, period=period)
        assert "Period must be" in refusal(book.check_edit, task(1).task_id, task(1, spec), NOW)


def test_a_task_of_an_unknown_client_is_refused_because_nobody_would_run_it() -> None:
    for name in ("JsonMngApi", "other", ""):
        told = refusal(Book.of(UTC).check_add, task(1, client_id=name), NOW)
        assert "Unknown client" in told


def test_what_never_matches_again_is_refused() -> None:
    spec = evolve(NONE, cron_time="0 0 0 1 1 * 2020")
    told = refusal(Book.of(UTC).check_add, task(1, spec), NOW)
    assert told == "Cannot schedule task: Cron expression error: it matches no time from now on"


def test_there_are_not_more_tasks_than_may_be() -> None:
    book = book_of(*(task(number) for number in range(MAX_TASKS)))
    assert "as many as there may be" in refusal(book.check_add, task(MAX_TASKS), NOW)


def test_what_all_tasks_send_together_is_bounded() -> None:
    def large(number: int, size: int = MAX_SIZE // 4 - 100) -> Task:
        return task(number, items=(Item((), {"mType": "x" * size}),))

    book = book_of(*(large(number) for number in range(4)))
    assert "characters at most" in refusal(book.check_add, large(4), NOW)
    book.check_edit(task(0).task_id, large(0, 10), NOW)
    told = refusal(book.check_edit, task(0).task_id, large(0, MAX_SIZE // 3), NOW)
    assert told.startswith("Cannot edit task: ")
    book.remove([task(1).task_id])
    book.edit(task(0).task_id, large(7), NOW)
    book.check_add(large(4), NOW)
    # What another program has stored is there, and may become less.
    full = Book.of(UTC)
    full.load([large(number, MAX_SIZE) for number in range(2)], NOW)
    full.check_edit(task(0).task_id, large(0, MAX_SIZE - 1), NOW)
    assert "characters at most" in refusal(full.check_add, task(9), NOW)


def test_the_tasks_of_a_client_are_its_own_in_the_order_of_their_ids() -> None:
    book = Book.of(UTC)
    book.load([task(3), task(1, client_id="other"), task(2)], NOW)
    assert [each.task_id[-1] for each in book.of_client("SchedulerMessaging")] == ["2", "3"]
    assert book.of_client("nobody") == []


def test_a_one_shot_task_that_has_run_is_forgotten() -> None:
    book = book_of(task(1, ONCE))
    (started,) = book.due(Moment(9000.0, NOON + 1800))
    ended = book.ended(started.due, evolve(started.run, ended=NOON + 1801))
    assert ended is not None
    assert ended.task_id not in book


def test_a_run_that_a_stop_cut_short_is_told_and_not_repeated() -> None:
    book = Book.of(UTC)
    cut_short = task(1, ONCE, run=Run(due=NOON + 1800, began=NOON + 1800))
    (told,) = book.load([cut_short, task(2)], NOW)
    assert told.run is not None
    assert told.run.trouble == INTERRUPTED
    assert book.due(Moment(5000.0, NOON + 4000)) == []


def test_a_one_shot_task_that_was_stopped_while_it_ran_is_over_too() -> None:
    book = book_of(task(1, ONCE))
    (started,) = book.due(Moment(9000.0, NOON + 1800))
    book.stop(started.task.task_id)
    assert book.ended(started.due, started.run) is not None
    assert started.task.task_id not in book


def test_a_one_shot_task_that_could_not_be_removed_does_not_run_again() -> None:
    book = Book.of(UTC)
    book.load([task(1, ONCE, run=Run(due=NOON + 1800, began=NOON + 1801, ended=NOON + 1802))], NOW)
    assert book.due(Moment(9000.0, NOON + 3600)) == []


def test_a_task_that_runs_each_second_is_noted_once_a_minute() -> None:
    book = book_of(task(1, evolve(NONE, periodic=True, period=1)))
    noted = 0
    for second in range(120):
        (started,) = book.due(Moment(1000.0 + second, NOON + second))
        noted += started.noted
        book.ended(started.due, Run(0, 0, 0))
    assert noted == 2


@pytest.mark.parametrize("count", [10, 1000])
def test_only_the_tasks_that_are_due_are_computed(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = (
        task(number, evolve(NONE, cron_time=f"0 0 0 1 1 * {2027 + number % 70}"))
        for number in range(2, count)
    )
    book = book_of(*rare, task(1, evolve(NONE, cron_time="* * * * * * *")))
    computed = list[Cron]()
    next_after = Cron.next_after

    def counted(cron: Cron, after: float, zone: tzinfo) -> float | None:
        computed.append(cron)
        return next_after(cron, after, zone)

    monkeypatch.setattr(Cron, "next_after", counted)
    for second in range(1, 11):
        now = Moment(NOW.monotonic + second, NOW.wall + second)
        (started,) = book.due(now)
        book.ended(started.due, started.run)
        assert book.wait_s(now) == 1
    assert len(computed) == 10


class Life(RuleBasedStateMachine):
    """Tasks under everything that clients, the clock and the power do to them."""

    @initialize()
    def begin(self) -> None:
        self.zone = ZoneInfo("Europe/Prague")
        self.book = Book.of(self.zone)
        self.now = NOW
        self.disk: dict[str, Task] = {}
        self.under_way: list[Started] = []
        self.last_due: dict[str, float] = {}
        self.began_once: set[str] = set()

    @rule(number=st.integers(1, 4), spec=st.sampled_from(SPECS), enabled=st.booleans())
    def add(self, number: int, spec: TimeSpec, enabled: bool) -> None:
        made = task(number, spec, enabled=enabled)
        try:
            self.book.check_add(made, self.now)
        except TaskError:
            assert made.task_id in self.book
            return
        self.disk[made.task_id] = made
        self.book.add(made, self.now)
        self._forget(made.task_id)

    @rule(number=st.integers(1, 4), to=st.integers(1, 4), spec=st.sampled_from(SPECS))
    def edit(self, number: int, to: int, spec: TimeSpec) -> None:
        old, made = task(number).task_id, task(to, spec)
        try:
            self.book.check_edit(old, made, self.now)
        except TaskError:
            return
        kept = self.disk.pop(old)
        same = kept.rule == made.rule
        last = self.last_due.get(old)
        once = old in self.began_once
        self.disk[made.task_id] = evolve(made, run=kept.run)
        self.book.edit(old, made, self.now)
        self._forget(old)
        self._forget(made.task_id)
        if same and last is not None:
            self.last_due[made.task_id] = last
        if same and once:
            self.began_once.add(made.task_id)

    @rule(number=st.integers(1, 4))
    def start(self, number: int) -> None:
        key = task(number).task_id
        if key in self.book:
            self.book.start(key, self.now)
            run = self.disk[key].run
            if run is not None and run.trouble:
                self.began_once.discard(key)  # whoever starts it wants it to run

    @rule(number=st.integers(1, 4))
    def stop(self, number: int) -> None:
        if (key := task(number).task_id) in self.book:
            self.book.stop(key)
            assert self.book.next_run(key, self.now) is None

    @rule(number=st.integers(1, 4))
    def remove(self, number: int) -> None:
        if (key := task(number).task_id) in self.book:
            del self.disk[key]
            self.book.remove([key])

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 60.0, 1800.0, 7000.0, 90_000.0]))
    def pass_time(self, seconds: float) -> None:
        self.now = Moment(self.now.monotonic + seconds, self.now.wall + seconds)

    @rule(seconds=st.sampled_from([-1.0, -3599.0, 3599.0, -1e6, 1e6, 1e8, -1e8]))
    def set_clock(self, seconds: float) -> None:
        self.now = evolve(self.now, wall=self.now.wall + seconds)
        if abs(seconds) >= CORRECTION_S:
            self.last_due.clear()

    @rule()
    def run_what_is_due(self) -> None:
        active = {key for key in self.disk if self.book.is_active(key)}
        running = {started.due.plan for started in self.under_way}
        for started in self.book.due(self.now):
            key, plan = started.task.task_id, started.due.plan
            assert key in active
            assert plan not in running, "a task overran itself"
            running.add(plan)
            if isinstance(plan.rule, Cron):
                assert started.due.at <= self.now.wall
                assert started.due.at > self.last_due.get(key, 0.0), "twice for one due time"
                self.last_due[key] = started.due.at
            if isinstance(plan.rule, Once):
                assert started.noted
                assert key not in self.began_once, "a one-shot task ran twice"
                self.began_once.add(key)
            if started.noted:
                self.disk[key] = evolve(self.disk[key], run=started.run)
            self.under_way.append(started)
        assert self.book.due(self.now) == [], "a missed time was not collapsed"

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if not self.under_way:
            return
        started = data.draw(st.sampled_from(self.under_way))
        self.under_way.remove(started)
        run = evolve(started.run, ended=self.now.wall)
        ended = self.book.ended(started.due, run)
        if ended is None:
            return
        if ended.task_id in self.book:
            if started.noted:
                self.disk[ended.task_id] = evolve(self.disk[ended.task_id], run=run)
        else:
            del self.disk[ended.task_id]

    @rule()
    def crash_and_restart(self) -> None:
        begun = {key for key, each in self.disk.items() if each.run and each.run.ended is None}
        self.under_way.clear()
        self.book = Book.of(self.zone)
        for told in self.book.load(self.disk.values(), self.now):
            self.disk[told.task_id] = told
            begun.discard(told.task_id)
            assert told.run is not None
            assert told.run.trouble == INTERRUPTED
            if isinstance(told.rule, Once) and told.run.due == told.rule.at:
                assert not self.book.is_active(told.task_id)
        assert not begun
        # Of what runs more often than once a minute the disk does not know each run.
        for key in list(self.last_due):
            known = self.disk[key].run if key in self.disk else None
            if known is None or known.due != self.last_due[key]:
                del self.last_due[key]

    @invariant()
    def the_book_is_what_is_on_the_disk(self) -> None:
        assert all(key in self.book for key in self.disk)
        assert len(self.book) == len(self.disk)

    @invariant()
    def the_book_knows_its_size(self) -> None:
        assert self.book._size == sum(each.size for each in self.book.of_client(CLIENT))

    @invariant()
    def whoever_is_active_has_a_next_time_or_runs(self) -> None:
        running = {started.due.plan.key for started in self.under_way}
        for key, each in self.disk.items():
            if self.book.is_active(key) and isinstance(each.rule, Periodic):
                at = self.book.next_run(key, self.now)
                assert key in running or at is not None
                assert at is None or at <= self.now.wall + each.rule.period_s

    def _forget(self, key: str) -> None:
        self.last_due.pop(key, None)
        self.began_once.discard(key)


TestLife = Life.TestCase
