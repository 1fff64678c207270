"""All tasks of the gateway, and which of them begins to run when; pure, time is an argument."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from attrs import define, evolve, field, frozen

from protocol.errors import LocalProtocolError
from protocol.tasks.agenda import Agenda, Due, Moment
from protocol.tasks.task import CLIENT, INTERRUPTED, Run, Task
from protocol.tasks.time_spec import Once, TimeSpecError

MAX_TASKS = 2000
"""How many tasks there may be."""

MAX_SIZE = 1_500_000
"""Characters of what all of them say and send; the list of all with details fits into an answer."""

NOTE_S = 60.0
"""Of a task that runs more often, the disk is told of a run at most so often."""


class TaskError(LocalProtocolError):
    """What was asked of a task cannot be; the message is what clients are told."""


@frozen
class Started:
    """A run that begins, and the task with it. `noted` if it has to be on the disk before."""

    task: Task
    run: Run
    due: Due
    noted: bool


@define(eq=False)
class Book:
    """The tasks by their ids, which are unique for all clients.

    Every change is first asked for (`check_...`, which raises TaskError) and then made, so that
    the caller can store it in between.
    """

    _tasks: dict[str, Task] = field(factory=dict, init=False)
    _agenda: Agenda
    _size: int = field(default=0, init=False)
    """Of all of them."""
    _noted: dict[str, float] = field(factory=dict, init=False)
    """When the disk was last told of a run (monotonic clock)."""

    @classmethod
    def of(cls, zone: tzinfo) -> "Book":
        """An empty one, for this local time."""
        return cls(Agenda(zone))

    @property
    def zone(self) -> tzinfo:
        """The local time by which the tasks run."""
        return self._agenda.zone

    def __len__(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def __contains__(self, task_id: str) -> bool:
        """Whether there is a task of this id."""
        return task_id in self._tasks

    def get(self, client_id: str, task_id: str) -> Task:
        """The client's task of this id. Raises TaskError."""
        task = self._tasks.get(task_id)
        if task is None or task.client_id != client_id:
            raise TaskError("Client or task ID does not exist.")
        return task

    def of_client(self, client_id: str) -> Sequence[Task]:
        """The tasks of a client, by id."""
        found = (task for task in self._tasks.values() if task.client_id == client_id)
        return sorted(found, key=lambda task: task.task_id)

    def is_active(self, task_id: str) -> bool:
        """Whether the task is to run."""
        return self._agenda.is_active(task_id)

    def next_run(self, task_id: str, now: Moment) -> float | None:
        """When the task runs next (Unix time), None where it does not."""
        return self._agenda.next_run(task_id, now)

    def load(self, tasks: Iterable[Task], now: Moment) -> Sequence[Task]:
        """Take in what was stored; returns the tasks whose run a stop of the program cut short.

        Such a run is not repeated: a one-shot task is kept, and does not run by itself.
        """
        interrupted = []
        for stored in tasks:
            task, rule = stored, stored.rule
            if task.run is not None and isinstance(rule, Once) and task.run.due == rule.at:
                task = evolve(task, enabled=False)  # its one run has begun
            if task.run is not None and task.run.ended is None:
                run = evolve(task.run, ended=task.run.began, status=-1, trouble=INTERRUPTED)
                task = evolve(task, run=run)
                interrupted.append(task)
            last = None if task.run is None else task.run.due
            self._put(task)
            self._agenda.enter(task.task_id, rule, now, last_wall=last)
            if task.enabled:
                self._agenda.start(task.task_id, now)
        return interrupted

    def check_new(self, task_id: str) -> None:
        """Raise TaskError where a task has this id."""
        if task_id in self._tasks:
            raise TaskError("Cannot schedule task: Task already exists")

    def check_add(self, task: Task, now: Moment) -> None:
        """Raise TaskError for what cannot be added."""
        self.check_new(task.task_id)
        try:
            if task.client_id != CLIENT:
                raise TaskError(f"Unknown client, only {CLIENT} has tasks")
            if len(self._tasks) >= MAX_TASKS:
                raise TaskError(f"There are {MAX_TASKS} tasks already, as many as there may be")
            self._check_size(task)
            self._check_time(task, now)
        except TaskError as error:
            raise TaskError(f"Cannot schedule task: {error}") from None

    def add(self, task: Task, now: Moment) -> None:
        """Take the task in; it is to run if it is enabled."""
        self._put(task)
        self._agenda.enter(task.task_id, task.rule, now)
        if task.enabled:
            self._agenda.start(task.task_id, now)

    def check_known(self, client_id: str, task_id: str) -> None:
        """Raise TaskError where the client has no task of this id that it could edit."""
        try:
            self.get(client_id, task_id)
        except TaskError as error:
            raise TaskError(f"Cannot edit task: {error}") from None

    def check_edit(self, task_id: str, task: Task, now: Moment) -> None:
        """Raise TaskError where the task of this id cannot become `task`."""
        self.check_known(task.client_id, task_id)
        try:
            if task.task_id != task_id and task.task_id in self._tasks:
                raise TaskError("Task already exists")
            self._check_size(task, self._tasks[task_id].size)
            self._check_time(task, now)
        except TaskError as error:
            raise TaskError(f"Cannot edit task: {error}") from None

    def edit(self, task_id: str, task: Task, now: Moment) -> None:
        """Put `task` in place of the one of this id; it is active if that was, and keeps its run.

        With the same time it keeps its phase too.
        """
        before = self._take(task_id)
        self._agenda.change(task_id, task.task_id, task.rule, now)
        self._put(evolve(task, run=before.run))

    def check_remove(self, client_id: str, task_id: str) -> None:
        """Raise TaskError where the client has no such task."""
        try:
            self.get(client_id, task_id)
        except TaskError:
            raise TaskError("Cannot remove task: task does not exist.") from None

    def remove(self, task_ids: Iterable[str]) -> None:
        """Forget these; a run under way goes on."""
        for task_id in task_ids:
            self._take(task_id)
            self._agenda.leave(task_id)

    def start(self, task_id: str, now: Moment) -> None:
        """The task is to run until it is stopped or the program ends."""
        self._agenda.start(task_id, now)

    def stop(self, task_id: str) -> None:
        """The task is not to run until it is started, or the program starts again."""
        self._agenda.stop(task_id)

    def rezone(self, zone: tzinfo, now: Moment) -> None:
        """The local time is another one from now on."""
        self._agenda.rezone(zone, now)

    def wait_s(self, now: Moment) -> float:
        """For how long nothing is due."""
        return self._agenda.wait_s(now)

    def due(self, now: Moment) -> Sequence[Started]:
        """The runs that begin now; each has to be `ended`."""
        return [self._started(due, now) for due in self._agenda.due(now)]

    def run_now(self, task_id: str, now: Moment) -> Started:
        """Begin a run out of turn. Raises TaskError while the task runs."""
        due = self._agenda.run_now(task_id, now)
        if due is None:
            raise TaskError("The task is running.")
        return self._started(due, now)

    def ended(self, due: Due, run: Run) -> Task | None:
        """The run is over: the task with its result, None if it was removed meanwhile.

        A one-shot task that has run is over, and so is one that has no next time: it is forgotten.
        """
        another = self._agenda.finished(due)
        if not self._agenda.holds(due.plan):
            return None
        task_id = due.plan.key
        task = self._tasks[task_id] = evolve(self._tasks[task_id], run=run)
        if not another:
            self.remove([task_id])
        return task

    def _put(self, task: Task) -> None:
        self._tasks[task.task_id] = task
        self._size += task.size

    def _take(self, task_id: str) -> Task:
        self._noted.pop(task_id, None)
        task = self._tasks.pop(task_id)
        self._size -= task.size
        return task

    def _check_size(self, task: Task, instead_of: int = 0) -> None:
        """`instead_of` is the size of what it replaces: what is too much may become less."""
        if self._size - instead_of + task.size > max(MAX_SIZE, self._size):
            raise TaskError(f"All tasks together may send {MAX_SIZE} characters at most")

    def _check_time(self, task: Task, now: Moment) -> None:
        try:
            rule = task.rule
        except TimeSpecError as error:
            raise TaskError(str(error)) from None
        if not self._agenda.comes(rule, now):
            raise TaskError("Cron expression error: it matches no time from now on")

    def _started(self, due: Due, now: Moment) -> Started:
        task = self._tasks[due.plan.key]
        run = Run(due.at, now.wall)
        task = self._tasks[task.task_id] = evolve(task, run=run)
        noted_at = self._noted.get(task.task_id)
        often = noted_at is not None and now.monotonic - noted_at < NOTE_S
        noted = task.persist and not (often and not isinstance(due.plan.rule, Once))
        if noted:
            self._noted[task.task_id] = now.monotonic
        return Started(task, run, due, noted)
