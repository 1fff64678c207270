"""`iqrf-trio task`: the tasks of a gateway, which it runs on a schedule."""

import argparse
import json
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options, gateway
from iqrf_trio.cli.support.client import Client
from iqrf_trio.cli.support.tables import table
from protocol.tasks.task import CLIENT

HELP = """Look after the tasks of a gateway that runs: messages that it sends itself at certain
times, with the rights of the token that added them."""

_NO_TIME: dict[str, Any] = {
    "cronTime": "",
    "exactTime": False,
    "periodic": False,
    "period": 0,
    "startTime": "",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, about, make in (
        ("list", "each task: when it runs, and what came of the last time", _list_words),
        ("show", "all of a task, as JSON", _id_words(_show)),
        ("add", "have a message sent on a schedule, also after a restart", _add_words),
        ("remove", "forget a task", _id_words(_remove)),
        ("run", "run a task now, out of turn", _id_words(_run)),
        ("start", "have a stopped task run, until the gateway starts anew", _id_words(_start)),
        ("stop", "have a task not run, until the gateway starts anew", _id_words(_stop)),
    ):
        action = actions.add_parser(name, help=about, description=about)
        make(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        add_options(action)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    return interruption.run(partial(_connected, arguments))


async def _connected(arguments: argparse.Namespace) -> int:
    async with gateway(arguments) as connected:
        await arguments.carry_out(connected, arguments)
    return 0


def _id_words(carry_out: Any) -> Any:
    def words(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("id", metavar="ID", help="of the task, or how it begins")
        parser.set_defaults(carry_out=carry_out)

    return words


def _list_words(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(carry_out=_list)


def _add_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mtype", metavar="MTYPE", help="the message, e.g. iqrfEmbedLedr_Pulse")
    parser.add_argument("req", metavar="JSON", nargs="?", help="its parameters (data.req)")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--every", metavar="S", type=int, help="each so many seconds")
    when.add_argument("--at", metavar="TIME", help="once, at 2030-01-31T12:00:00+01:00")
    when.add_argument(
        "--cron", metavar="FIELDS", help="second minute hour day month weekday year, or @daily ..."
    )
    parser.add_argument("--description", metavar="TEXT", default="", help="for people")
    parser.add_argument(
        "--mqtt",
        metavar="INSTANCE",
        help="answers go to this MQTT messaging (default: to WebSocket clients with this token)",
    )
    parser.set_defaults(carry_out=_add)


async def _tasks(connected: Client) -> list[dict[str, Any]]:
    """All tasks, each with its next and its last run."""
    listed = await connected.ask("mngScheduler_List", {"clientId": CLIENT})
    asked = [{"clientId": CLIENT, "taskId": each, "lastRun": True} for each in listed["tasks"]]
    return [await connected.ask("mngScheduler_GetTask", each) for each in asked]


async def _list(connected: Client, arguments: argparse.Namespace) -> None:
    tasks = await _tasks(connected)
    if arguments.json:
        print(json.dumps(tasks, indent=2))
        return
    rows = [
        (
            task["taskId"],
            _when(task["timeSpec"]),
            _moment(task["nextRun"]) if task["active"] else "stopped",
            _outcome(task["lastRun"]),
            task["description"],
        )
        for task in tasks
    ]
    print(table(("id", "when", "next", "last", "description"), rows))


async def _show(connected: Client, arguments: argparse.Namespace) -> None:
    task_id = await _id(connected, arguments.id)
    asked = {"clientId": CLIENT, "taskId": task_id, "lastRun": True}
    print(json.dumps(await connected.ask("mngScheduler_GetTask", asked), indent=2))


async def _add(connected: Client, arguments: argparse.Namespace) -> None:
    data: dict[str, Any] = {"msgId": str(uuid4())}
    if arguments.req is not None:
        data["req"] = _object(arguments.req)
    kind = ("mqtt", arguments.mqtt) if arguments.mqtt else ("ws", "WebsocketMessaging")
    messaging = [{"type": kind[0], "instance": kind[1]}]
    task = {
        "clientId": CLIENT,
        "description": arguments.description,
        "task": {"messaging": messaging, "message": {"mType": arguments.mtype, "data": data}},
        "timeSpec": _time(arguments),
        "persist": True,
        "enabled": True,
    }
    task_id = (await connected.ask("mngScheduler_AddTask", task))["taskId"]
    print(json.dumps({"taskId": task_id}) if arguments.json else task_id)


async def _remove(connected: Client, arguments: argparse.Namespace) -> None:
    await _tell_task(connected, arguments, "mngScheduler_RemoveTask", {"clientId": CLIENT})


async def _run(connected: Client, arguments: argparse.Namespace) -> None:
    await _tell_task(connected, arguments, "iqrfTrio_RunTask", {})


async def _start(connected: Client, arguments: argparse.Namespace) -> None:
    await _tell_task(connected, arguments, "mngScheduler_StartTask", {"clientId": CLIENT})


async def _stop(connected: Client, arguments: argparse.Namespace) -> None:
    await _tell_task(connected, arguments, "mngScheduler_StopTask", {"clientId": CLIENT})


async def _tell_task(
    connected: Client, arguments: argparse.Namespace, mtype: str, req: dict[str, Any]
) -> None:
    """Send a message about the task; nothing is told but that it went well."""
    task_id = await _id(connected, arguments.id)
    await connected.ask(mtype, req | {"taskId": task_id})
    if arguments.json:
        print(json.dumps({"taskId": task_id}))


async def _id(connected: Client, begin: str) -> str:
    """The id that begins so. Raises Failure unless it is the only one."""
    listed = await connected.ask("mngScheduler_List", {"clientId": CLIENT})
    found = [each for each in listed["tasks"] if each.startswith(begin)]
    if len(found) != 1:
        cause = "no task has an id that begins" if not found else f"{len(found)} ids begin"
        raise Failure(f"{cause} with {begin!r}", "`iqrf-trio task list` names them")
    task_id: str = found[0]
    return task_id


def _object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Failure(f"the parameters are no JSON ({error})") from None
    if not isinstance(value, dict):
        raise Failure("the parameters are no JSON object, {...}")
    return value


def _time(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.every is not None:
        return _NO_TIME | {"periodic": True, "period": arguments.every}
    if arguments.at is not None:
        return _NO_TIME | {"exactTime": True, "startTime": arguments.at}
    return _NO_TIME | {"cronTime": arguments.cron}


def _when(spec: dict[str, Any]) -> str:
    if spec["periodic"]:
        return f"every {spec['period']} s"
    if spec["exactTime"]:
        return f"at {spec['startTime']}"
    fields = spec["cronTime"]
    return fields if isinstance(fields, str) else " ".join(fields)


def _moment(unix: float | None) -> str:
    """A moment in local time, to the second."""
    if unix is None:
        return "-"
    return datetime.fromtimestamp(unix).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _outcome(run: dict[str, Any] | None) -> str:
    if run is None:
        return "-"
    if run["ended"] is None:
        return "running"
    return run["trouble"] or ("ok" if run["status"] == 0 else f"status {run['status']}")
