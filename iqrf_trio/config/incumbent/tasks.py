"""Tasks of an IQRF Gateway Daemon's scheduler as tasks of ours; what cannot be taken is told.

Since 2.3 a file `<uuid>.json` holds one task; its messagings are named by type and instance. In
files before, the id is an integer and a messaging is the name of its instance. 2.0 had all tasks
in `Tasks.json`. What the web interface exports has the form of the first.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from hashlib import sha256
from re import fullmatch
from uuid import UUID

import orjson
from attrs import define, field, frozen

from iqrf_trio.config.incumbent.task_items import Messagings, items
from iqrf_trio.config.incumbent.task_times import shown, time_spec
from iqrf_trio.config.incumbent.translation import Object, UnfitError
from protocol.api.converter import structure
from protocol.api.document import read
from protocol.api.errors import InvalidRequestError, NotJsonError
from protocol.api.mng_scheduler import UUID_4, AddTask, asked
from protocol.tasks.agenda import Moment
from protocol.tasks.book import Book, TaskError
from protocol.tasks.task import Task
from protocol.tasks.time_spec import TimeSpecError


@define
class Schedule:
    """What becomes of the tasks: those that are taken, and lines about the others.

    `lost` names tasks that will not run any more, `left` what of a taken one is lost.
    """

    tasks: list[Task] = field(factory=list)
    lost: list[str] = field(factory=list)
    left: list[str] = field(factory=list)

    @property
    def answers_websocket(self) -> bool:
        """Whether there are answers that all WebSocket clients of the old gateway got."""
        return any(each.type == "ws" for task in self.tasks for each, _ in task.messages)


@frozen
class _Record:
    """One task of the file `source`. `old`: of a version before 2.3, with other rules of time."""

    source: str
    content: Object
    old: bool

    @property
    def label(self) -> str:
        """What people call the task."""
        given = self.content.get("description") or self.content.get("taskId")
        return f"task {given or self.source}"

    @property
    def about(self) -> str:
        """What it is called, when it runs, what it sends, and whether it is switched on."""
        when, stopped = shown(self.content.get("timeSpec")), self.content.get("enabled") is False
        return f"{self.label}: {when}, {_sent(self.content)}{', switched off' if stopped else ''}"


def schedule(files: Mapping[str, bytes], messagings: Messagings, now: Moment) -> Schedule:
    """The tasks in these files (name -> content)."""
    found, book = Schedule(), Book.of(UTC)
    for name, content in sorted(files.items()):
        try:
            records = list(_records(name, content))
        except (NotJsonError, UnfitError) as error:
            found.lost.append(f"task in {name}: {error}")
            continue
        for record in records:
            notes = list[str]()
            try:
                task = _task(record, messagings, notes)
                book.check_add(task, now)
            except (InvalidRequestError, TimeSpecError, TaskError) as error:
                found.lost.append(f"{record.about}: {error}; {record.source}")
                continue
            book.add(task, now)
            found.tasks.append(task)
            found.left += [f"{record.label}: {note}; {record.source}" for note in notes]
    return found


def _records(name: str, text: bytes) -> Iterator[_Record]:
    """The tasks in a file. Raises NotJsonError and UnfitError."""
    document = read(text)
    if document.problem:
        raise UnfitError(document.problem)
    content = document.value
    if isinstance(content, dict) and "TasksJson" not in content:
        yield _Record(name, content, old=type(content.get("taskId")) is int)
        return
    listed = content.get("TasksJson") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise UnfitError("it is no object")
    for number, each in enumerate(listed, 1):
        if not isinstance(each, dict):
            raise UnfitError(f"entry {number} is no object")
        yield _of_2_0(f"{name}, entry {number}", each)


def _of_2_0(source: str, entry: Object) -> _Record:
    """An entry of `Tasks.json`, with the members of later versions."""
    if "timeSpec" in entry:
        return _Record(source, entry, old=type(entry.get("taskId")) is int)
    later = {member: entry[member] for member in ("task", "description") if member in entry}
    time = {"cronTime": entry.get("time")}
    return _Record(source, later | {"clientId": entry.get("service"), "timeSpec": time}, old=True)


def _task(record: _Record, messagings: Messagings, notes: list[str]) -> Task:
    """The task as it is here. Raises InvalidRequestError and TimeSpecError."""
    content = record.content
    request = {
        "clientId": content.get("clientId"),
        "task": items(content.get("task"), messagings, notes),
        "timeSpec": time_spec(content.get("timeSpec"), notes, old=record.old),
        "persist": True,
        # Before 2.3 there was no such member: each task ran.
        "enabled": content.get("enabled", record.old),
        "description": content.get("description", ""),
    }
    return asked(structure(request, AddTask), _id(content), None)


def _id(content: Object) -> str:
    """The id, or a UUID that is always the same for the same id, or for a task without one."""
    given = content.get("taskId")
    if isinstance(given, str) and fullmatch(UUID_4, given):
        return given
    seed = orjson.dumps(content if given is None else given, option=orjson.OPT_SORT_KEYS)
    return str(UUID(bytes=sha256(seed).digest()[:16], version=4))


def _sent(content: Object) -> str:
    """The types of the messages that the task sends."""
    given = content.get("task")
    sent = []
    for item in given if isinstance(given, list) else [given]:
        message = item.get("message") if isinstance(item, dict) else None
        if isinstance(message, dict) and "mType" in message:
            sent.append(str(message["mType"]))
    return ", ".join(sent) or "no known message"
