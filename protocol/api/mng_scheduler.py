"""mngScheduler_*: tasks, which are messages that the gateway sends itself on a schedule."""

from typing import Annotated, NotRequired, TypedDict

from attrs import frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Family, Row
from protocol.api.message import Style
from protocol.auth.rights import MANAGE, READ
from protocol.queue.lanes import Lane
from protocol.readings.settings import Messaging
from protocol.strict.checks import Exactly, Pattern, distinct
from protocol.strict.json import JsonObject
from protocol.strict.shape import Unit, unstructure
from protocol.tasks import task as tasks
from protocol.tasks.task import CLIENT
from protocol.tasks.time_spec import NO_CRON, normalised
from protocol.tasks.time_spec import TimeSpec as Times

UUID_4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TaskId = Annotated[str, Pattern(UUID_4, "a UUID of version 4 in small letters")]
CronTime = str | Annotated[tuple[str, ...], Exactly(7)]

# What the members mean, for those who send and those who get them.
CLIENT_ID = f"of the scheduler; only {CLIENT} has tasks"
TASK_ID = "names the task among those of all clients"
ITEMS = "what is sent, in this order"
PERSIST = "the task survives a restart of the gateway"
ENABLED = "it runs as soon as it is added, and from each start of the gateway on"
CRON = (
    "seven fields (second, minute, hour, day of month, month, day of week, year) in a string or in "
    "seven, in local time; or @yearly, @monthly, @weekly, @daily, @hourly, @minutely"
)
PERIODIC = "each `period` seconds; goes before the others"
EXACT = "once at `startTime`; goes before `cronTime`"
START = "ISO 8601, UTC where it names no zone"


class SchedulerError(ServiceError):
    """A request for a task that failed; `errorStr` of its answer is the cause."""

    def __init__(self, cause: str) -> None:
        super().__init__(-1, "err", cause)


@frozen
class Item:
    """A message, and as whose it is sent."""

    messaging: Annotated[
        tuple[Messaging, ...], distinct, "it is sent once for each, which gets the answers"
    ]
    message: Annotated[JsonObject, "a request of this API"]


@frozen
class TimeSpec:
    """When the task runs."""

    cron_time: Annotated[CronTime, CRON]
    periodic: Annotated[bool, PERIODIC]
    period: Annotated[int, Unit("s"), "1 at least"]
    exact_time: Annotated[bool, EXACT]
    start_time: Annotated[str, START]


@frozen(kw_only=True)
class AddTask:
    """A new task."""

    client_id: Annotated[str, CLIENT_ID]
    task_id: Annotated[TaskId | None, f"{TASK_ID}; made up where it is left out"] = None
    description: Annotated[str, "for people"] = ""
    task: Annotated[Item | tuple[Item, ...], ITEMS]
    time_spec: TimeSpec
    persist: Annotated[bool, PERSIST] = False
    enabled: Annotated[bool, ENABLED] = False


@frozen(kw_only=True)
class EditTask:
    """What a task is from now on; whether it is active stays as it is."""

    client_id: Annotated[str, CLIENT_ID]
    task_id: Annotated[TaskId, TASK_ID]
    new_task_id: Annotated[TaskId | None, "its id from now on"] = None
    description: Annotated[str, "for people"] = ""
    task: Annotated[Item | tuple[Item, ...], ITEMS]
    time_spec: TimeSpec
    persist: Annotated[bool, PERSIST] = False
    enabled: Annotated[bool, ENABLED] = False


@frozen(kw_only=True)
class OfTask:
    """Which task is meant."""

    client_id: Annotated[str, CLIENT_ID]
    task_id: Annotated[TaskId, TASK_ID]


@frozen(kw_only=True)
class GetTask:
    """Which task is meant, and what is told of it."""

    client_id: Annotated[str, CLIENT_ID]
    task_id: Annotated[TaskId, TASK_ID]
    last_run: Annotated[bool, "tell when it runs next, and what came of its last run"] = False


@frozen(kw_only=True)
class ListTasks:
    """What is told of the tasks."""

    client_id: Annotated[str, CLIENT_ID]
    details: Annotated[bool, "tell all of each task instead of its id"] = False


@frozen(kw_only=True)
class RemoveAll:
    """Whose tasks."""

    client_id: Annotated[str, CLIENT_ID]


class Client(TypedDict):
    """Whose tasks."""

    clientId: Annotated[str, CLIENT_ID]


class Named(TypedDict):
    """The task that was asked for."""

    clientId: Annotated[str, CLIENT_ID]
    taskId: Annotated[str, TASK_ID]


class Added(TypedDict):
    """The task that was added, or was to be."""

    clientId: Annotated[str, CLIENT_ID]
    taskId: NotRequired[Annotated[str, "absent where none was asked for and the task was refused"]]


class SentMessaging(TypedDict):
    """A messaging."""

    type: Annotated[str, "its kind"]
    instance: Annotated[str, "its name"]


class SentItem(TypedDict):
    """A message of the task."""

    messaging: Annotated[list[SentMessaging], "as whose it is sent"]
    message: Annotated[JsonObject, "the request"]


class StoredTime(TypedDict):
    """When the task runs; aliases are written out."""

    cronTime: Annotated[str | list[str], "seven empty strings where it is none"]
    exactTime: Annotated[bool, EXACT]
    periodic: Annotated[bool, PERIODIC]
    period: Annotated[int, Unit("s"), "of a periodic task"]
    startTime: Annotated[str, "UTC, empty where it is none"]


class LastRun(TypedDict):
    """What came of the last run."""

    due: Annotated[float, Unit("s"), "for when it was due, since 1970"]
    began: Annotated[float, Unit("s"), "when it began, since 1970"]
    ended: Annotated[float | None, Unit("s"), "when it ended, null while it runs"]
    status: Annotated[int, "0, or the first other status of an answer"]
    trouble: Annotated[str, "what kept it from its end"]
    answer: Annotated[JsonObject | None, "the last answer"]


class Record(TypedDict):
    """A task."""

    clientId: Annotated[str, CLIENT_ID]
    taskId: Annotated[str, TASK_ID]
    description: Annotated[str, "for people"]
    task: Annotated[SentItem | list[SentItem], ITEMS]
    timeSpec: StoredTime
    persist: Annotated[bool, PERSIST]
    enabled: Annotated[bool, ENABLED]
    active: Annotated[bool, "whether it is to run now"]
    nextRun: NotRequired[Annotated[float | None, Unit("s"), "since 1970; where it was asked for"]]
    lastRun: NotRequired[Annotated[LastRun | None, "where it was asked for"]]


class Tasks(TypedDict):
    """The tasks of a client, by id."""

    clientId: Annotated[str, CLIENT_ID]
    tasks: Annotated[list[str] | list[Record], "ids, or with `details` all of them"]


def asked(request: AddTask | EditTask, task_id: str, owner: int | None) -> tasks.Task:
    """The task that a client wants, with its time as it is stored. Raises TimeSpecError."""
    sent = request.task
    time = request.time_spec
    spec = Times(time.cron_time, time.exact_time, time.periodic, time.period, time.start_time)
    return tasks.Task(
        task_id=task_id,
        client_id=request.client_id,
        description=request.description,
        items=tuple(map(_item, sent)) if isinstance(sent, tuple) else _item(sent),
        time_spec=normalised(spec),
        persist=request.persist,
        enabled=request.enabled,
        owner=owner,
    )


def _item(item: Item) -> tasks.Item:
    return tasks.Item(item.messaging, item.message)


def added(request: AddTask) -> Added:
    """`rsp` of an AddTask that failed."""
    rsp = Added(clientId=request.client_id)
    if request.task_id is not None:
        rsp["taskId"] = request.task_id
    return rsp


def named(request: OfTask | GetTask | EditTask) -> Named:
    """`rsp` with nothing but what was asked for."""
    return Named(clientId=request.client_id, taskId=request.task_id)


def client(request: RemoveAll | ListTasks) -> Client:
    """`rsp` of what is about all tasks of a client."""
    return Client(clientId=request.client_id)


def record(task: tasks.Task, *, active: bool) -> Record:
    """A task as GetTask and List tell of it."""
    return Record(
        clientId=task.client_id,
        taskId=task.task_id,
        description=task.description,
        task=unstructure(task.items),
        timeSpec=stored_time(task.time_spec),
        persist=task.persist,
        enabled=task.enabled,
        active=active,
    )


def stored_time(spec: Times) -> StoredTime:
    """A time in the form in which it is stored and shown."""
    text = spec.cron_time
    return StoredTime(
        cronTime=text if isinstance(text, str) else list(text or NO_CRON),
        exactTime=spec.exact_time,
        periodic=spec.periodic,
        period=spec.period,
        startTime=spec.start_time,
    )


def last_run(run: tasks.Run | None) -> LastRun | None:
    """What is told of a run."""
    if run is None:
        return None
    return LastRun(
        due=run.due,
        began=run.began,
        ended=run.ended,
        status=run.status,
        trouble=run.trouble,
        answer=run.answer,
    )


FAMILY = Family(
    prefix="mngScheduler_",
    about="Tasks: messages that the gateway sends itself at certain times, with the rights of the "
    "token that added or edited the task last. The answers go to the messaging of each message; of "
    "a WebSocket messaging, to the clients with that token.",
    lane=Lane.MANAGEMENT,
    style=Style.DPA,
    rights=MANAGE,
)

_ID = "b9c7d1a2-1111-4a3b-8c4d-000000000001"
_WHICH: dict[str, object] = {"clientId": CLIENT, "taskId": _ID}
_TIME: dict[str, object] = {
    "cronTime": "0 */5 * * * * *",
    "periodic": False,
    "period": 0,
    "exactTime": False,
    "startTime": "",
}
_ITEM: dict[str, object] = {
    "messaging": [{"type": "ws", "instance": "WebsocketMessaging"}],
    "message": {"mType": "iqrfRaw", "data": {"msgId": "t", "req": {"rData": "00.00.06.03.ff.ff"}}},
}

ADD_TASK = Row(
    FAMILY,
    "AddTask",
    "Add a task.",
    AddTask,
    Added,
    example=_WHICH | {"task": [_ITEM], "timeSpec": _TIME, "persist": True, "enabled": True},
    failed=added,
)
EDIT_TASK = Row(
    FAMILY,
    "EditTask",
    "Replace a task. It stays active or stopped; with the same time it keeps its phase.",
    EditTask,
    Named,
    example=_WHICH | {"task": _ITEM, "timeSpec": _TIME | {"periodic": True, "period": 60}},
    failed=named,
)
GET_TASK = Row(
    FAMILY,
    "GetTask",
    "Tell all of a task.",
    GetTask,
    Record | Named,
    example=_WHICH | {"lastRun": True},
    failed=named,
    rights=READ,
)
LIST = Row(
    FAMILY,
    "List",
    "Tell the tasks of a client.",
    ListTasks,
    Tasks,
    example={"clientId": CLIENT, "details": True},
    failed=lambda request: Tasks(clientId=request.client_id, tasks=list[str]()),
    rights=READ,
)
REMOVE_ALL = Row(
    FAMILY,
    "RemoveAll",
    "Remove all tasks of a client.",
    RemoveAll,
    Client,
    example={"clientId": CLIENT},
    failed=client,
)
REMOVE_TASK = Row(
    FAMILY, "RemoveTask", "Remove a task.", OfTask, Named, example=_WHICH, failed=named
)
START_TASK = Row(
    FAMILY,
    "StartTask",
    "Have a task run from now on; until the next start of the gateway, which goes by `enabled`.",
    OfTask,
    Named,
    example=_WHICH,
    failed=named,
)
STOP_TASK = Row(
    FAMILY,
    "StopTask",
    "Have a task not run any more, until it or the gateway is started again.",
    OfTask,
    Named,
    example=_WHICH,
    failed=named,
)

ROWS = (ADD_TASK, GET_TASK, LIST, EDIT_TASK, STOP_TASK, START_TASK, REMOVE_TASK, REMOVE_ALL)
