"""Which tasks are due when: a pure machine over two clocks.

Periodic tasks go by the monotonic clock, so that nobody who sets the wall clock delays or hastens
them; they keep their phase. Cron and one-shot tasks go by the wall clock. When that was set

- forward by less than three hours, what became overdue runs once;
- back by less than three hours, no time that has been is due again;
- by more, it was wrong before: cron tasks go on from the new time, and none of their times in
  between runs.

A task that runs is not due again before it has finished; what it has missed by then, and what was
missed in any other pause, is one run.
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from heapq import heappop, heappush
from math import floor, inf

from attrs import define, field, frozen

from protocol.errors import LocalProtocolError
from protocol.tasks.cron import Cron
from protocol.tasks.time_spec import Once, Periodic, Rule

CORRECTION_S = 3 * 3600.0
"""A wall clock that is set by so much or more was wrong before."""


@frozen
class Moment:
    """One moment by both clocks, in seconds: monotonic, and Unix time."""

    monotonic: float
    wall: float

    @property
    def offset(self) -> float:
        """How far the wall clock is ahead; constant as long as nobody sets it."""
        return self.wall - self.monotonic


@define(eq=False)
class Plan:
    """One task in the agenda: its rule, and its next run.

    `next` is None while none is planned: monotonic for a periodic task, Unix time for any other.
    `last` is the time (of the same kind) for which it was due last. `stamp` tells which of its
    entries in the queues is the present one.
    """

    key: str
    rule: Rule
    active: bool = False
    running: bool = False
    next: float | None = None
    last: float | None = None
    stamp: int = 0

    @property
    def periodic(self) -> bool:
        """Whether it goes by the monotonic clock."""
        return isinstance(self.rule, Periodic)


@frozen
class Due:
    """A run that is due: of which plan, and for which time (Unix time)."""

    plan: Plan
    at: float


_Entry = tuple[float, int, Plan]


@define(eq=False)
class Agenda:
    """All tasks by their keys. Each question and each change costs log n at most."""

    zone: tzinfo
    _plans: dict[str, Plan] = field(factory=dict, init=False)
    _by_clock: list[_Entry] = field(factory=list, init=False)
    _by_wall: list[_Entry] = field(factory=list, init=False)
    _offset: float | None = field(default=None, init=False)
    _stamps: int = field(default=0, init=False)

    def __len__(self) -> int:
        """How many tasks there are."""
        return len(self._plans)

    def is_active(self, key: str) -> bool:
        """Whether the task is to run."""
        return self._plans[key].active

    def next_run(self, key: str, now: Moment) -> float | None:
        """When the task runs next (Unix time), None where it does not; overdue times are past."""
        plan = self._plans[key]
        if not plan.active or plan.next is None:
            return None
        return plan.next + now.offset if plan.periodic else plan.next

    def enter(self, key: str, rule: Rule, now: Moment, *, last_wall: float | None = None) -> None:
        """Take a task in, which does not run before `start`.

        `last_wall`: for when it was due last in an earlier run of the program. A periodic task
        keeps that phase, and no cron task is due twice because the clock was set back meanwhile.
        """
        if key in self._plans:
            raise LocalProtocolError(f"task {key} is in the agenda already")
        plan = self._plans[key] = Plan(key, rule)
        if self._offset is None:
            self._offset = now.offset
        if last_wall is None:
            return
        if isinstance(rule, Periodic):
            # A clock that was set since then must not make it wait for longer than its period.
            plan.last = now.monotonic - min(max(now.wall - last_wall, 0.0), rule.period_s)
        elif isinstance(rule, Cron) and 0 <= last_wall - now.wall < CORRECTION_S:
            plan.last = last_wall

    def start(self, key: str, now: Moment) -> None:
        """The task is to run from now on: periodic ones at once, or in the phase that they have."""
        plan = self._plans[key]
        if not plan.active:
            plan.active = True
            plan.next = self._next(plan, now)
            self._queue(plan)

    def stop(self, key: str) -> None:
        """The task is not to run any more; a run under way goes on."""
        plan = self._plans[key]
        plan.active, plan.next = False, None

    def leave(self, key: str) -> None:
        """Forget the task."""
        self.stop(key)
        del self._plans[key]

    def change(self, key: str, new_key: str, rule: Rule, now: Moment) -> None:
        """Give the task another key or rule; with the same rule it keeps its phase.

        A periodic task with another period runs for the first time when that is over.
        """
        plan = self._plans.pop(key)
        if new_key in self._plans:
            self._plans[key] = plan
            raise LocalProtocolError(f"task {new_key} is in the agenda already")
        self._plans[new_key], plan.key = plan, new_key
        if rule == plan.rule:
            return
        plan.rule = rule
        plan.last = now.monotonic if plan.periodic else None
        if plan.active:
            plan.next = self._next(plan, now)
            self._queue(plan)

    def rezone(self, zone: tzinfo, now: Moment) -> None:
        """The local time is another one from now on."""
        self.zone = zone
        self._replan(now)

    def due(self, now: Moment) -> Sequence[Due]:
        """The runs that begin now, the most overdue first; each has to be `finished`."""
        self._watch(now)
        found = [
            *(Due(plan, at + now.offset) for at, plan in _taken(self._by_clock, now.monotonic)),
            *(Due(plan, at) for at, plan in _taken(self._by_wall, now.wall)),
        ]
        for due in found:
            plan = due.plan
            plan.running, plan.last = True, plan.next
            plan.next = self._next(plan, now)
        return sorted(found, key=lambda due: due.at)

    def run_now(self, key: str, now: Moment) -> Due | None:
        """Begin a run out of turn, which changes no other; None while the task runs."""
        plan = self._plans[key]
        if plan.running:
            return None
        plan.running, plan.stamp = True, 0
        return Due(plan, now.wall)

    def finished(self, due: Due) -> bool:
        """The run is over; False if the task has no other one, and can be forgotten."""
        plan = due.plan
        plan.running = False
        if isinstance(plan.rule, Once) and plan.last is not None:
            return False  # also where it was stopped meanwhile
        if plan.active and plan.next is not None:
            self._queue(plan)
            return True
        return not (plan.active and self.holds(plan))

    def holds(self, plan: Plan) -> bool:
        """Whether the plan is that of a task in the agenda, and not of one that was removed."""
        return self._plans.get(plan.key) is plan

    def comes(self, rule: Rule, now: Moment) -> bool:
        """Whether a task with this rule ever runs."""
        return self._next(Plan("", rule), now) is not None

    def wait_s(self, now: Moment) -> float:
        """For how long nothing is due; infinite where nothing ever is."""
        return max(
            0.0,
            min(
                _first(self._by_clock) - now.monotonic,
                _first(self._by_wall) - now.wall,
            ),
        )

    def _watch(self, now: Moment) -> None:
        """Notice that the wall clock was set."""
        before, self._offset = self._offset, now.offset
        if before is not None and abs(now.offset - before) >= CORRECTION_S:
            for plan in self._plans.values():
                if isinstance(plan.rule, Cron):
                    plan.last = None
            self._replan(now)

    def _replan(self, now: Moment) -> None:
        for plan in self._plans.values():
            if plan.active and isinstance(plan.rule, Cron):
                plan.next = self._next(plan, now)
                self._queue(plan)

    def _next(self, plan: Plan, now: Moment) -> float | None:
        """The first time after now, and after the last run, for which the task is due."""
        rule, last = plan.rule, plan.last
        if isinstance(rule, Periodic):
            if last is None:
                return now.monotonic
            periods = floor((now.monotonic - last) / rule.period_s) + 1
            return last + max(1, periods) * rule.period_s
        if isinstance(rule, Once):
            return rule.at if last is None else None
        return rule.next_after(now.wall if last is None else max(now.wall, last), self.zone)

    def _queue(self, plan: Plan) -> None:
        """Put the next run into its queue, in place of the one that was planned."""
        if plan.next is None or plan.running:
            plan.stamp = 0
            return
        self._stamps += 1
        plan.stamp = self._stamps
        heappush(self._by_clock if plan.periodic else self._by_wall, (plan.next, plan.stamp, plan))


def _present(entry: _Entry) -> bool:
    """Whether the entry is not one that was replaced, or of a task that was stopped."""
    _, stamp, plan = entry
    return plan.active and not plan.running and plan.stamp == stamp


def _first(queue: list[_Entry]) -> float:
    while queue and not _present(queue[0]):
        heappop(queue)
    return queue[0][0] if queue else inf


def _taken(queue: list[_Entry], now: float) -> Iterator[tuple[float, Plan]]:
    while _first(queue) <= now:
        at, _, plan = heappop(queue)
        plan.stamp = 0
        yield at, plan
