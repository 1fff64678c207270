"""Runs tasks when they are due, and keeps them in the store."""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, tzinfo
from functools import partial
from math import inf
from typing import NoReturn

import orjson
import trio
from attrs import define, evolve, field

from iqrf_trio.messaging.holders import Holders
from iqrf_trio.services.tasks.client import TaskClient
from iqrf_trio.store import Store, StoreError
from protocol.auth.authentication import Grant
from protocol.auth.rights import MANAGE
from protocol.auth.tokens import Status
from protocol.readings.settings import Messaging
from protocol.strict.json import JsonObject
from protocol.tasks.agenda import Moment
from protocol.tasks.book import Book, Started
from protocol.tasks.task import NO_ANSWER, UNOWNED, Run, Task

log = logging.getLogger("iqrf_trio.tasks")

WATCH_S = 10.0
"""How often the wall clock and the zone are looked at while tasks wait for a time of day."""

AT_ONCE = 8
"""How many runs have messages under way at the same time: fewer than requests may wait."""

SLOT_S = 60.0
"""A run that takes longer does not keep others waiting any more."""

ANSWER_S = 3600.0
"""How long a message may take; then it is withdrawn, and the run goes on."""


@define(eq=False)
class _Slot:
    """One of the places of runs with messages under way; it is given back once."""

    _slots: trio.Semaphore
    _held: bool = True

    def free(self) -> None:
        """Let another run have the place."""
        if self._held:
            self._held = False
            self._slots.release()

    async def free_later(self) -> None:
        """The same, when the run takes long."""
        await trio.sleep(SLOT_S)
        self.free()


@define(eq=False)
class Tasks:
    """All tasks. What is changed is stored first, and holds when the method has returned.

    `now` is the wall clock, `zone` the local time. `accept` and `withdraw` are those of the
    dispatcher; `deliver` is handed each answer with the messaging and the token that it is for.
    Methods raise TaskError for what cannot be, and StoreError.
    """

    _store: Store
    _now: Callable[[], datetime]
    _zone: Callable[[], tzinfo]
    holders: Holders = field(factory=Holders)
    accept: Callable[[str, TaskClient], None] = field(init=False)
    withdraw: Callable[[TaskClient], None] = field(init=False)
    deliver: Callable[[Messaging, int | None, str], None] = field(init=False)
    book: Book = field(init=False)
    _changing: trio.Lock = field(factory=trio.Lock, init=False)
    """Whoever has it changes the book and the store, so that the two stay equal."""
    _changed: trio.Event = field(factory=trio.Event, init=False)
    _out_of_turn: list[Started] = field(factory=list, init=False)
    _slots: trio.Semaphore = field(factory=lambda: trio.Semaphore(AT_ONCE), init=False)

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

    # One run.

    async def _carry_out(self, started: Started) -> None:
        await self._slots.acquire()
        slot = _Slot(self._slots)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(slot.free_later)
                run = await self._send_all(started)
                nursery.cancel_scope.cancel()
        finally:
            slot.free()
        await self._end(started, evolve(run, ended=self._now().timestamp()))

    async def _send_all(self, started: Started) -> Run:
        """Send the messages, one after the other; what came of it."""
        task, run = started.task, started.run
        for messaging, message in task.messages:
            try:
                grant = await self._owner_of(task)
            except StoreError as error:
                return evolve(run, status=-1, trouble=str(error))
            if grant is None:
                return self._unowned(task, run)
            client = self._client(task, grant, messaging, message)
            with self.holders.joined(client, grant) if task.owner is not None else nullcontext():
                run = await self._send(run, client, message)
            if client.rights.ended:
                return self._unowned(task, run)
        return run

    def _client(
        self, task: Task, grant: Grant, messaging: Messaging, message: JsonObject
    ) -> TaskClient:
        """Whoever sends one message of the task, with the rights of its owner."""
        token = grant.token_id if task.owner is not None else None
        deliver = partial(self.deliver, messaging)
        return TaskClient(
            f"task {task.task_id}", grant.rights, token, deliver, message.get("mType")
        )

    def _unowned(self, task: Task, run: Run) -> Run:
        """Have the task run no more: nobody answers for it."""
        log.warning("task %s runs no more: %s", task.task_id, UNOWNED)
        if task.task_id in self.book:
            self.book.stop(task.task_id)
        return evolve(run, status=-1, trouble=UNOWNED)

    async def _send(self, run: Run, client: TaskClient, message: JsonObject) -> Run:
        self.accept(orjson.dumps(message).decode(), client)
        with trio.move_on_after(ANSWER_S) as waiting:
            await client.final()
        if waiting.cancelled_caught:
            self.withdraw(client)
            run = evolve(run, trouble=NO_ANSWER, status=run.status or -1)
        client.live = False
        return evolve(run, status=run.status or client.status, answer=client.answer or run.answer)

    async def _owner_of(self, task: Task) -> Grant | None:
        """What the task may do, and for which token; None where nothing any more."""
        if task.owner is None:
            return Grant(0, datetime.max.replace(tzinfo=UTC), MANAGE)
        token = await self._store.successor(task.owner)
        if token is None or token.status_at(self._now()) is not Status.VALID:
            return None
        return Grant(token.id, token.expires_at, token.rights)

    async def _end(self, started: Started, run: Run) -> None:
        async with self._changing:
            task = self.book.ended(started.due, run)
            if task is not None and task.task_id in self.book:
                await self._note({task.task_id: run} if started.noted else {})
            elif task is not None and task.persist:
                await self._forget(task)
        self._look()

    async def _forget(self, task: Task) -> None:
        try:
            await self._store.remove_tasks([task.task_id])
        except StoreError as error:
            log.error("task %s, which is over, was not removed: %s", task.task_id, error)
