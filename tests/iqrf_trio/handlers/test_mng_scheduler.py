"""mngScheduler_*: the conformance rows, and the faults of another scheduler that ours has not."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from iqrf_trio.edges.websocket import Connection
from iqrf_trio.services.tasks import runner
from iqrf_trio.services.token_watch import POLL_S
from iqrf_trio.simulator.counters import Kind
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import connect, transact
from protocol.auth.rights import Rights, Scope
from protocol.readings.settings import Messaging
from protocol.tasks.task import Item, Task
from protocol.tasks.time_spec import TimeSpec
from tests.iqrf_trio.house import ALL, House, ask, authenticated, heard, house
from tests.schemas import complaint_about_answer

from .caller import Caller

VECTORS = Path(__file__).parents[2] / "vectors" / "tasks" / "rows.jsonl"
ROWS = {row["id"]: row for row in map(json.loads, VECTORS.read_text().splitlines())}

CLIENT = "SchedulerMessaging"
ID, SECOND, THIRD = (f"b9c7d1a2-1111-4a3b-8c4d-{number:012}" for number in (1, 2, 3))
NEVER = {
    "cronTime": "0 0 0 1 1 * *",
    "exactTime": False,
    "periodic": False,
    "period": 0,
    "startTime": "",
}
PERIODIC = NEVER | {"periodic": True, "period": 3600}
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOURLY = NEVER | {"cronTime": "@hourly"}
VERSION = {"mType": "mngDaemon_Version", "data": {"msgId": "stored"}}
WS = [{"type": "ws", "instance": "WebsocketMessaging"}]
MQTT = [{"type": "mqtt", "instance": "MqttMessaging"}]


def new(task_id: str = ID, time: Any = None, **members: Any) -> dict[str, Any]:
    """The parameters of an AddTask."""
    item = {"messaging": WS, "message": VERSION}
    task = {"clientId": CLIENT, "taskId": task_id, "task": item, "timeSpec": time or NEVER}
    return task | {"persist": True, "enabled": True} | members


def of(task_id: str = ID, client: str = CLIENT, **members: Any) -> dict[str, Any]:
    return {"clientId": client, "taskId": task_id, **members}


def foreign(task_id: str) -> Task:
    """A task of a client that only another program could have stored."""
    return Task(
        task_id=task_id,
        client_id="other",
        items=Item((), {}),
        time_spec=TimeSpec("@daily", exact_time=False, periodic=False, period=0, start_time=""),
    )


@asynccontextmanager
async def at_home(path: Path, *sets: str) -> AsyncIterator[tuple[House, Caller]]:
    async with house(path, *sets) as home:
        home.gateway.messagings |= {Messaging("mqtt", "MqttMessaging")}
        yield home, Caller(home.gateway, rights=ALL)


async def ids(client: Caller, of_client: str = CLIENT) -> Any:
    return (await client.ask("mngScheduler_List", {"clientId": of_client}))["rsp"]["tasks"]


async def run_of(client: Caller, task_id: str = ID) -> Any:
    """The last run of a task when it is over."""
    while True:
        told = await client.ask("mngScheduler_GetTask", of(task_id, lastRun=True))
        if told["rsp"]["lastRun"] is not None and told["rsp"]["lastRun"]["ended"] is not None:
            return told["rsp"]["lastRun"]
        await trio.sleep(0.01)


async def until(so: Callable[[], bool]) -> None:
    while not so():
        await trio.lowlevel.checkpoint()


async def added(client: Caller, **members: Any) -> None:
    assert (await client.ask("mngScheduler_AddTask", new(**members)))["status"] == 0


async def _given(row: str, client: Caller, home: House) -> None:
    first = ROWS["sch-add-1"]["request"]["data"]["req"]
    time = first["timeSpec"]
    match row:
        case "sch-get-2":
            first = first | {"timeSpec": time | {"cronTime": "@hourly"}}
        case "sch-get-3":
            start = {"exactTime": True, "startTime": "2030-01-01T12:00:00.5+02:00", "cronTime": ""}
            first = first | {"timeSpec": time | start}
        case "sch-get-4":
            first = first | {"taskId": ID}
        case "sch-start-2" | "sch-stop-2":
            pass
        case "sch-rmall-2":
            home.gateway.tasks.book.load([foreign(ID)], home.gateway.tasks.moment())
            first = first | {"taskId": SECOND}
        case "sch-add-1" | "sch-add-3" | "sch-add-5" | "sch-edit-2" | "sch-start-1" | "sch-rm-2":
            return
    assert (await client.ask("mngScheduler_AddTask", first))["status"] == 0
    if row in {"sch-start-2", "sch-stop-2"}:
        await client.ask("mngScheduler_StopTask", of())


@pytest.mark.parametrize("row", ROWS)
async def test_conformance(row: str, tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client):
        await _given(row, client, home)
        client.say(json.dumps(ROWS[row]["request"]))
        answer = await client.next()
        assert answer == ROWS[row]["response"]
        assert list(answer["data"]) == list(ROWS[row]["response"]["data"])
        assert complaint_about_answer(answer["mType"], answer) is None
        if row == "sch-rmall-2":
            assert await ids(client) == []
            assert await ids(client, "other") == [ID]


# What is wrong with the other scheduler, by number.


async def test_fault_1_an_id_of_another_client_is_taken(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client):
        home.gateway.tasks.book.load([foreign(ID)], home.gateway.tasks.moment())
        refused = await client.ask("mngScheduler_AddTask", new())
        assert refused["errorStr"] == "Cannot schedule task: Task already exists"
        assert (await ids(client), await ids(client, "other")) == ([], [ID])
        assert await home.gateway.store.tasks() == []


async def test_fault_2_no_task_is_renamed_onto_another(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client):
        await added(client, description="first")
        await added(client, task_id=SECOND, description="second")
        edit = new(description="edited") | {"newTaskId": SECOND}
        refused = await client.ask("mngScheduler_EditTask", edit)
        assert refused["errorStr"] == "Cannot edit task: Task already exists"
        stored = {task.task_id: task.description for task in await home.gateway.store.tasks()}
        assert stored == {ID: "first", SECOND: "second"}


async def test_fault_3_only_own_tasks_are_removed(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client):
        await added(client, task_id=SECOND)
        others = [foreign(ID), foreign(THIRD)]
        home.gateway.tasks.book.load(others, home.gateway.tasks.moment())
        assert (await client.ask("mngScheduler_RemoveAll", {"clientId": CLIENT}))["status"] == 0
        assert (await ids(client), await ids(client, "other")) == ([], [ID, THIRD])


@pytest.mark.parametrize("period", [0, -1, 2**62])
async def test_fault_4_an_edited_period_is_checked_too(period: int, tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client):
        await added(client)
        time = NEVER | {"periodic": True, "period": period}
        refused = await client.ask("mngScheduler_EditTask", new(time=time))
        assert refused["status"] == -1
        assert refused["errorStr"].startswith("Cannot edit task: Period must be")
        told = await client.ask("mngScheduler_GetTask", of())
        assert told["rsp"]["timeSpec"]["periodic"] is False


async def test_fault_5_an_edit_that_leaves_the_time_keeps_the_phase(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client):
        periodic = NEVER | {"periodic": True, "period": 3600, "cronTime": ""}
        await added(client, time=periodic)
        await run_of(client)

        async def next_run() -> Any:
            told = await client.ask("mngScheduler_GetTask", of(lastRun=True))
            return told["rsp"]["nextRun"]

        before = await next_run()
        for cron in ("", ["", "", "", "", "", "", ""], "@hourly"):
            edit = new(time=periodic | {"cronTime": cron}, description="other")
            assert (await client.ask("mngScheduler_EditTask", edit))["status"] == 0
            assert await next_run() == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize("client_id", ["JsonMngApi", "other"])
async def test_faults_6_and_7_a_client_that_runs_nothing_is_told(
    client_id: str, tmp_path: Path
) -> None:
    async with at_home(tmp_path) as (_, client):
        refused = await client.ask("mngScheduler_AddTask", new() | {"clientId": client_id})
        assert refused["status"] == -1
        assert "only SchedulerMessaging has tasks" in refused["errorStr"]
        assert await ids(client, client_id) == []


async def test_fault_10_what_never_comes_is_refused_and_does_not_run(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client):
        for cron in ("0 0 0 30 2 * *", "0 0 0 1 1 * 2001"):
            time = NEVER | {"cronTime": cron}
            refused = await client.ask("mngScheduler_AddTask", new(time=time))
            assert "Cron expression error" in refused["errorStr"]
        assert await ids(client) == []


async def test_fault_13_a_message_that_is_not_answered_does_not_stop_other_tasks(
    tmp_path: Path,
) -> None:
    async with at_home(tmp_path) as (_, client):
        await client.ask("mngDaemon_StopNetworkQueue")
        raw = {"mType": "iqrfRaw", "data": {"msgId": "r", "req": {"rData": "00.00.06.03.ff.ff"}}}
        time = NEVER | {"periodic": True, "period": 3600}
        await added(client, time=time, task={"messaging": WS, "message": raw})
        await added(client, task_id=SECOND, time=time)
        assert (await run_of(client, SECOND))["status"] == 0
        told = await client.ask("mngScheduler_GetTask", of(lastRun=True))
        assert told["rsp"]["lastRun"]["ended"] is None
        await client.ask("mngDaemon_StartNetworkQueue")
        assert (await run_of(client))["status"] == 0


async def test_tasks_that_wait_for_the_radio_leave_places_to_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SLOT_S", 0.01)
    async with at_home(tmp_path) as (home, client):
        await client.ask("mngDaemon_StopNetworkQueue")
        req = {"rData": "01.00.06.03.ff.ff"}
        raw = {"mType": "iqrfRaw", "data": {"msgId": "r", "req": req}}
        for number in range(40):
            task_id = f"b9c7d1a2-1111-4a3b-8c4d-{number + 10:012}"
            await added(
                client, task_id=task_id, time=PERIODIC, task=[{"messaging": WS, "message": raw}]
            )
        # A task that needs no radio runs nevertheless.
        await added(client, task_id=SECOND, time=PERIODIC)
        assert (await run_of(client, SECOND))["status"] == 0
        await trio.sleep(0.2)
        assert home.gateway.scheduler.network_waiting <= runner.AT_ONCE
        client.send("iqrfRaw", req, msgId="mine")
        await client.ask("mngDaemon_StartNetworkQueue")
        while (answer := (await client.next())["data"])["msgId"] != "mine":
            pass
        assert answer["status"] == 0


async def test_fault_14_what_came_of_a_run_is_kept_and_told(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client):
        wrong = {"mType": "noSuchMessage", "data": {"msgId": "stored"}}
        items = [{"messaging": WS, "message": message} for message in (wrong, VERSION)]
        await added(client, time=NEVER | {"periodic": True, "period": 3600}, task=items)
        run = await run_of(client)
        assert run["status"] == 1
        assert run["answer"]["data"]["msgId"] == "stored"
        assert run["due"] <= run["began"] <= run["ended"]
        # It does not show where it was not asked for: clients check published schemas.
        told = await client.ask("mngScheduler_GetTask", of())
        assert "lastRun" not in told["rsp"]


# Who gets the answers, and whose rights a task has.


async def test_answers_go_to_the_sessions_of_the_owner_with_the_stored_id(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as owner, authenticated(home) as same:
        stranger = Caller(home.gateway, rights=ALL)
        await ask(owner, "mngScheduler_AddTask", new(time=NEVER | {"periodic": True, "period": 60}))
        for connection in (owner, same):
            answer = await heard(connection)
            assert (answer["msgId"], answer["status"]) == ("stored", 0)
        assert stranger.heard == []


async def test_a_messaging_that_does_not_exist_is_told_and_accepted(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        item = {"messaging": MQTT, "message": VERSION}
        for verbose in (True, False):
            answer = await client.ask(
                "mngScheduler_AddTask",
                new(SECOND if verbose else THIRD, task=item),
                returnVerbose=verbose,
            )
            assert answer["status"] == 0
            assert answer["statusStr"] == "ok; there is no messaging mqtt MqttMessaging"
        assert await ids(client) == [SECOND, THIRD]


async def test_a_task_has_the_rights_of_its_owner_at_the_time_it_runs(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as owner:
        leave = {"mType": "mngDaemon_Exit", "data": {"msgId": "x", "req": {"timeToExit": 0}}}
        item = {"messaging": [], "message": leave}
        await ask(owner, "mngScheduler_AddTask", new(task=item | {"messaging": WS}))
        task = home.gateway.tasks.book.get(CLIENT, ID)
        home.gateway.tasks.book.edit(ID, evolve(task, owner=None), home.gateway.tasks.moment())
        client = Caller(home.gateway, rights=ALL)
        assert (await client.ask("iqrfTrio_RunTask", {"taskId": ID}))["status"] == 0
        run = await run_of(client)
        assert run["status"] == -1
        assert "service permission" in run["answer"]["data"]["errorStr"]


async def test_a_task_of_a_token_that_is_gone_runs_no_more(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client):
        client.token = 4711
        await added(client, time=NEVER | {"periodic": True, "period": 1})
        run = await run_of(client)
        assert "not valid any more" in run["trouble"]
        assert (await client.ask("mngScheduler_GetTask", of()))["rsp"]["active"] is False
        assert client.heard == []


PULSE = {"mType": "iqrfEmbedLedr_Pulse", "data": {"msgId": "q", "req": {"nAdr": 1, "param": {}}}}


def pulses(home: House) -> int:
    """How many requests were sent to nodes."""
    return home.mesh.counters.requests[Kind.UNICAST]


async def queued(home: House, owner: Connection, *items: Any) -> None:
    """A task of the owner whose first message waits for the radio."""
    await ask(owner, "mngDaemon_StopNetworkQueue")
    await ask(owner, "mngScheduler_AddTask", new(task=list(items), time=PERIODIC))
    await until(lambda: home.gateway.scheduler.network_waiting > 0)


async def change_token(home: House, change: Callable[[sqlite3.Connection, int], object]) -> None:
    """What the command for tokens does to that of the owner, in another process."""
    number = int(home.token.split(";")[1])
    with closing(connect(home.state / DATABASE_NAME)) as other:
        transact(other, lambda each: change(each, number))
    await trio.sleep(2 * POLL_S)


async def test_what_waits_when_the_owners_token_is_revoked_is_not_carried_out(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        async with authenticated(home) as owner:
            await queued(home, owner, {"messaging": WS, "message": PULSE})
            await change_token(home, lambda db, number: tokens.revoke(db, number, NOW))
        client = Caller(home.gateway, rights=ALL)
        await client.ask("mngDaemon_StartNetworkQueue")
        run = await run_of(client)
        assert "not valid any more" in run["trouble"]
        assert run["status"] == -1
        assert "not valid any more" in run["answer"]["data"]["statusStr"]
        assert (await client.ask("mngScheduler_GetTask", of()))["rsp"]["active"] is False
        assert pulses(home) == 0


async def test_the_rest_of_a_run_is_not_sent_when_the_owners_token_is_revoked(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        async with authenticated(home) as owner:
            item = {"messaging": WS, "message": PULSE}
            await queued(home, owner, item, item, item)
            with closing(connect(home.state / DATABASE_NAME)) as other:
                number = int(home.token.split(";")[1])
                transact(other, lambda each: tokens.revoke(each, number, NOW))
            # At once, before anybody has looked at the token: the first one still goes out.
            home.gateway.scheduler.resume()
            run = await run_of(Caller(home.gateway, rights=ALL))
        assert "not valid any more" in run["trouble"]
        assert pulses(home) <= 1


async def test_a_token_that_is_rotated_while_a_task_waits_takes_it_along(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        async with authenticated(home) as owner:
            await queued(home, owner, {"messaging": WS, "message": PULSE})
            await change_token(home, lambda db, number: tokens.rotate(db, number, NOW))
        client = Caller(home.gateway, rights=ALL)
        await client.ask("mngDaemon_StartNetworkQueue")
        run = await run_of(client)
        assert (run["status"], run["trouble"]) == (0, "")
        assert pulses(home) == 1


async def test_a_scope_that_is_taken_away_while_a_task_waits_counts(tmp_path: Path) -> None:
    def lower(connection: sqlite3.Connection, number: int) -> None:
        connection.execute("UPDATE api_token SET scope = 'read' WHERE id = ?", (number,))

    async with house(tmp_path) as home:
        async with authenticated(home) as owner:
            await queued(home, owner, {"messaging": WS, "message": PULSE})
            await change_token(home, lower)
        client = Caller(home.gateway, rights=ALL)
        await client.ask("mngDaemon_StartNetworkQueue")
        run = await run_of(client)
        assert "scope" in run["answer"]["data"]["statusStr"]
        assert pulses(home) == 0


@pytest.mark.parametrize("scope", [Scope.READ, Scope.CONTROL])
async def test_changing_tasks_takes_the_scope_manage(scope: Scope, tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, _):
        client = Caller(home.gateway, rights=Rights(scope, service=True))
        for mtype, req in (
            ("mngScheduler_AddTask", new()),
            ("mngScheduler_EditTask", new()),
            ("mngScheduler_RemoveTask", of()),
            ("mngScheduler_RemoveAll", {"clientId": CLIENT}),
            ("mngScheduler_StartTask", of()),
            ("mngScheduler_StopTask", of()),
            ("iqrfTrio_RunTask", {"taskId": ID}),
        ):
            assert (await client.ask(mtype, req))["status"] == -1
        assert await ids(client) == []


# Over a restart.


async def test_persistent_tasks_survive_a_restart_and_others_do_not(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        await added(client)
        await added(client, task_id=SECOND, persist=False)
        await added(client, task_id=THIRD, enabled=False)
        await client.ask("mngScheduler_StopTask", of())
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        listed = await client.ask("mngScheduler_List", {"clientId": CLIENT, "details": True})
        active = {task["taskId"]: task["active"] for task in listed["rsp"]["tasks"]}
        assert active == {ID: True, THIRD: False}


async def test_a_run_that_the_end_cut_short_is_told_and_not_repeated(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        await client.ask("mngDaemon_StopNetworkQueue")
        raw = {"mType": "iqrfRaw", "data": {"msgId": "r", "req": {"rData": "00.00.06.03.ff.ff"}}}
        once = NEVER | {"exactTime": True, "startTime": "2020-01-01T00:00:00Z"}
        await added(client, time=once, task={"messaging": WS, "message": raw})
        await until(lambda: home.gateway.scheduler.network_waiting > 0)
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        told = (await client.ask("mngScheduler_GetTask", of(lastRun=True)))["rsp"]
        assert told["lastRun"]["trouble"] == "interrupted"
        assert (told["active"], told["nextRun"]) == (False, None)


async def test_fault_8_one_task_that_makes_no_sense_keeps_no_other_from_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        await added(client)
        await added(client, task_id=SECOND)
        for column, wrong in (("time_spec", "{}"), ("items", "[5]"), ("run", '{"x":1}')):
            with closing(sqlite3.connect(home.state / DATABASE_NAME)) as other, other:
                other.execute(f"UPDATE task SET {column} = ? WHERE id = ?", (wrong, ID))
            assert [task.task_id for task in await home.gateway.store.tasks()] == [SECOND]
    assert f"task {ID} makes no sense" in caplog.text


async def test_the_run_of_a_one_shot_task_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        once = NEVER | {"exactTime": True, "startTime": "2020-01-01T00:00:00Z"}
        await added(client, time=once)
        await until(lambda: ID not in home.gateway.tasks.book)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert await home.gateway.store.tasks() == []
    assert f"task {ID} was due once, has run and is removed: status 0" in caplog.text


async def test_nothing_is_written_while_nothing_is_due(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        await added(client)
        store, wal = home.gateway.store, tmp_path / "iqrf-trio.db-wal"
        before = wal.stat().st_size
        for _ in range(20):
            home.gateway.tasks._look()
            await trio.sleep(0.001)
        assert wal.stat().st_size == before
        assert store.trouble is None
