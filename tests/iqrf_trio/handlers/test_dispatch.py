"""From text to answer: the conformance rows of the dispatcher, and what holds for every request.

Rows E, F, R and D are named after those of the reference. Decided otherwise, or elsewhere:

- E1, E3, D3: status, statusStr, members and the offset as there; the words of `error` are ours.
- D9: iqrfSensorData_Start is a management request, so it is answered at once as well.
- D14: there is no exclusive access that a reading could fail to get; it queues for the radio.
- D15, D16, D17: tests of the sensor worker.
- D19: there is no MQTT; the row is tested with a WebSocket client's message.
- D20: infoDaemon_Enumerate is no type of this gateway and refused like any other.
- Q1 to Q6: tests of the scheduler. There are no rows D2, D6, D12 and D18.
"""

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
import trio.testing

from iqrf_trio.handlers import dispatch
from iqrf_trio.handlers.exchange import MAX_ANSWER
from iqrf_trio.store import DATABASE_NAME, StoreError, tokens
from iqrf_trio.store.sqlite import opened, transact
from protocol.api.family import request_of
from protocol.api.message import parse
from protocol.api.registry import REGISTRY
from protocol.auth.rights import Rights, Scope
from protocol.dpa.errors import DpaTimeoutError
from protocol.network.network import Device, Network
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind, QueueClosed
from protocol.queue.tallies import Fate, Series
from tests.iqrf_trio.house import ask, authenticated, heard, house, request
from tests.protocol.api.test_registry import GOOD

from .caller import Caller

RAW = {"rData": "00.00.06.03.ff.ff"}
RAW_TO_NODE_3 = {"rData": "03.00.06.03.ff.ff"}
INS_ID = "iqrfgd2-default"


@asynccontextmanager
async def caller(path: Path, *sets: str, speed: float = 0) -> AsyncIterator[Caller]:
    """A client of a gateway on twelve simulated nodes."""
    async with house(path, *sets, speed=speed) as home:
        yield Caller(home.gateway)


# --- bad input --------------------------------------------------------------------------------


async def test_e1_no_json(tmp_path: Path) -> None:
    text = '{\n      "mType: "invalid_json"\n    }'
    async with caller(tmp_path) as client:
        data = client.refused(text)
    assert data["msgId"] == "unknown"
    assert data["rsp"]["message"] == text
    assert data["rsp"]["offset"] == 17
    assert data["rsp"]["error"]
    assert (data["status"], data["statusStr"]) == (2, "Failed to parse JSON message.")


async def test_e2_no_mtype(tmp_path: Path) -> None:
    body = {"msgId": "test_missing_mtype", "timeout": 1000, "req": RAW, "returnVerbose": True}
    text = json.dumps({"data": body})
    async with caller(tmp_path) as client:
        assert client.refused(text) == {
            "msgId": "test_missing_mtype",
            "rsp": {"message": text},
            "status": 3,
            "statusStr": "mType missing in JSON message.",
            "insId": INS_ID,
        }


async def test_e3_a_member_is_missing(tmp_path: Path) -> None:
    text = request("iqrfRaw", {}, msgId="test_invalid_message", timeout=1000, returnVerbose=True)
    async with caller(tmp_path) as client:
        data = client.refused(text)
    assert data["msgId"] == "test_invalid_message"
    assert data["rsp"] == {"message": text, "error": "data.req.rData: required member is missing"}
    assert (data["status"], data["statusStr"]) == (4, "Failed to validate JSON message contents.")


async def test_f1_no_room_for_management(tmp_path: Path) -> None:
    sets = "queue.management_capacity=0", "queue.network_capacity=0"
    async with caller(tmp_path, *sets) as client:
        text = request("mngDaemon_Version", msgId="test_full_management_queue", returnVerbose=True)
        assert client.refused(text) == {
            "msgId": "test_full_management_queue",
            "rsp": {"ignoredMessage": "mngDaemon_Version", "capacity": 0},
            "status": 6,
            "statusStr": "Management queue is full.",
            "insId": INS_ID,
        }
        data = client.refused(request("iqrfRaw", RAW))
        assert data["rsp"] == {"ignoredMessage": "iqrfRaw", "capacity": 0}
        assert (data["status"], data["statusStr"]) == (8, "Network queue is full.")


async def test_r1_what_the_coordinator_says_unasked(tmp_path: Path) -> None:
    frame = "00.00.ff.3f.00.00.00.00.28.02.00.fd.26.00.00.00.00.00.00.01"
    async with house(tmp_path) as home, authenticated(home) as connection:
        home.mesh.emit(bytes.fromhex(frame.replace(".", "")))
        assert await connection.receive() == (
            '{"mType":"iqrfRaw","data":{"msgId":"async","rsp":{"rData":"' + frame + '"},'
            '"status":0,"insId":"iqrfgd2-default"}}'
        )


async def test_d1_a_type_that_there_is_not(tmp_path: Path) -> None:
    text = '{"mType":"nope","data":{"msgId":"a"}}'
    async with caller(tmp_path) as client:
        data = client.refused(text)
    assert (data["msgId"], data["status"]) == ("a", 1)
    assert data["rsp"] == {"message": text, "error": "Unsupported message type: nope"}


async def test_d3_a_member_too_many(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = client.refused(request("mngDaemon_Version", extra=1))
    assert data["status"] == 4
    assert data["rsp"]["error"].startswith("data")
    assert "extra" in data["rsp"]["error"]


async def test_d4_an_answer_that_is_not_verbose(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = await client.ask("mngDaemon_Version")
    assert list(data) == ["msgId", "rsp", "status", "insId"]
    assert list(data["rsp"]) == ["version"]


async def test_d11_a_value_out_of_range(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = client.refused(request("iqrfSensorData_SetConfig", {"period": 0}))
    assert (data["status"], data["rsp"]["error"]) == (
        4,
        "data.req.period: must be at least 1, not 0",
    )


async def test_d19_authentication_where_none_is_due(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = client.refused('{"type": "auth", "token": "iqrfgd2;1;secret"}')
    assert data == {
        "msgId": "auth",
        "rsp": {"error": "Received a duplicate or unexpected auth message."},
        "status": 9,
        "statusStr": "Unexpected auth message.",
        "insId": INS_ID,
    }


async def test_d20_a_type_of_older_gateways(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = client.refused(request("infoDaemon_Enumerate", {"command": "now"}))
    assert data["status"] == 1
    assert data["rsp"]["error"] == (
        "Unsupported message type: infoDaemon_Enumerate; a known message, not answered by this "
        "gateway; use iqrfDb_Enumerate"
    )


async def test_an_echo_is_bounded(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        data = client.refused(request("nope", msgId="x" * 60_000))
    assert len(data["rsp"]["message"]) < 1100


# --- the lanes --------------------------------------------------------------------------------


async def test_d5_a_pause_keeps_requests_in_order(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        assert (await client.ask("mngDaemon_StopNetworkQueue"))["status"] == 0
        for name in "abc":
            client.send("iqrfRaw", RAW, msgId=name)
        assert (await client.ask("mngDaemon_Version"))["status"] == 0
        assert client.gateway.scheduler.network_waiting == 3
        assert (await client.ask("mngDaemon_StartNetworkQueue", msgId="start"))["msgId"] == "start"
        assert [(await client.next())["data"]["msgId"] for _ in "abc"] == ["a", "b", "c"]


async def test_d7_a_stop_is_answered_after_the_request_under_way(tmp_path: Path) -> None:
    async with caller(tmp_path, speed=1) as client:
        client.send("iqrfRaw", RAW_TO_NODE_3, msgId="raw")
        while client.gateway.scheduler.network_waiting:
            await trio.lowlevel.checkpoint()
        client.send("mngDaemon_StopNetworkQueue", msgId="stop")
        assert (await client.ask("mngDaemon_Version", msgId="version"))["msgId"] == "version"
        assert [(await client.next())["data"]["msgId"] for _ in range(2)] == ["raw", "stop"]


async def test_d8_twice_is_once(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        for mtype in ("mngDaemon_StopNetworkQueue", "mngDaemon_StartNetworkQueue"):
            for _ in range(2):
                data = await client.ask(mtype)
                assert list(data) == ["msgId", "status", "statusStr", "insId"]
                assert (data["status"], data["statusStr"]) == (0, "ok")


async def test_d9_a_pause_does_not_hold_management_up(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        await client.ask("mngDaemon_StopNetworkQueue")
        for mtype in ("iqrfSensorData_Status", "iqrfSensorData_Start", "iqrfSensorData_Stop"):
            client.send(mtype)
            assert client.heard.pop()["mType"] == mtype  # at once


async def test_d10_invoke_asks_the_worker_for_what_it_can_do(tmp_path: Path) -> None:
    async with caller(tmp_path, "sensor_data.async_reports=false") as client:
        assert (await client.ask("iqrfSensorData_Invoke"))["status"] == 1003
        await client.ask("mngDaemon_StopNetworkQueue")
        await client.ask("iqrfSensorData_Start")
        assert (await client.ask("iqrfSensorData_Invoke"))["status"] == 1004
        await client.ask("mngDaemon_StartNetworkQueue")
        while (await client.ask("iqrfSensorData_Status"))["rsp"]["reading"]:
            await trio.lowlevel.checkpoint()
        assert (await client.ask("iqrfSensorData_Invoke"))["status"] == 0


async def test_a_start_right_behind_a_stop_leaves_the_queue_running(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        for turn in range(20):
            await connection.send(request("mngDaemon_StopNetworkQueue", msgId="stop"))
            await connection.send(request("mngDaemon_StartNetworkQueue", msgId="start"))
            await connection.send(request("iqrfRaw", RAW, msgId="raw"))
            said = [(await heard(connection))["msgId"] for _ in range(3)]
            assert said == ["stop", "start", "raw"], turn


async def test_a_request_right_behind_a_stop_is_held_back(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        for turn in range(20):
            client.send("mngDaemon_StopNetworkQueue", msgId="stop")
            await trio.lowlevel.checkpoint()  # as between two messages of a connection
            client.send("iqrfRaw", RAW, msgId="raw")
            assert (await client.next())["data"]["msgId"] == "stop", turn
            assert (await client.ask("mngDaemon_StartNetworkQueue"))["status"] == 0
            assert (await client.next())["data"]["msgId"] == "raw"


@pytest.mark.parametrize("capacity", [0, 1, 32])
async def test_pauses_that_wait_take_no_place_and_are_never_refused(
    capacity: int, tmp_path: Path
) -> None:
    async with caller(tmp_path, f"queue.management_capacity={capacity}", speed=1) as client:
        gateway, other = client.gateway, Caller(client.gateway)
        client.send("iqrfRaw", RAW_TO_NODE_3, msgId="raw")
        while gateway.scheduler.network_waiting:
            await trio.lowlevel.checkpoint()
        for number in range(100):
            client.send("mngDaemon_StopNetworkQueue", msgId=str(number))
        assert gateway.scheduler.management_running == 0
        assert not client.heard
        status = (await other.ask("mngDaemon_Version")).get("status")
        assert status == (0 if capacity else 6)
        said = [(await client.next())["data"] for _ in range(101)]
        assert [data["msgId"] for data in said] == ["raw", *map(str, range(100))]
        assert {data["status"] for data in said} == {0}


async def test_a_full_lane_takes_pauses_and_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, go_on = "iqrfSensorData_SetConfig", trio.Event()

    async def slow(*_: object) -> None:
        await go_on.wait()

    monkeypatch.setattr(dispatch, "HANDLERS", {**dispatch.HANDLERS, REGISTRY[change]: slow})
    async with caller(tmp_path, "queue.management_capacity=1") as client:
        client.send(change, {})
        assert (await client.ask("mngDaemon_Version"))["status"] == 6
        for mtype in ("mngDaemon_StopNetworkQueue", "mngDaemon_StartNetworkQueue"):
            assert (await client.ask(mtype))["status"] == 0
        go_on.set()


async def test_a_start_ends_the_wait_of_everybody_who_asked_for_a_pause(tmp_path: Path) -> None:
    async with caller(tmp_path, speed=1) as client:
        gateway, other = client.gateway, Caller(client.gateway)
        client.send("iqrfRaw", RAW_TO_NODE_3, msgId="raw")
        while gateway.scheduler.network_waiting:
            await trio.lowlevel.checkpoint()
        client.send("mngDaemon_StopNetworkQueue", msgId="stop")
        assert (await other.ask("mngDaemon_StartNetworkQueue", msgId="start"))["status"] == 0
        assert gateway.scheduler.on_air
        assert not gateway.scheduler.paused
        said = [(await client.next())["data"]["msgId"] for _ in range(2)]
        assert said == ["stop", "raw"]


async def test_pauses_of_clients_that_left_do_not_pile_up(tmp_path: Path) -> None:
    async with caller(tmp_path, speed=1) as client:
        gateway = client.gateway
        client.send("iqrfRaw", RAW_TO_NODE_3, msgId="raw")
        while gateway.scheduler.network_waiting:
            await trio.lowlevel.checkpoint()
        for _ in range(50):
            passing = Caller(gateway)
            passing.send("mngDaemon_StopNetworkQueue")
            passing.live = False
        assert gateway.dropped == 49
        client.send("mngDaemon_StopNetworkQueue")
        assert gateway.dropped == 50


async def test_what_is_asked_behind_a_change_is_answered_behind_it(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        for period in (5, 7):
            client.send("iqrfSensorData_SetConfig", {"period": period}, msgId="set")
            client.send("iqrfSensorData_GetConfig", msgId="get")
            client.send("mngDaemon_Version", msgId="version")
            said = [(await client.next())["data"] for _ in range(3)]
            assert [data["msgId"] for data in said] == ["set", "get", "version"]
            assert said[1]["rsp"]["period"] == period


async def test_a_change_keeps_no_other_client_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, go_on = "iqrfSensorData_SetConfig", trio.Event()

    async def slow(*_: object) -> None:
        await go_on.wait()

    monkeypatch.setattr(dispatch, "HANDLERS", {**dispatch.HANDLERS, REGISTRY[change]: slow})
    async with house(tmp_path) as home, authenticated(home) as first, authenticated(home) as second:
        await first.send(request(change, {}))
        await first.send(request("mngDaemon_Version", msgId="behind"))
        assert (await ask(second, "mngDaemon_Version", msgId="beside"))["msgId"] == "beside"
        go_on.set()
        assert (await heard(first))["msgId"] == "behind"


async def test_a_change_that_fails_or_is_refused_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    change = "iqrfSensorData_SetConfig"
    monkeypatch.setattr(dispatch, "HANDLERS", {**dispatch.HANDLERS, REGISTRY[change]: fail})
    with caplog.at_level(logging.CRITICAL):
        async with caller(tmp_path, "queue.management_capacity=1") as client:
            client.send(change, {})
            client.send("mngDaemon_Version", msgId="too many")
            assert (await client.next())["data"]["status"] == 6
            assert (await client.next())["data"]["status"] == 1
            while client.gateway.scheduler.management_running:
                await trio.lowlevel.checkpoint()
            client.send("mngDaemon_Version", msgId="at once")
            assert client.heard.pop()["data"]["msgId"] == "at once"


async def test_d13_settings_outlive_the_process(tmp_path: Path) -> None:
    for change in ({"period": 5}, {}):
        async with caller(tmp_path) as client:
            assert (await client.ask("iqrfSensorData_SetConfig", change))["status"] == 0
            assert (await client.ask("iqrfSensorData_GetConfig"))["rsp"]["period"] == 5


async def test_management_is_answered_while_the_radio_is_leased(tmp_path: Path) -> None:
    async with caller(tmp_path) as client, client.gateway.scheduler.lease(Priority.PROCEDURE):
        client.send("iqrfRaw", RAW)
        assert (await client.ask("mngDaemon_Version", msgId="v"))["msgId"] == "v"
        assert not client.heard


async def test_a_lease_is_waited_for_so_long_and_not_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "LEASE_PATIENCE_S", 0.05)
    async with caller(tmp_path) as client:
        async with client.gateway.scheduler.lease(Priority.PROCEDURE):
            data = await client.ask("iqrfRaw", RAW, msgId="a")
            assert (data["status"], data["statusStr"]) == (-8, "ERROR_IFACE_EXCLUSIVE_ACCESS")
            assert (data["msgId"], data["rsp"]) == ("a", {"rData": ""})
        assert (await client.ask("iqrfRaw", RAW))["status"] == 0


# --- whatever happens, one answer --------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "mtype", "status"),
    [
        (ZeroDivisionError(), "messageError", 1),
        (QueueClosed("closed"), "messageError", 1),
        (StoreError("disk full"), "iqrfRaw", -1),
        (DpaTimeoutError(), "iqrfRaw", -1),
    ],
)
async def test_a_handler_that_raises_is_answered_for(
    error: Exception,
    mtype: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(dispatch, "HANDLERS", {**dispatch.HANDLERS, REGISTRY["iqrfRaw"]: fail})
    with caplog.at_level(logging.CRITICAL):
        async with caller(tmp_path) as client:
            client.send("iqrfRaw", RAW)
            answer = await client.next()
            assert (answer["mType"], answer["data"]["status"]) == (mtype, status)
            assert (await client.ask("mngDaemon_Version", msgId="v"))["msgId"] == "v"


async def test_an_answer_whose_client_has_gone_is_dropped_and_counted(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        await client.ask("mngDaemon_StopNetworkQueue")
        client.send("iqrfRaw", RAW)
        client.live = False
        client.gateway.scheduler.resume()
        while not client.gateway.figures().dropped:
            await trio.lowlevel.checkpoint()
        series = Series(Lane.NETWORK, Kind.REQUEST, Priority.INTERACTIVE)
        assert client.gateway.figures().requests[series].fates[Fate.ANSWERED] == 1
        assert client.gateway.figures().dropped == 1


async def test_a_handler_cut_short_by_the_shutdown_is_answered_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(*_: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(dispatch, "HANDLERS", {**dispatch.HANDLERS, REGISTRY["iqrfRaw"]: endless})
    async with caller(tmp_path) as client:
        client.gateway.scheduler.shutdown.grace_s = 0.05
        client.send("iqrfRaw", RAW)
        await trio.testing.wait_all_tasks_blocked()
        assert client.gateway.scheduler.on_air
    (answer,) = client.heard
    assert (answer["mType"], answer["data"]["status"]) == ("messageError", 1)
    assert answer["data"]["rsp"]["error"] == "The gateway is shutting down."


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_each_request_has_one_answer(seed: int, tmp_path: Path) -> None:
    """Four clients ask, pause, resume and leave as they like, until the gateway is stopped."""
    random = Random(seed)
    sent: list[tuple[Caller, str]] = []
    async with house(tmp_path, "queue.network_capacity=5") as home:
        clients = [Caller(home.gateway) for _ in range(4)]
        for number in range(300):
            client = random.choice(clients)
            sent.append((client, str(number)))
            match random.randrange(12):
                case 0:
                    client.live = not client.live
                    client.send("mngDaemon_Version", msgId=str(number))
                case 1:
                    client.send("mngDaemon_StopNetworkQueue", msgId=str(number))
                case 2 | 3:
                    client.send("mngDaemon_StartNetworkQueue", msgId=str(number))
                case 4:
                    client.send("iqrfRaw", {"rData": "?"}, msgId=str(number))
                case 5:
                    await trio.lowlevel.checkpoint()
                    client.send("iqrfSensorData_Status", msgId=str(number))
                case _:
                    client.send("iqrfRaw", random.choice([RAW, RAW_TO_NODE_3]), msgId=str(number))
    answers = Counter((id(c), m["data"]["msgId"]) for c in clients for m in c.heard)
    assert set(answers) <= {(id(client), name) for client, name in sent}
    assert set(answers.values()) == {1}
    assert answers.total() + home.gateway.dropped == len(sent)


async def test_all_that_happened_is_counted_in_one_place(tmp_path: Path) -> None:
    async with caller(tmp_path, "queue.network_capacity=1") as client:
        await client.ask("iqrfRaw", RAW)
        client.refused("no JSON")
        client.refused("[]")
        await client.ask("mngDaemon_StopNetworkQueue")
        client.send("iqrfRaw", RAW)
        client.refused(request("iqrfRaw", RAW))
        figures = client.gateway.figures()
        assert figures.refused == {2: 1, 4: 1, 8: 1}
        requests: Any = figures.requests[Series(Lane.NETWORK, Kind.REQUEST, Priority.INTERACTIVE)]
        assert (requests.accepted, requests.fates[Fate.ANSWERED]) == (2, 1)
        assert requests.fates[Fate.FULL] == 1
        assert requests.waited.count == requests.ran.count == 1


# --- rights -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mtype", sorted(REGISTRY))
@pytest.mark.parametrize("scope", Scope)
async def test_a_scope_that_does_not_include_a_request_is_told(
    mtype: str, scope: Scope, tmp_path: Path
) -> None:
    row = REGISTRY[mtype]
    message = parse(request(mtype, GOOD.get(mtype, {}) if row.parameters else None))
    needed = row.rights_for(request_of(row, message))
    if scope.includes(needed.scope) or row.family.rights_asked_by_handler:
        return
    async with caller(tmp_path) as client:
        client.rights = Rights(scope)
        client.say(message.text)
        (answer,) = client.heard
        assert (answer["mType"], answer["data"]["msgId"]) == (mtype, "test")
        assert answer["data"]["status"] == -1
        told = answer["data"].get("errorStr") or answer["data"]["statusStr"]
        assert told == (
            f"The token's scope is {scope.value}, this takes the scope {needed.scope.value}."
        )


async def test_an_answer_that_is_too_long_says_to_ask_for_fewer_devices(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        await noted(client, MAX_ANSWER // 3)
        everything = await client.ask("iqrfDb_GetDevices", {})
        assert everything["status"] == -1
        assert everything["statusStr"].endswith("may be sent; ask for fewer devices.")
        some = await client.ask("iqrfDb_GetDevices", {"addresses": [1, 2]})
        assert [device["address"] for device in some["rsp"]["devices"]] == [1, 2]
        fewer = await client.ask("iqrfDb_GetDeviceMetadata", {"devices": [1, 2, 3]})
        assert fewer["status"] == -1
        assert "ask for fewer devices" in fewer["statusStr"]
        assert (await client.ask("iqrfDb_GetDeviceMetadata", {"devices": [3]}))["status"] == 0


async def noted(client: Caller, size: int) -> None:
    """Three devices with so many bytes of metadata each, as an import can bring them."""
    note = {"note": "x" * size}
    network = Network.of(Device(number, number, metadata=note) for number in (1, 2, 3))
    await client.gateway.store.save_network(network)


async def test_an_answer_without_room_is_a_short_one(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway)
        await noted(client, 100_000)
        client.room = 50_000
        data = await client.ask("iqrfDb_GetDevices", {}, msgId="a")
        assert (data["msgId"], data["status"]) == ("a", -1)
        assert data["statusStr"].startswith(
            "More is waiting to be sent to clients than there is room"
        )
        assert (await client.ask("iqrfDb_GetDevices", {"brief": True}))["status"] == 0
        client.room = 0
        assert client.refused("x" * 60_000)["status"] == 2


CHANGES = [
    pytest.param(Rights(Scope.READ), "The token's scope is read", id="a smaller scope"),
    pytest.param(None, None, id="the session ended"),
]


@pytest.mark.parametrize(("rights", "told"), CHANGES)
@pytest.mark.parametrize(
    ("mtype", "req"), [("iqrfRaw", RAW_TO_NODE_3), ("iqmeshNetwork_Backup", {"deviceAddr": 3})]
)
async def test_rights_are_asked_again_when_the_turn_comes(
    mtype: str, req: object, rights: Rights | None, told: str | None, tmp_path: Path
) -> None:
    async with caller(tmp_path) as client:
        gateway, other = client.gateway, Caller(client.gateway)
        await gateway.scheduler.pause()
        client.send(mtype, req)
        sent = gateway.figures().radio.transactions
        if rights is None:
            client.live = False
        else:
            client.rights = rights
        gateway.scheduler.resume()
        await other.ask("iqrfRaw", RAW)
        await trio.testing.wait_all_tasks_blocked()
        assert gateway.figures().radio.transactions == sent + 1
        if told is None:
            assert not client.heard
            return
        (answer,) = client.heard
        assert answer["data"]["status"] == -1
        assert told in (answer["data"].get("errorStr") or answer["data"]["statusStr"])


async def test_service_mode_holds_for_requests_that_wait_already(tmp_path: Path) -> None:
    async with caller(tmp_path) as client:
        technician = Caller(client.gateway, Rights(Scope.CONTROL, service=True))
        await client.gateway.scheduler.pause()
        client.send("iqrfRaw", RAW)
        technician.send("iqrfRaw", RAW)
        assert (await technician.ask("mngDaemon_Mode", {"operMode": "service"}))["status"] == 0
        client.gateway.scheduler.resume()
        assert (await client.next())["data"]["status"] == -8
        assert (await technician.next())["data"]["status"] == 0


async def test_who_left_gives_the_places_back(tmp_path: Path) -> None:
    async with (
        house(tmp_path, "queue.network_capacity=4") as home,
        authenticated(home) as staying,
    ):
        await ask(staying, "mngDaemon_StopNetworkQueue")
        async with authenticated(home) as leaving:
            for _ in range(3):
                await leaving.send(request("iqrfRaw", RAW))
            await staying.send(request("iqrfRaw", RAW))
            await ask(leaving, "mngDaemon_Version")
            assert home.gateway.scheduler.network_waiting == 4
        while home.gateway.scheduler.network_waiting > 1:
            await trio.lowlevel.checkpoint()
        await ask(staying, "mngDaemon_StartNetworkQueue")
        assert (await heard(staying))["status"] == 0
        series = Series(Lane.NETWORK, Kind.REQUEST, Priority.INTERACTIVE)
        fates = home.gateway.figures().requests[series].fates
        assert (fates[Fate.WITHDRAWN], fates[Fate.ANSWERED]) == (3, 1)


async def test_a_token_that_was_revoked_puts_nothing_on_the_air(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as home,
        authenticated(home) as revoked,
    ):
        await home.gateway.scheduler.pause()
        await revoked.send(request("iqrfRaw", RAW))
        await ask(revoked, "mngDaemon_Version")
        sent = home.gateway.figures().radio.transactions
        revoke = partial(tokens.revoke, token_id=1, at=datetime.now(UTC))
        with opened(tmp_path / DATABASE_NAME) as connection:
            transact(connection, revoke)
        assert json.loads(await revoked.receive())["type"] == "auth_error"
        assert home.gateway.scheduler.network_waiting == 0
        home.gateway.scheduler.resume()
        await Caller(home.gateway).ask("iqrfRaw", RAW)
        assert home.gateway.figures().radio.transactions == sent + 1
