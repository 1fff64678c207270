"""Tasks as rows; each function runs inside a transaction of its caller."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from iqrf_trio.store import json_text
from iqrf_trio.store.sqlite import Connection
from protocol.readings.settings import Messaging
from protocol.tasks.book import MAX_TASKS
from protocol.tasks.task import Item, Run, Task
from protocol.tasks.time_spec import TimeSpec, TimeSpecError

_SELECT = "SELECT id, client, description, items, time_spec, enabled, owner, run FROM task"

log = logging.getLogger("iqrf_trio.store")


def load(connection: Connection) -> Sequence[Task]:
    """All tasks that make sense, by id; others are reported, and stay where they are."""
    found = []
    for row in connection.execute(f"{_SELECT} ORDER BY id"):
        try:
            found.append(_task(row))
        except (TimeSpecError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.error("task %s makes no sense and does not run: %s", row[0], error)
    return found


def save(connection: Connection, task: Task) -> None:
    """Keep a task, in place of the one of the same id."""
    connection.execute(
        "INSERT OR REPLACE INTO task "
        "(id, client, description, items, time_spec, enabled, owner, run) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            task.task_id,
            task.client_id,
            task.description,
            json_text.dump(_written(task.items)),
            json_text.dump(asdict(task.time_spec)),
            task.enabled,
            task.owner,
            _run_text(task.run),
        ),
    )


def replace(connection: Connection, task_id: str, task: Task) -> None:
    """Put `task` in place of the one of this id, or, unless it is to persist, nothing."""
    remove(connection, [task_id])
    if task.persist:
        save(connection, task)


def remove(connection: Connection, task_ids: Iterable[str]) -> None:
    """Forget these; those that are not there are passed over."""
    connection.executemany("DELETE FROM task WHERE id = ?", [(task_id,) for task_id in task_ids])


def note_runs(connection: Connection, runs: Mapping[str, Run]) -> None:
    """Keep the last run of each of these tasks, as far as they are there."""
    connection.executemany(
        "UPDATE task SET run = ? WHERE id = ?",
        [(_run_text(run), task_id) for task_id, run in runs.items()],
    )


@frozen
class Taken:
    """What became of an import: tasks, and those that were refused with the reason."""

    added: tuple[Task, ...]
    refused: tuple[tuple[Task, str], ...]


def take_over(connection: Connection, imported: Sequence[Task]) -> Taken:
    """Keep those whose ids are free, as far as there is room; no task that is here is replaced."""
    known = {task_id for (task_id,) in connection.execute("SELECT id FROM task")}
    added, refused = list[Task](), list[tuple[Task, str]]()
    for task in imported:
        if task.task_id in known:
            refused.append((task, "a task of this id is here already"))
        elif len(known) + len(added) >= MAX_TASKS:
            refused.append((task, f"there are {MAX_TASKS} tasks already"))
        else:
            save(connection, task)
            added.append(task)
    return Taken(tuple(added), tuple(refused))


def _run_text(run: Run | None) -> str | None:
    return None if run is None else json_text.dump(asdict(run, recurse=False))


def _written(items: Item | tuple[Item, ...]) -> object:
    if isinstance(items, tuple):
        return [_written(item) for item in items]
    return {
        "messaging": [asdict(each) for each in items.messaging],
        "message": items.message,
    }


def _task(row: tuple[Any, ...]) -> Task:
    task_id, client, description, items, time_spec, enabled, owner, run = row
    spec: Any = json_text.load(time_spec)
    if isinstance(spec["cron_time"], list):
        spec["cron_time"] = tuple(spec["cron_time"])
    ran: Any = None if run is None else json_text.load(run)
    task = Task(
        task_id=task_id,
        client_id=client,
        description=description,
        items=_items(json_text.load(items)),
        time_spec=TimeSpec(**spec),
        persist=True,
        enabled=bool(enabled),
        owner=owner,
        run=None if ran is None else Run(**ran),
    )
    task.rule  # noqa: B018 - raises for a time that is none
    return task


def _items(written: Any) -> Item | tuple[Item, ...]:
    if isinstance(written, list):
        return tuple(_item(each) for each in written)
    return _item(written)


def _item(written: Any) -> Item:
    messaging = tuple(Messaging(**each) for each in written["messaging"])
    return Item(messaging, dict(written["message"]))
