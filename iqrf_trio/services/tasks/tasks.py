"""Runs tasks when they are due, and keeps them in the store."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from math import inf
from typing import NoReturn

import trio
from attrs import define, evolve, field

from iqrf_trio.messaging.holders import Holders
from iqrf_trio.services.tasks.runner import Runner
from iqrf_trio.store import Store, StoreError
from protocol.tasks.agenda import Moment
from protocol.tasks.book import Book, Started
from protocol.tasks.task import UNOWNED, Run, Task

log = logging.getLogger("iqrf_trio.tasks")

WATCH_S = 10.0
"""How often the wall clock and the zone are looked at while tasks wait for a time of day."""


@define(eq=False)
class Tasks:
    """All tasks. What is changed is stored first, and holds when the method has returned.

    `now` is the wall clock, `zone` the local time; `holders` are told who sends for which token.
    Methods raise TaskError for what cannot be, and StoreError.
    """

    _store: Store
    _now: Callable[[], datetime]
    _zone: Callable[[], tzinfo]
    _holders: Holders = field(factory=Holders)
    runner: Runner = field(init=False)
    book: Book = field(init=False)
    _changing: trio.Lock = field(factory=trio.Lock, init=False)
    """Whoever has it changes the book and the store, so that the two stay equal."""
    _changed: trio.Event = field(factory=trio.Event, init=False)
    _out_of_turn: list[Started] = field(factory=list, init=False)

    @runner.default
    def _make_runner(self) -> Runner:
        return Runner(self._store, self._now, self._holders)

    @book.default
    def _make_book(self) -> Book:
        return Book.of(self._zone())

    def moment(self) -> Moment:
        """Now, by both clocks."""
        return Moment(trio.current_time(), self._now().timestamp())

    async def load(self) -> None:
        """Take in the tasks that are stored, before any of them can run. Raises StoreError."""
        for task in self.book.load(await self._store.tasks(), self.moment()):
            log.warning("task %s was running when the gateway ended", task.task_id)
            try:
                await self._store.save_task(task)
            except StoreError as error:
                log.error("task %s: %s", task.task_id, error)

    async def add(self, task: Task) -> None:
        """Take a new task in."""
        async with self._changing:
            self.book.check_add(task, self.moment())
            if task.persist:
                await self._store.save_task(task)
            self.book.add(task, self.moment())
        self._look()

    async def edit(self, task_id: str, task: Task) -> None:
        """Put `task` in place of the one of this id."""
        async with self._changing:
            self.book.check_edit(task_id, task, self.moment())
            before = self.book.get(task.client_id, task_id)
            if before.persist or task.persist:
                await self._store.save_task(evolve(task, run=before.run), instead_of=task_id)
            self.book.edit(task_id, task, self.moment())
        self._look()

    async def remove(self, client_id: str, task_id: str) -> None:
        """Forget the task; a run under way goes on."""
        async with self._changing:
            self.book.check_remove(client_id, task_id)
            await self._remove([self.book.get(client_id, task_id)])

    async def remove_all(self, client_id: str) -> None:
        """Forget all tasks of the client."""
        async with self._changing:
            await self._remove(self.book.of_client(client_id))

    def start(self, client_id: str, task_id: str) -> None:
        """The task is to run until it is stopped or the gateway ends."""
        self.book.start(self.book.get(client_id, task_id).task_id, self.moment())
        self._look()

    def stop(self, client_id: str, task_id: str) -> None:
        """The task is not to run until it is started, or the gateway starts again."""
        self.book.stop(self.book.get(client_id, task_id).task_id)

    def run_now(self, client_id: str, task_id: str) -> None:
        """Have the task run now, out of turn; what it sends is not waited for."""
        task = self.book.get(client_id, task_id)
        self._out_of_turn.append(self.book.run_now(task.task_id, self.moment()))
        self._look()

    async def run(self) -> NoReturn:
        """Run what is due, for as long as the gateway serves."""
        async with trio.open_nursery() as nursery:
            while True:
                self._changed = trio.Event()
                now = self.moment()
                if (zone := self._zone()) is not self.book.zone:
                    self.book.rezone(zone, now)
                async with self._changing:
                    started = [*self._out_of_turn, *self.book.due(now)]
                    self._out_of_turn.clear()
                    noted = {each.task.task_id: each.run for each in started if each.noted}
                    await self._note(noted)
                for each in started:
                    nursery.start_soon(self._carry_out, each)
                wait_s = self.book.wait_s(self.moment())
                with trio.move_on_after(inf if wait_s == inf else min(wait_s, WATCH_S)):
                    await self._changed.wait()

    def _look(self) -> None:
        """Have the next run decided anew."""
        self._changed.set()

    async def _remove(self, tasks: Sequence[Task]) -> None:
        if stored := [task.task_id for task in tasks if task.persist]:
            await self._store.remove_tasks(stored)
        self.book.remove([task.task_id for task in tasks])

    async def _note(self, runs: dict[str, Run]) -> None:
        """Keep these runs; one that cannot be kept takes place nevertheless."""
        if not runs:
            return
        try:
            await self._store.note_runs(runs)
        except StoreError as error:
            log.error("not stored that tasks run: %s", error)

    async def _carry_out(self, started: Started) -> None:
        run = await self.runner.carry_out(started)
        if run.trouble == UNOWNED:
            log.warning("task %s runs no more: %s", started.task.task_id, UNOWNED)
            if started.task.task_id in self.book:
                self.book.stop(started.task.task_id)
        await self._end(started, run)

    async def _end(self, started: Started, run: Run) -> None:
        async with self._changing:
            task = self.book.ended(started.due, run)
            if task is not None and task.task_id in self.book:
                await self._note({task.task_id: run} if started.noted else {})
            elif task is not None:
                # Nobody can ask for its last run any more, and maybe nobody got its answers.
                end = run.trouble or f"status {run.status}"
                log.info("task %s was due once, has run and is removed: %s", task.task_id, end)
                if task.persist:
                    await self._forget(task)
        self._look()

    async def _forget(self, task: Task) -> None:
        try:
            await self._store.remove_tasks([task.task_id])
        except StoreError as error:
            log.error("task %s, which is over, was not removed: %s", task.task_id, error)
