"""Topics for people and dashboards, over a real broker: nodes, values, commands, what is gone."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import frozen

from iqrf_trio.edges.mqtt import Incoming
from tests.iqrf_trio.house import House, ask, authenticated, heard, house, request
from tests.iqrf_trio.mqtt.broker import (
    Broker,
    Listener,
    listening,
    mosquitto,
    needs_mosquitto,
    settings_for,
    until,
)

pytestmark = [needs_mosquitto, pytest.mark.slow]

GATEWAY = "iqrf/gw1"


@frozen(eq=False)
class Scene:
    """A broker, who listens to it, and a gateway that knows its 12 nodes."""

    broker: Broker
    heard: Listener
    home: House

    async def json(self, topic: str, after: int = 0) -> Any:
        """The first message on a topic that is JSON, behind so many of all."""
        return json.loads((await self.heard.topic(f"{GATEWAY}/{topic}", after)).payload)

    async def result(self, topic: str, command: str, payload: object) -> Any:
        """Give a command, and tell what became of it."""
        place = len(self.heard.heard)
        self.heard.publish(f"{GATEWAY}/{command}", payload)
        return await self.json(topic, place)

    @property
    def node(self) -> str:
        """The topic of the first node, without that of the gateway."""
        return f"node/{self.home.gateway.store.network.nodes[0].mid:08x}"


@asynccontextmanager
async def scene(tmp_path: Path, *sets: str, gateway: str = "gw1") -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(mosquitto(tmp_path / "broker"))
        listener = await stack.enter_async_context(listening(settings_for(broker), "#"))
        home = await stack.enter_async_context(
            house(tmp_path, f"mqtt.url={broker.url}", f"mqtt.gateway={gateway}", *sets)
        )
        await enumerated(home)
        yield Scene(broker, listener, home)


async def enumerated(home: House) -> None:
    async with authenticated(home) as client:
        await client.send(request("iqrfDb_Enumerate", {"standards": True}))
        while (await heard(client))["rsp"]["step"] != 8:
            pass


def values_of(message: Incoming) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.payload)["sensors"]
    return found


async def test_nodes_and_their_values(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        info = await it.json(f"{it.node}/info")
        node = it.home.gateway.store.network.nodes[0]
        assert info["address"] == 1
        assert [each["index"] for each in info["sensors"]] == [s.index for s in node.sensors]
        assert (await it.heard.topic(f"{GATEWAY}/{it.node}/availability")).payload == b"online"
        gateway = await it.json("info")
        assert gateway["simulated"] is True
        async with authenticated(it.home) as client:
            assert (await ask(client, "iqrfSensorData_Start"))["status"] == 0
        topic = f"{GATEWAY}/{it.node}"
        full = await it.heard.until(
            lambda m: m.topic == topic and None not in values_of(m).values()
        )
        assert set(values_of(full)) == {str(each.index) for each in node.sensors}
        told = json.loads(full.payload)
        assert isinstance(told["rssi"], int | float)
        assert told["at"]
        state = await it.heard.until(
            lambda m: m.topic == f"{GATEWAY}/state" and json.loads(m.payload)["lastReading"]
        )
        assert json.loads(state.payload)["periodic"] is True


async def test_what_the_broker_keeps_is_everything(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.json(f"{it.node}/info")
        await it.heard.quiet(1.5)
        async with listening(settings_for(it.broker, "late"), "#") as late:
            await late.quiet()
            kept = {message.topic for message in late.heard if message.retained}
        wanted = {f"{GATEWAY}/{name}" for name in ("status", "info", "state")}
        for node in it.home.gateway.store.network.nodes:
            topic = f"{GATEWAY}/node/{node.mid:08x}"
            wanted |= {topic, f"{topic}/info", f"{topic}/availability"}
            wanted |= {f"{topic}/light"} if node.light else set()
        assert kept == wanted


async def test_a_name_is_data(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=api") as it:
        await it.json(f"{it.node}/info")
        told = await it.result(f"{it.node}/result", f"{it.node}/set/name", "Boiler room")
        assert told == {"of": "name", "wanted": "Boiler room", "status": 0, "statusStr": "ok"}
        named = await it.heard.until(
            lambda m: m.topic == f"{GATEWAY}/{it.node}/info" and b"Boiler room" in m.payload
        )
        assert json.loads(named.payload)["name"] == "Boiler room"


async def test_commands_that_cannot_be_carried_out(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=set") as it:
        await it.json(f"{it.node}/info")
        for node, command, payload, reason in (
            ("node/deadbeef", "set/output/0", "ON", "no node has the MID deadbeef"),
            (it.node, "set/output/31", "ON", "outputs"),
            (it.node, "set/name", "x", "mqtt.commands"),
            (it.node, "set/light", b"\xff\xff", ""),
            (it.node, "set/identify", b"x" * 65000, "1024"),
        ):
            told = await it.result(f"{node}/result", f"{node}/{command}", payload)
            assert told["status"] == -1
            assert reason in told["statusStr"]
        told = await it.result("result", "set/read", "PRESS")
        assert told["status"] != 0  # the readings do not run
        told = await it.result("result", "set/reading", "ON")
        assert told["status"] == 0
        assert it.home.gateway.worker.running


async def test_topics_that_mean_nothing_harm_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=api") as it:
        await it.json(f"{it.node}/info")
        strange = (
            f"node/{'7' * 60_000}/set/output/0",
            f"{it.node}/set/output/99999999999",
            f"{it.node}/set/output/-1",
            f"{it.node}/set/output",
            f"{it.node}/set/",
            "node//set/light",
            "set/",
            "set/everything",
            f"request/{'x' * 60_000}",
            "request/",
        )
        place = len(it.heard.heard)
        for topic in strange:
            it.heard.publish(f"{GATEWAY}/{topic}", "ON")
        told = await it.result("result", "set/reading", "ON")
        assert told["status"] == 0
        await it.heard.quiet()
        sent = {f"{GATEWAY}/{topic}" for topic in strange}
        news = [m for m in it.heard.heard[place:] if m.topic not in sent]
        # Clients whose name cannot be part of a topic are answered where all are.
        answers = [m.topic for m in news if "/response/" in m.topic]
        assert answers == [f"{GATEWAY}/response/all"] * 2
        assert [m.topic for m in news if m.topic.endswith("/result")] == [f"{GATEWAY}/result"]
        assert not [m for m in news if m.topic == f"{GATEWAY}/status"], "the link has held"


async def test_answers_of_a_task_go_to_the_broker(tmp_path: Path) -> None:
    messaging = [{"type": "mqtt", "instance": "MqttMessaging"}]
    message = json.loads(request("mngDaemon_Version", msgId="of a task"))
    task = {
        "clientId": "SchedulerMessaging",
        "taskId": "a2e9ee3c-7c0b-4b9e-9a47-52a1b1a9d5b0",
        "timeSpec": {
            "cronTime": ["0", "0", "0", "1", "1", "*", "*"],
            "exactTime": False,
            "periodic": False,
            "period": 0,
            "startTime": "",
        },
        "task": [{"messaging": messaging, "message": message}],
        "persist": False,
        "enabled": False,
    }
    async with scene(tmp_path) as it, authenticated(it.home) as client:
        added = await ask(client, "mngScheduler_AddTask", task)
        assert added["status"] == 0, added
        run = await ask(client, "iqrfTrio_RunTask", {"taskId": added["rsp"]["taskId"]})
        assert run["status"] == 0, run
        answer = await it.json("response/all")
        assert (answer["data"]["msgId"], answer["data"]["status"]) == ("of a task", 0)


async def test_a_retained_command_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=set") as it:
        await it.json(f"{it.node}/info")
        it.heard.publish(f"{GATEWAY}/set/reading", "ON", retain=True)
        told = await it.json("result")
        assert told["statusStr"] == "retained command"
        assert not it.home.gateway.worker.running


async def test_a_command_that_is_refused_is_told_by_its_id(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=set") as it:
        await it.json(f"{it.node}/info")
        wrong = '{"state": "ON", "tiem": 60, "id": "mine"}'
        it.heard.publish(f"{GATEWAY}/{it.node}/set/output/0", wrong)
        told = await it.json(f"{it.node}/result")
        assert (told["status"], told["id"]) == (-1, "mine")


async def test_what_is_gone_is_taken_away(tmp_path: Path) -> None:
    sets = ("mqtt.home_assistant=true",)
    async with scene(tmp_path, *sets) as it:
        await it.json(f"{it.node}/info")
        mid = it.node.removeprefix("node/")
        await it.heard.topic(f"homeassistant/device/iqrf_{mid}/config")
        gone = it.home.gateway.store.network.nodes[0]
        await it.heard.quiet(1.5)
        left = it.home.gateway.store.network
        network = type(left).of(device for device in left if device is not gone)
        await it.home.gateway.store.save_network(network)
        await it.heard.until(
            lambda m: m.topic == f"homeassistant/device/iqrf_{mid}/config" and not m.payload
        )
        await it.heard.quiet(1.5)
        async with listening(settings_for(it.broker, "late"), "#") as late:
            await late.quiet()
            assert not [message.topic for message in late.heard if mid in message.topic]


async def test_a_node_that_goes_while_the_gateway_is_off_is_taken_away(tmp_path: Path) -> None:
    async with mosquitto(tmp_path / "broker") as broker:
        sets = (f"mqtt.url={broker.url}", "mqtt.gateway=gw1")
        async with listening(settings_for(broker), "#") as listener:
            async with house(tmp_path, *sets) as home:
                await enumerated(home)
                mid = home.gateway.store.network.nodes[0].mid
                await listener.topic(f"{GATEWAY}/node/{mid:08x}")
            async with house(tmp_path, "database.enumerate_on_launch=false") as home:
                left = home.gateway.store.network
                await home.gateway.store.save_network(
                    type(left).of(device for device in left if device.mid != mid)
                )
            place = len(listener.heard)
            async with house(tmp_path, "database.enumerate_on_launch=false", *sets):
                for topic in ("", "/info", "/availability"):
                    name = f"{GATEWAY}/node/{mid:08x}{topic}"
                    assert not (await listener.topic(name, place)).payload


async def test_a_gateway_that_is_published_elsewhere_leaves_nothing_behind(tmp_path: Path) -> None:
    async with mosquitto(tmp_path / "broker") as broker:
        sets = (f"mqtt.url={broker.url}", "mqtt.gateway=gw1", "mqtt.home_assistant=true")
        async with listening(settings_for(broker), "#") as listener:
            async with house(tmp_path, *sets) as home:
                await enumerated(home)
                mid = home.gateway.store.network.nodes[0].mid
                await listener.topic(f"{GATEWAY}/node/{mid:08x}")
                await listener.quiet(1.5)
            known = "database.enumerate_on_launch=false"
            other = ("mqtt.prefix=house", "mqtt.discovery_prefix=ha", known)
            async with house(tmp_path, *sets, *other):
                await listener.topic(f"house/gw1/node/{mid:08x}")
                await listener.topic(f"ha/device/iqrf_{mid:08x}/config")
                await listener.quiet(1.5)
                async with listening(settings_for(broker, "late"), "#") as late:
                    await late.quiet()
                    tops = {m.topic.split("/")[0] for m in late.heard if m.retained}
        assert tops == {"house", "ha"}


async def test_two_gateways_share_a_broker(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "#") as listener,
        house(tmp_path / "one", f"mqtt.url={broker.url}") as one,
        house(tmp_path / "two", f"mqtt.url={broker.url}") as two,
    ):
        for home in (one, two):
            await enumerated(home)
        await listener.until(lambda _m: len(status_topics(listener)) == 2)
        await listener.quiet(1.5)
        topics = status_topics(listener)
        assert len(topics) == 2
        for topic in topics:
            assert [message.payload for message in listener.on(topic)] == [b"online"]


def status_topics(listener: Listener) -> set[str]:
    return {message.topic for message in listener.heard if message.topic.endswith("/status")}


async def test_everything_again_when_home_assistant_starts(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.home_assistant=true") as it:
        mid = it.node.removeprefix("node/")
        topic = f"homeassistant/device/iqrf_{mid}/config"
        first = await it.heard.topic(topic)
        await it.heard.quiet(1.5)
        place = len(it.heard.heard)
        it.heard.publish("homeassistant/status", "online")
        again = await it.heard.topic(topic, place)
        assert again.payload == first.payload
        await it.heard.topic(f"{GATEWAY}/{it.node}", place)
        await it.heard.topic("homeassistant/device/iqrf_gateway_gw1/config", place)


async def test_the_cycles_of_an_outage_come_from_the_history(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(mosquitto(tmp_path / "broker"))
        sets = (f"mqtt.url={broker.url}", "mqtt.gateway=gw1")
        home = await stack.enter_async_context(house(tmp_path, *sets))
        await enumerated(home)
        await trio.sleep(2.5)  # the broker is there, and so it has what came until now
        await broker.kill()
        async with authenticated(home) as client:
            assert (await ask(client, "iqrfSensorData_Start"))["status"] == 0
        await until(lambda: bool(home.gateway.worker.measurements.latest.last_cycle))
        await trio.sleep(1.5)
        await broker.start()
        async with listening(settings_for(broker, "after"), f"{GATEWAY}/history") as after:
            filled = json.loads((await after.topic(f"{GATEWAY}/history")).payload)
        mids = {mid for mid, _sensor, _value in filled["values"]}
        assert mids == {f"{node.mid:08x}" for node in home.gateway.store.network.nodes}


async def test_events_are_numbered(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        async with authenticated(it.home) as client:
            assert (await ask(client, "iqrfSensorData_Start"))["status"] == 0
        await it.heard.until(lambda _m: len(it.heard.on(f"{GATEWAY}/event")) >= 2)
        told = [json.loads(message.payload) for message in it.heard.on(f"{GATEWAY}/event")]
        assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
        assert len({each["run"] for each in told}) == 1
        assert all("mType" in each for each in told)


async def test_an_alert_of_a_node_that_falls_silent(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        worker, node = it.home.gateway.worker, it.home.gateway.store.network.nodes[0]
        worker.start()
        await until(lambda: bool(worker.measurements.latest.last_cycle))
        it.home.mesh.node(node.address).online = False
        latest = worker.measurements.latest
        while latest.nodes[node.mid].misses < 2:
            worker.invoke()
            await trio.sleep(0.05)
        alert = await it.json("alert")
        assert (alert["event_type"], alert["address"]) == ("node_silent", node.address)
        assert (alert["mid"], alert["seq"] > 0) == (f"{node.mid:08x}", True)
        silent = await it.heard.until(lambda m: m.payload == b"offline")
        assert silent.topic == f"{GATEWAY}/{it.node}/availability"


async def test_an_output_is_switched(tmp_path: Path) -> None:
    async with scene(tmp_path, "mqtt.commands=set") as it:
        await it.json(f"{it.node}/info")
        network = it.home.gateway.store.network
        relay = next(node for node in network.nodes if node.binary_outputs)
        topic = f"node/{relay.mid:08x}"
        told = await it.result(
            f"{topic}/result", f"{topic}/set/output/0", '{"state": "ON", "id": "me"}'
        )
        assert told == {
            "of": "output/0",
            "wanted": "ON",
            "status": 0,
            "statusStr": "ok",
            "id": "me",
        }
        await it.heard.until(
            lambda m: (
                m.topic == f"{GATEWAY}/{topic}" and json.loads(m.payload)["outputs"]["0"] == "ON"
            )
        )
        told = await it.result(f"{it.node}/result", f"{it.node}/set/identify", "PRESS")
        assert told["of"] == "identify"
        assert told["status"] in {0, 2, 3, 5}  # not every module has it


async def test_outputs_that_others_switch(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        nodes = it.home.gateway.store.network.nodes
        relay = next(node for node in nodes if node.binary_outputs)
        lamp = next(node for node in nodes if node.light)
        topic = f"{GATEWAY}/node/{relay.mid:08x}"
        await it.heard.until(  # asked for after the enumeration
            lambda m: m.topic == topic and json.loads(m.payload)["outputs"]["1"] == "OFF"
        )
        async with authenticated(it.home) as client:
            outputs = [{"index": 1, "state": True}]
            req = {"nAdr": relay.address, "param": {"binOuts": outputs}}
            assert (await ask(client, "iqrfBinaryoutput_SetOutput", req))["status"] == 0
            req = {"nAdr": lamp.address, "param": {"voltage": 4}}
            assert (await ask(client, "iqrfLight_SetLai", req))["status"] == 0
            await it.heard.until(
                lambda m: m.topic == topic and json.loads(m.payload)["outputs"]["1"] == "ON"
            )
            light = f"{GATEWAY}/node/{lamp.mid:08x}/light"
            await it.heard.until(
                lambda m: (
                    m.topic == light and json.loads(m.payload) == {"state": "ON", "brightness": 40}
                )
            )
            reset = {"nAdr": relay.address, "param": {}}
            place = len(it.heard.heard)
            assert (await ask(client, "iqrfEmbedOs_Reset", reset))["status"] == 0
            told = await it.json(f"node/{relay.mid:08x}", place)
            assert told["outputs"]["1"] is None
