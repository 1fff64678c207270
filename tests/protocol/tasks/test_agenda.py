"""When tasks are due: phases, pauses, and what happens when somebody sets the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attrs import define, evolve

from protocol.tasks.agenda import Agenda, Moment
from protocol.tasks.cron import parse
from protocol.tasks.time_spec import Once, Periodic, Rule

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0
BEGUN = Moment(1000.0, NOON)


@define
class Desk:
    """An agenda with its two clocks; `runs` are the seconds since noon of what was due."""

    agenda: Agenda
    now: Moment = BEGUN

    def task(self, rule: Rule, key: str = "task") -> None:
        self.agenda.enter(key, rule, self.now)
        self.agenda.start(key, self.now)

    def after(self, seconds: float) -> list[float]:
        """What begins and ends at once when so much time has passed."""
        self.now = Moment(self.now.monotonic + seconds, self.now.wall + seconds)
        found = self.agenda.due(self.now)
        for due in found:
            self.agenda.finished(due)
        return [due.at - NOON for due in found]

    def set_clock(self, seconds: float) -> list[float]:
        self.now = evolve(self.now, wall=self.now.wall + seconds)
        return self.after(0)


def desk() -> Desk:
    return Desk(Agenda(UTC))


def test_fault_12_a_periodic_task_runs_at_once_and_then_without_drift() -> None:
    table = desk()
    table.task(Periodic(60))
    assert table.after(0) == [0]
    assert table.after(59) == []
    assert table.after(1.75) == [60]
    assert table.after(59.25) == [120]


def test_a_periodic_task_that_is_started_again_keeps_its_phase() -> None:
    table = desk()
    table.task(Periodic(60))
    table.after(0)
    table.agenda.stop("task")
    assert table.after(150) == []
    table.agenda.start("task", table.now)
    assert table.after(0) == []
    assert table.after(30) == [180]


def test_a_long_pause_is_one_run_of_each_task() -> None:
    table = desk()
    table.task(Periodic(1), "second")
    table.task(parse("* * * * * * *"), "cron")
    table.after(0)
    assert len(table.after(10_000)) == 2
    assert table.after(0) == []
    assert len(table.after(1)) == 2


def test_a_task_never_overruns_itself_and_what_it_missed_is_one_run() -> None:
    table = desk()
    table.task(Periodic(10))
    (due,) = table.agenda.due(table.now)
    assert table.after(35) == []
    assert table.agenda.finished(due)
    assert table.after(0) == [10]
    assert table.after(0) == []
    assert table.after(5) == [40]


def test_fault_11_setting_the_clock_does_not_touch_periodic_tasks() -> None:
    table = desk()
    table.task(Periodic(60))
    table.after(0)
    assert table.set_clock(-HOUR) == []
    assert len(table.after(60)) == 1
    assert table.set_clock(+20 * HOUR) == []
    assert len(table.after(60)) == 1


def test_an_hour_forward_what_became_overdue_runs_once() -> None:
    table = desk()
    table.task(parse("0 30 12 * * * *"), "daily")
    table.task(parse("0 */5 * * * * *"), "often")
    assert table.set_clock(+HOUR) == [300, 1800]
    assert table.after(0) == []
    assert table.after(300) == [HOUR + 300]


def test_fault_11_an_hour_back_nothing_is_due_twice() -> None:
    table = desk()
    table.task(parse("0 30 12 * * * *"))
    assert table.after(1800) == [1800]
    assert table.set_clock(-HOUR) == []
    assert table.after(HOUR) == []
    assert table.after(23 * HOUR) == []
    assert table.after(HOUR) == [1800 + 24 * HOUR]


def test_fault_11_a_board_without_a_battery_clock_runs_nothing_when_its_clock_is_set() -> None:
    table = desk()
    table.now = Moment(10.0, 0.0)  # 1970
    table.task(parse("0 0 0 * * * *"), "daily")
    table.task(parse("0 */5 * * * * *"), "often")
    table.task(Periodic(3600), "periodic")
    table.task(Once(NOON + 60), "once")
    assert len(table.after(0)) == 1  # the periodic one
    assert table.set_clock(NOON) == []
    assert table.after(60) == [60]
    assert table.after(240) == [300]
    assert len(table.after(12 * HOUR - 300)) == 3


def test_a_clock_that_was_years_ahead_does_not_keep_tasks_waiting_for_years() -> None:
    table = desk()
    table.now = Moment(10.0, NOON + 10 * 366 * 24 * HOUR)
    table.task(parse("0 */5 * * * * *"))
    assert len(table.after(300)) == 1
    table.set_clock(NOON - table.now.wall)
    assert table.after(300) == [300]


def test_a_past_moment_is_due_at_once_and_only_once() -> None:
    table = desk()
    table.agenda.enter("task", Once(NOON - 5 * HOUR), table.now)
    table.agenda.start("task", table.now)
    (due,) = table.agenda.due(table.now)
    assert not table.agenda.finished(due)
    assert table.after(100) == []


def test_the_same_time_keeps_the_phase_and_another_one_does_not_run_at_once() -> None:
    table = desk()
    table.task(Periodic(60))
    table.after(0)
    table.after(30)
    table.agenda.change("task", "other", Periodic(60), table.now)
    assert table.after(30) == [60]
    table.agenda.change("other", "other", Periodic(90), table.now)
    assert table.after(0) == []
    assert len(table.after(90)) == 1


def test_another_local_time_is_taken_over() -> None:
    table = desk()
    table.task(parse("0 0 15 * * * *"))
    table.agenda.rezone(ZoneInfo("Europe/Prague"), table.now)
    assert table.agenda.next_run("task", table.now) == NOON + HOUR
    assert table.after(HOUR) == [HOUR]


def test_a_periodic_task_of_an_earlier_run_keeps_its_phase() -> None:
    table = desk()
    table.agenda.enter("task", Periodic(60), table.now, last_wall=NOON - 50)
    table.agenda.start("task", table.now)
    assert table.after(9) == []
    assert table.after(1) == [10]
    table.agenda.enter("future", Periodic(60), table.now, last_wall=NOON + 10_000)
    table.agenda.start("future", table.now)
    assert len(table.after(60)) == 2


def test_a_cron_task_is_not_due_twice_because_the_clock_went_back_over_a_restart() -> None:
    table = desk()
    table.agenda.enter("task", parse("0 30 12 * * * *"), table.now, last_wall=NOON + 1800)
    table.agenda.start("task", table.now)
    assert table.after(HOUR) == []


def test_how_long_nothing_is_due() -> None:
    table = desk()
    assert table.agenda.wait_s(table.now) == float("inf")
    table.task(parse("0 0 13 * * * *"), "cron")
    assert table.agenda.wait_s(table.now) == HOUR
    table.task(Periodic(60), "periodic")
    assert table.agenda.wait_s(table.now) == 0
    table.after(0)
    assert table.agenda.wait_s(table.now) == 60
    table.agenda.stop("periodic")
    assert table.agenda.wait_s(table.now) == HOUR


def test_a_run_out_of_turn_changes_no_other() -> None:
    table = desk()
    table.task(parse("0 0 13 * * * *"))
    due = table.agenda.run_now("task", table.now)
    assert due is not None
    assert table.agenda.run_now("task", table.now) is None
    assert table.agenda.finished(due)
    assert table.after(HOUR) == [HOUR]
