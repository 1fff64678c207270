"""Kills the keeper of tasks before each of its SQL statements: `python -m ...killing FOLDER`.

A child adds, renames, runs and removes tasks, and says the number of each change when it is
acknowledged. Child N kills itself before the Nth statement. Whoever opens the database afterwards
must find the tasks as they were after the last change that was said, or after the one that
followed; each of them whole, and those that the changes were not about running.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import trio
import trio.testing
from attrs import define, evolve, field

from iqrf_trio.services.tasks import TaskClient, Tasks
from iqrf_trio.store import DATABASE_NAME, Store
from iqrf_trio.store.database import inline
from protocol.readings.settings import Messaging
from protocol.tasks.task import CLIENT, INTERRUPTED, Item, Task
from protocol.tasks.time_spec import NO_CRON, TimeSpec

NEVER = TimeSpec("0 0 0 1 1 * *", exact_time=False, periodic=False, period=0, start_time="")
HOURLY = TimeSpec(NO_CRON, exact_time=False, periodic=True, period=3600, start_time="")
PAST = TimeSpec(
    NO_CRON, exact_time=True, periodic=False, period=0, start_time="2020-01-01T00:00:00Z"
)


def task(number: int, spec: TimeSpec = NEVER, description: str = "") -> Task:
    """Task `number`, which says so in all it sends."""
    messages = [{"mType": "x", "data": {"msgId": str(number), "part": part}} for part in range(3)]
    return Task(
        task_id=f"b9c7d1a2-1111-4a3b-8c4d-{number:012}",
        items=tuple(Item((Messaging("ws", "a"),), message) for message in messages),
        time_spec=spec,
        description=description or str(number),
        persist=True,
        enabled=True,
    )


BYSTANDERS = {task(number, HOURLY).task_id for number in (1, 2)}
ONCE = task(5, PAST)
ADDED, EDITED, RENAMED = task(3), task(3, description="edited"), task(4, description="renamed")
LAST = task(6)

STATES = tuple(
    {each.task_id: each for each in tasks}
    for tasks in (
        [],
        [ADDED],
        [EDITED],
        [RENAMED],
        [RENAMED],  # it has run
        [RENAMED, LAST],
        [LAST],
        [],
    )
)
"""The tasks before and after each change, beside the bystanders and the one that runs once."""


@define(eq=False)
class Keeper:
    """Tasks whose messages are answered at once; `sent` are the ids of messages."""

    tasks: Tasks
    sent: list[str] = field(factory=list)

    def accept(self, text: str, client: TaskClient) -> None:
        """Answer a message."""
        msg_id = orjson.loads(text)["data"]["msgId"]
        self.sent.append(msg_id)
        if msg_id == "5":
            say(b"!")
        client.reply(orjson.dumps({"mType": "x", "data": {"msgId": msg_id, "status": 0}}).decode())


def say(what: bytes) -> None:
    """Tell the parent, if there is one; what is told is told, whatever comes."""
    if Child.pipe is not None:
        os.write(Child.pipe, what)


class Child:
    """What a child knows: where it talks to its parent, and before which statement it dies."""

    pipe: int | None = None
    left: int = -1

    @classmethod
    def statement(cls, _sql: str) -> None:
        """A statement is about to be carried out."""
        if not cls.left:
            os.kill(os.getpid(), signal.SIGKILL)
        cls.left -= 1


@asynccontextmanager
async def keeper(path: Path) -> AsyncIterator[Keeper]:
    """The tasks in the database at `path`, running."""
    async with Store.open(path, hop=inline) as store, trio.open_nursery() as nursery:
        tasks = Tasks(store, lambda: datetime.now(UTC), lambda: UTC)
        made = Keeper(tasks)
        runner = tasks.runner
        runner.accept, runner.withdraw = made.accept, lambda _client: None
        runner.deliver = lambda _messaging, _token, _text: None
        await tasks.load()
        nursery.start_soon(tasks.run)
        yield made
        nursery.cancel_scope.cancel()


async def until_run(tasks: Tasks, task_id: str) -> None:
    """Return when the last run of the task is over."""
    while (run := tasks.book.get(CLIENT, task_id).run) is None or run.ended is None:
        await trio.lowlevel.checkpoint()


async def prepare(path: Path) -> None:
    """A database with the bystanders, which have run."""
    async with keeper(path) as kept:
        for number in (1, 2):
            await kept.tasks.add(task(number, HOURLY))
        for task_id in BYSTANDERS:
            await until_run(kept.tasks, task_id)
        await trio.testing.wait_all_tasks_blocked()


async def change(path: Path) -> None:
    """Make all changes; says each one that is acknowledged."""
    async with keeper(path) as kept:
        tasks = kept.tasks

        async def run() -> None:
            tasks.run_now(CLIENT, RENAMED.task_id)
            await until_run(tasks, RENAMED.task_id)

        async def begin() -> None:
            await tasks.add(ADDED)
            await tasks.add(ONCE)

        changes: tuple[Callable[[], Awaitable[None]], ...] = (
            begin,
            lambda: tasks.edit(ADDED.task_id, EDITED),
            lambda: tasks.edit(ADDED.task_id, RENAMED),
            run,
            lambda: tasks.add(LAST),
            lambda: tasks.remove(CLIENT, RENAMED.task_id),
            lambda: tasks.remove(CLIENT, LAST.task_id),
        )
        for number, made in enumerate(changes):
            await made()
            say(str(number).encode())
        await trio.testing.wait_all_tasks_blocked()


def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    """A connection whose statements are counted."""
    connection: sqlite3.Connection = CONNECT(*arguments, **options)
    connection.set_trace_callback(Child.statement)
    return connection


CONNECT = sqlite3.connect


def killed_before(statement: int, path: Path) -> tuple[str, bool]:
    """What a child said before it was killed; whether it came to its end instead."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        Child.pipe, Child.left = writing, statement
        sqlite3.connect = connect  # type: ignore[assignment]
        trio.run(change, path)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, f"a child failed: {said}"
    return said, status == 0


async def check(path: Path, said: str) -> None:
    """Start again, and look at what is there."""
    done = len(said.replace("!", ""))
    async with Store.open(path, hop=inline) as store:
        stored = {each.task_id: evolve(each, run=None) for each in await store.tasks()}
    assert stored.keys() >= BYSTANDERS
    others = BYSTANDERS | {ONCE.task_id}
    mine = {task_id: each for task_id, each in stored.items() if task_id not in others}
    assert mine in STATES[done : done + 2], f"{said!r} was said, there are {mine}"
    async with keeper(path) as kept:
        book = kept.tasks.book
        for task_id in BYSTANDERS | mine.keys():
            assert book.is_active(task_id)
        for task_id in BYSTANDERS:
            kept.tasks.run_now(CLIENT, task_id)
            await until_run(kept.tasks, task_id)
        await trio.testing.wait_all_tasks_blocked()
        once = said.count("!") + kept.sent.count("5")
        assert once <= len(ONCE.messages), "a task that is to run once ran twice"
        if "!" in said and ONCE.task_id in book:
            run = book.get(CLIENT, ONCE.task_id).run
            assert run is not None
            assert run.trouble == INTERRUPTED
            assert not book.is_active(ONCE.task_id)
        if done:
            assert once, "a task that was acknowledged never ran"


def main(folder: Path) -> None:
    """Kill before each statement there is."""
    origin = folder / "origin"
    origin.mkdir()
    trio.run(prepare, origin / DATABASE_NAME)
    for statement in count():
        state = folder / str(statement)
        shutil.copytree(origin, state)
        said, ended = killed_before(statement, state / DATABASE_NAME)
        trio.run(check, state / DATABASE_NAME, said)
        if ended:
            break
    print(f"{statement} kills, no task torn, none ran twice")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
