"""The JSON API over a real broker: our topics, and those of the older gateway."""

import json
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.edges.mqtt import Incoming
from iqrf_trio.services.token_watch import POLL_S
from iqrf_trio.simulator.counters import Kind
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.store.sqlite import connect
from tests.iqrf_trio.house import authenticated, house, request
from tests.iqrf_trio.mqtt.broker import (
    Broker,
    Listener,
    listening,
    mosquitto,
    needs_clients,
    needs_mosquitto,
    settings_for,
    until,
)

pytestmark = [needs_mosquitto, pytest.mark.slow]

OLD = ("Iqrf/DpaRequest", "Iqrf/DpaResponse")
OLD_SETS = (f"mqtt.request_topic={OLD[0]}", f"mqtt.response_topic={OLD[1]}", "mqtt.scope=manage")


def answer(message: Incoming) -> Any:
    return json.loads(message.payload)


def is_answer(msg_id: str, mtype: str = "") -> Any:
    def found(message: Incoming) -> bool:
        if message.topic.endswith("/status") or not message.payload.startswith(b"{"):
            return False
        told = answer(message)
        data = told.get("data", {})
        return data.get("msgId") == msg_id and (not mtype or told["mType"] == mtype)

    return found


def is_report(reading: bool, message: Incoming) -> bool:
    told = answer(message)
    return (
        told["mType"] == "iqrfSensorData_ReportAsync" and told["data"]["rsp"]["reading"] is reading
    )


def is_error(status: int, message: Incoming) -> bool:
    told = answer(message)
    return (told["mType"], told["data"].get("status")) == ("messageError", status)


async def ask(heard: Listener, mtype: str, req: object = None, msg_id: str = "one") -> Any:
    heard.publish(OLD[0], request(mtype, req, msgId=msg_id))
    return answer(await heard.until(is_answer(msg_id)))


async def test_the_incumbents_topics_carry_unchanged(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), OLD[1]) as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *OLD_SETS) as home,
    ):
        while not heard.heard:
            heard.publish(OLD[0], request("mngDaemon_Version", msgId="first"))
            await trio.sleep(0.2)
        assert answer(heard.heard[0])["data"]["status"] == 0
        raw = await ask(heard, "iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, "raw")
        assert raw["data"]["rsp"]["rData"].startswith("00.00.06.83")
        heard.publish(OLD[0], request("iqrfDb_Enumerate", {"standards": True}, msgId="enum"))
        await heard.until(lambda m: is_answer("enum")(m) and answer(m)["data"]["rsp"]["step"] == 8)
        steps = [answer(m)["data"]["rsp"]["step"] for m in heard.heard if is_answer("enum")(m)]
        assert steps == list(range(9))
        listed = {"type": "mqtt", "instance": "MqttMessaging"}
        changed = {"autoRun": False, "messagingList": [listed]}
        assert (await ask(heard, "iqrfSensorData_SetConfig", changed, "set"))["data"]["status"] == 0
        assert (await ask(heard, "iqrfSensorData_Start", None, "go"))["data"]["status"] == 0
        for reading in (True, False):
            await heard.until(partial(is_report, reading))
        for text, status in (("[]", 4), (b"\xff\x00", 2)):
            heard.publish(OLD[0], text)
            await heard.until(partial(is_error, status))
        assert home.gateway.transceiver.connected


async def test_a_flood_is_answered_to_the_last_request(tmp_path: Path) -> None:
    many = 2000
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), OLD[1]) as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *OLD_SETS, limit_s=120),
    ):
        while not heard.heard:
            heard.publish(OLD[0], request("mngDaemon_Version", msgId="first"))
            await trio.sleep(0.2)
        for number in range(many):
            text = request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, msgId=f"flood {number}")
            heard.publish(OLD[0], text)
            await trio.lowlevel.checkpoint()
        await heard.until(lambda _m: flooded(heard).total() >= many)
        await heard.quiet()
        assert flooded(heard) == {f"flood {number}": 1 for number in range(many)}


@needs_clients
@pytest.mark.parametrize("version", [4, 5])
async def test_a_flood_that_no_acknowledgement_slows_down(version: int, tmp_path: Path) -> None:
    """With QoS 0 the broker hands on all at once, whatever the gateway has taken by then."""
    many = 4000
    raw = {"rData": "00.00.06.03.ff.ff"}
    lines = [request("iqrfRaw", raw, msgId=f"flood {number}") + "\n" for number in range(many)]
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/status", "iqrf/gw1/response/all") as heard,
        house(
            tmp_path,
            f"mqtt.url={broker.url}",
            f"mqtt.version={version}",
            "mqtt.gateway=gw1",
            "mqtt.commands=api",
            limit_s=120,
        ),
    ):
        await heard.topic("iqrf/gw1/status")
        words = ["mosquitto_pub", "-q", "0", "-p", str(broker.port), "-t", "iqrf/gw1/request", "-l"]
        await trio.run_process(words, stdin="".join(lines).encode())
        await heard.until(lambda _m: len(heard.heard) > many)
        await heard.quiet()
        assert flooded(heard) == {f"flood {number}": 1 for number in range(many)}


def flooded(heard: Listener) -> Counter[str]:
    answers = [message for message in heard.heard if not message.topic.endswith("/status")]
    ids = [answer(message)["data"]["msgId"] for message in answers]
    return Counter(each for each in ids if each.startswith("flood"))


async def test_our_topics_answer_to_the_client_that_asked(tmp_path: Path) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets),
    ):
        assert (await heard.topic("iqrf/gw1/status")).payload == b"online"
        heard.publish("iqrf/gw1/request", request("mngDaemon_Version", msgId="a"))
        heard.publish("iqrf/gw1/request/me", request("mngDaemon_Version", msgId="b"))
        first = await heard.until(is_answer("a", "mngDaemon_Version"))
        second = await heard.until(
            lambda m: "response" in m.topic and is_answer("b", "mngDaemon_Version")(m)
        )
        while not first.topic.startswith("iqrf/gw1/response"):
            first = await heard.topic("iqrf/gw1/response/all")
        assert first.topic == "iqrf/gw1/response/all"
        assert second.topic == "iqrf/gw1/response/me"
        # Nobody is let reset anything: the channel has the scope "control".
        heard.publish("iqrf/gw1/request", request("iqrfDb_Reset", {}, msgId="c"))
        refused = await heard.until(lambda m: "response" in m.topic and is_answer("c")(m))
        assert "scope" in refused.payload.decode()


@pytest.mark.parametrize("client", ["", "y" * 65])
async def test_a_client_whose_name_cannot_be_answered_is_told_so(
    client: str, tmp_path: Path
) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/status", "iqrf/gw1/response/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets),
    ):
        assert (await heard.topic("iqrf/gw1/status")).payload == b"online"
        asked = request("mngDaemon_Version", msgId="a")
        heard.publish(f"iqrf/gw1/request/{client}", asked)
        refused = await heard.topic("iqrf/gw1/response/all")
        data = answer(refused)["data"]
        assert (data["msgId"], data["status"]) == ("a", 1)
        assert "64 characters" in data["rsp"]["error"]


async def pub(broker: Broker, topic: str, text: str, *properties: str) -> None:
    """Send a request with properties of MQTT 5."""
    words = ["mosquitto_pub", "-V", "5", "-q", "1", "-p", str(broker.port), "-t", topic, "-m", text]
    for each in properties:
        words += ["-D", "publish", *each.split("=", 1)[0].split(), *each.split("=", 1)[1:]]
    await trio.run_process(words)


@needs_clients
async def test_correlation_data_and_response_topic(tmp_path: Path) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets),
    ):
        await heard.topic("iqrf/gw1/status")
        ours = "iqrf/gw1/response/node-red/1"
        for msg_id, wanted in (("a", ours), ("b", "iqrf/gw1/status"), ("c", ours)):
            text = request("mngDaemon_Version", msgId=msg_id)
            await pub(
                broker,
                "iqrf/gw1/request",
                text,
                f"response-topic={wanted}",
                f"correlation-data=id {msg_id}",
            )
        answers = {}
        for msg_id in "abc":
            found = await heard.until(partial(is_response, msg_id))
            answers[msg_id] = (found.topic, found.correlation)
        assert answers == {
            "a": (ours, b"id a"),
            "b": ("iqrf/gw1/response/all", b"id b"),
            "c": (ours, b"id c"),
        }
        assert {m.payload for m in heard.on("iqrf/gw1/status")} == {b"online"}


@needs_clients
async def test_a_token_for_each_request(tmp_path: Path) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api", "mqtt.require_token=true", "mqtt.scope=read")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets) as home,
    ):
        await heard.topic("iqrf/gw1/status")
        reset = partial(request, "iqrfDb_Reset", {})
        await pub(broker, "iqrf/gw1/request", reset(msgId="none"))
        await pub(broker, "iqrf/gw1/request", reset(msgId="wrong"), "user-property token=x;1;y")
        text = json.dumps({"token": home.token} | json.loads(reset(msgId="member")))
        await pub(broker, "iqrf/gw1/request", text)
        statuses = {}
        for msg_id in ("none", "wrong", "member"):
            found = await heard.until(partial(is_response, msg_id))
            statuses[msg_id] = answer(found)["mType"]
            assert home.token not in found.payload.decode()
        assert statuses == {
            "none": "messageError",
            "wrong": "messageError",
            "member": "iqrfDb_Reset",
        }


def is_response(msg_id: str, message: Incoming) -> bool:
    return "/response/" in message.topic and bool(is_answer(msg_id)(message))


MQTT = [{"type": "mqtt", "instance": "MqttMessaging"}]
HOURLY = {"cronTime": "", "exactTime": False, "periodic": True, "period": 3600, "startTime": ""}


def task(message: str, task_id: str = "b9c7d1a2-1111-4a3b-8c4d-000000000001") -> dict[str, Any]:
    """The parameters of an AddTask; what is sent is a request as text."""
    item = {"messaging": MQTT, "message": json.loads(message)}
    named = {"clientId": "SchedulerMessaging", "taskId": task_id}
    return named | {"task": item, "timeSpec": HOURLY, "persist": True, "enabled": True}


@pytest.mark.parametrize("topics", ["ours", "compatible"])
async def test_the_answers_of_a_task_go_to_the_broker(topics: str, tmp_path: Path) -> None:
    sets = OLD_SETS if topics == "compatible" else ("mqtt.gateway=gw1", "mqtt.commands=api")
    where = OLD[1] if topics == "compatible" else "iqrf/gw1/response/all"
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), where) as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets) as home,
        authenticated(home) as client,
    ):
        version = request("mngDaemon_Version", msgId="stored")
        await client.send(request("mngScheduler_AddTask", task(version), msgId="add"))
        assert json.loads(await client.receive())["data"]["status"] == 0
        told = answer(await heard.until(is_answer("stored")))
        assert (told["mType"], told["data"]["status"]) == ("mngDaemon_Version", 0)
        # The last result stands in the task, wherever its answers go.
        book, task_id = home.gateway.tasks.book, str(task(version)["taskId"])
        first = book.get("SchedulerMessaging", task_id).run
        assert first is not None
        assert first.status == 0


async def test_a_task_is_not_kept_waiting_by_a_broker_that_is_away(tmp_path: Path) -> None:
    async with mosquitto(tmp_path / "broker") as broker:
        await broker.kill()
        async with (
            house(tmp_path, f"mqtt.url={broker.url}", *OLD_SETS) as home,
            authenticated(home) as client,
        ):
            version = request("mngDaemon_Version", msgId="stored")
            await client.send(request("mngScheduler_AddTask", task(version), msgId="add"))
            assert json.loads(await client.receive())["data"]["status"] == 0
            book, task_id = home.gateway.tasks.book, str(task(version)["taskId"])

            def has_run() -> bool:
                run = book.get("SchedulerMessaging", task_id).run
                return run is not None and run.ended is not None and run.status == 0

            await until(has_run)


async def test_what_waits_for_a_token_that_is_revoked_is_refused(tmp_path: Path) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api", "mqtt.require_token=true")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", *sets) as home,
    ):
        await heard.topic("iqrf/gw1/status")
        await home.gateway.scheduler.pause()
        pulse = request("iqrfEmbedLedr_Pulse", {"nAdr": 1, "param": {}}, msgId="pulse")
        heard.publish("iqrf/gw1/request", json.dumps({"token": home.token} | json.loads(pulse)))
        await until(lambda: home.gateway.scheduler.network_waiting > 0)
        number = int(home.token.split(";")[1])
        await home.gateway.store.revoke_token(number, datetime.now(UTC))
        with closing(connect(home.state / DATABASE_NAME)) as other, other:
            other.execute("UPDATE api_token SET owner = owner")  # another program has written
        await trio.sleep(3 * POLL_S)
        home.gateway.scheduler.resume()
        refused = answer(await heard.until(partial(is_response, "pulse")))
        assert "revoked" in json.dumps(refused).lower()
        assert home.mesh.counters.requests[Kind.UNICAST] == 0
