"""mngScheduler_*: tasks on a schedule."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import mng_scheduler as api
from protocol.api import own
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.tasks.book import TaskError
from protocol.tasks.task import CLIENT, Task
from protocol.tasks.time_spec import TimeSpecError


async def add_task(gateway: Gateway, exchange: Exchange[api.AddTask]) -> Answer:
    """Take a new task in; it belongs to the token of the client."""
    request = exchange.request
    task_id = request.task_id or str(uuid4())
    with _told(api.SchedulerError):
        # An id that is taken is told first, whatever else is wrong.
        gateway.tasks.book.check_new(task_id)
        task = _asked(exchange, task_id, "Cannot schedule task")
        await gateway.tasks.add(task)
    answer = exchange.answer(api.Added(clientId=request.client_id, taskId=task_id))
    return _with_absent(gateway, answer, task)


async def edit_task(gateway: Gateway, exchange: Exchange[api.EditTask]) -> Answer:
    """Replace a task; it belongs to the token of the client from now on."""
    request = exchange.request
    task_id = request.new_task_id or request.task_id
    with _told(api.SchedulerError):
        # Whoever names a task that does not exist is told so, whatever else is wrong.
        gateway.tasks.book.check_known(request.client_id, request.task_id)
        task = _asked(exchange, task_id, "Cannot edit task")
        await gateway.tasks.edit(request.task_id, task)
    answer = exchange.answer(api.Named(clientId=request.client_id, taskId=task_id))
    return _with_absent(gateway, answer, task)


def get_task(gateway: Gateway, exchange: Exchange[api.GetTask]) -> Answer:
    """All of a task."""
    book, request = gateway.tasks.book, exchange.request
    with _told(api.SchedulerError):
        task = book.get(request.client_id, request.task_id)
    record = api.record(task, active=book.is_active(task.task_id))
    if request.last_run:
        record["nextRun"] = book.next_run(task.task_id, gateway.tasks.moment())
        record["lastRun"] = api.last_run(task.run)
    return exchange.answer(record)


def list_tasks(gateway: Gateway, exchange: Exchange[api.ListTasks]) -> Answer:
    """The tasks of a client, by id."""
    book, request = gateway.tasks.book, exchange.request
    found = book.of_client(request.client_id)
    tasks = api.Tasks(clientId=request.client_id, tasks=[task.task_id for task in found])
    if request.details:
        tasks["tasks"] = [api.record(task, active=book.is_active(task.task_id)) for task in found]
    return exchange.answer(tasks)


async def remove_all(gateway: Gateway, exchange: Exchange[api.RemoveAll]) -> Answer:
    """Forget all tasks of a client, and none of another."""
    await gateway.tasks.remove_all(exchange.request.client_id)
    return exchange.answer(api.client(exchange.request))


async def remove_task(gateway: Gateway, exchange: Exchange[api.OfTask]) -> Answer:
    """Forget a task."""
    with _told(api.SchedulerError):
        await gateway.tasks.remove(exchange.request.client_id, exchange.request.task_id)
    return exchange.answer(api.named(exchange.request))


def start_task(gateway: Gateway, exchange: Exchange[api.OfTask]) -> Answer:
    """Have a task run from now on."""
    with _told(api.SchedulerError):
        gateway.tasks.start(exchange.request.client_id, exchange.request.task_id)
    return exchange.answer(api.named(exchange.request))


def stop_task(gateway: Gateway, exchange: Exchange[api.OfTask]) -> Answer:
    """Have a task not run any more."""
    with _told(api.SchedulerError):
        gateway.tasks.stop(exchange.request.client_id, exchange.request.task_id)
    return exchange.answer(api.named(exchange.request))


def run_task(gateway: Gateway, exchange: Exchange[own.RunTask]) -> Answer:
    """Have a task run now."""
    with _told(own.TaskNotRunError):
        gateway.tasks.run_now(CLIENT, exchange.request.task_id)
    return exchange.answer()


@contextmanager
def _told(failure: Callable[[str], ServiceError]) -> Iterator[None]:
    """What cannot be is told by the status of the family."""
    try:
        yield
    except TaskError as error:
        raise failure(str(error)) from None


def _asked(
    exchange: Exchange[api.AddTask] | Exchange[api.EditTask], task_id: str, failed: str
) -> Task:
    try:
        return api.asked(exchange.request, task_id, exchange.client.token)
    except TimeSpecError as error:
        raise api.SchedulerError(f"{failed}: {error}") from None


def _with_absent(gateway: Gateway, answer: Answer, task: Task) -> Answer:
    """The answer, with the messagings of the task that do not exist; they may come to be.

    Whatever a WebSocket messaging is called, its answers reach the sessions of the owner.
    """
    absent = gateway.absent(each for each, _ in task.messages if each.type != "ws")
    return evolve(answer, status_str=f"ok; {absent}") if absent else answer


HANDLERS: Mapping[Row, Handler] = {
    api.ADD_TASK: add_task,
    api.EDIT_TASK: edit_task,
    api.GET_TASK: get_task,
    api.LIST: list_tasks,
    api.REMOVE_ALL: remove_all,
    api.REMOVE_TASK: remove_task,
    api.START_TASK: start_task,
    api.STOP_TASK: stop_task,
    own.RUN_TASK: run_task,
}
