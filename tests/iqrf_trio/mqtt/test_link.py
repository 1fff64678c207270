"""The link against a real broker that is killed, encrypted, strict, or was away."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest
import trio

from iqrf_trio.edges.mqtt import MqttConnection, MqttError, MqttSettings, Will, tls_context
from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.shutdown import Shutdown
from protocol.outward.health import Status
from protocol.outward.mqtt.outbox import Kind, Outbox
from tests.iqrf_trio.house import house, request
from tests.iqrf_trio.mqtt.broker import listening, mosquitto, needs_mosquitto, settings_for, until

pytestmark = [needs_mosquitto, pytest.mark.slow]

STATUS = "iqrf/gw1/status"


@asynccontextmanager
async def linked(settings: MqttSettings) -> AsyncIterator[MqttLink]:
    """A link that runs, and is told to end."""
    link = MqttLink(settings, STATUS, Outbox(), Shutdown())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        yield link
        link.end()


async def connected(link: MqttLink, connections: int = 1) -> None:
    await until(lambda: link.connections >= connections and link.up)


async def emptied(link: MqttLink) -> None:
    await until(lambda: link.outbox.empty)


@pytest.mark.parametrize("version", [4, 5])
async def test_a_broker_that_is_killed_for_a_hundred_messages(
    version: Literal[4, 5], tmp_path: Path
) -> None:
    with trio.fail_after(60):
        async with mosquitto(tmp_path / "broker") as broker:
            heard: list[int] = []
            async with linked(settings_for(broker, "gateway", version=version)) as link:
                await connected(link)

                async def say(first: int, last: int) -> None:
                    for number in range(first, last):
                        link.event("iqrf/gw1/event", str(number).encode())
                        link.state(f"iqrf/gw1/s{number % 10}", str(number).encode())
                        await trio.sleep(0.002)

                async with listening(settings_for(broker), "#") as before:
                    await say(0, 50)
                    await emptied(link)
                    await before.quiet()
                    heard += [int(m.payload) for m in before.on("iqrf/gw1/event")]
                await broker.kill()
                await say(50, 150)
                assert not link.up
                await broker.start()
                async with listening(settings_for(broker), "#") as after:
                    await connected(link, 2)
                    await say(150, 200)
                    await emptied(link)
                    await after.quiet()
                    heard += [int(m.payload) for m in after.on("iqrf/gw1/event")]
                    states = {m.topic: int(m.payload) for m in after.heard if "/s1" in m.topic}
                distinct = list(dict.fromkeys(heard))
                assert distinct == list(range(200))
                assert states["iqrf/gw1/s1"] == 191
                assert link.outbox.dropped[Kind.EVENT] == 0


async def test_a_broker_that_falls_silent_is_left_and_tried_again(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with (
            mosquitto(tmp_path / "broker") as broker,
            linked(settings_for(broker, "gateway", keepalive=1)) as link,
        ):
            await connected(link)
            await emptied(link)
            broker.freeze()  # the connection stays, and nothing comes any more
            link.event("iqrf/gw1/event", b"kept")
            await until(lambda: not link.up)
            assert link.reason == "it is silent"
            assert link.check().status is not Status.PASS
            broker.thaw()
            async with listening(settings_for(broker), "#") as after:
                await after.until(lambda m: m.payload == b"kept")
            await connected(link, 2)


async def test_a_gateway_that_stops_is_offline_and_no_will_is_needed(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), STATUS) as heard,
    ):
        will = Will(STATUS, b"dead")
        async with linked(settings_for(broker, "gateway", will=will)) as link:
            await connected(link)
            await emptied(link)
        await heard.until(lambda m: m.payload == b"offline")
        await heard.quiet()
        assert [m.payload for m in heard.heard] == [b"online", b"offline"]


async def test_a_gateway_that_is_cut_off_leaves_its_will(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), STATUS) as heard,
    ):
        will = Will(STATUS, b"offline")
        with trio.CancelScope() as power:
            async with linked(settings_for(broker, "gateway", will=will)) as link:
                await connected(link)
                await emptied(link)
                power.cancel()
                await trio.lowlevel.checkpoint()
        await heard.until(lambda m: m.payload == b"offline")


@pytest.mark.parametrize("version", [4, 5])
async def test_a_command_that_was_sent_meanwhile_is_not_carried_out(
    version: int, tmp_path: Path
) -> None:
    sets = ("mqtt.gateway=gw1", "mqtt.commands=api", f"mqtt.version={version}")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/#") as heard,
    ):
        home_sets = (f"mqtt.url={broker.url}", *sets)
        async with house(tmp_path, *home_sets):
            await heard.topic(STATUS)
        heard.publish("iqrf/gw1/request", request("mngDaemon_Version", msgId="missed"))
        await heard.topic("iqrf/gw1/request")
        place = len(heard.heard)
        async with house(tmp_path, *home_sets):
            await heard.topic(STATUS, place)
            await heard.quiet(1)
            assert not heard.on("iqrf/gw1/response/all")
            heard.publish("iqrf/gw1/request", request("mngDaemon_Version", msgId="now"))
            answer = await heard.topic("iqrf/gw1/response/all")
            assert json.loads(answer.payload)["data"]["msgId"] == "now"


async def test_who_may_publish_what(tmp_path: Path) -> None:
    """The access list of docs/mqtt.md: a gateway by its own id, a dashboard only commands."""
    rules = tmp_path / "acl"
    rules.write_text(
        "user dashboard\n"
        "topic read iqrf/#\n"
        "topic write iqrf/+/node/+/set/#\n"
        "topic write iqrf/+/set/#\n"
        "pattern readwrite iqrf/%u/#\n"
        "pattern write homeassistant/#\n"
    )
    async with (
        mosquitto(tmp_path / "broker", f"acl_file {rules}") as broker,
        listening(settings_for(broker, username="dashboard"), "iqrf/#") as heard,
        linked(settings_for(broker, "a", username="gw1")),
    ):
        await heard.topic(STATUS)
        other = settings_for(broker, "b", username="gw2", version=4)
        await publish(other, STATUS)
        await publish(other, "iqrf/gw1/info")
        await publish(other, "iqrf/gw2/info")
        dashboard = settings_for(broker, "c", username="dashboard", version=4)
        await publish(dashboard, STATUS)
        await publish(dashboard, "iqrf/gw1/request")
        await publish(dashboard, "iqrf/gw1/node/00000001/set/output/0")
        await heard.topic("iqrf/gw1/node/00000001/set/output/0")
        await heard.quiet()
        topics = [message.topic for message in heard.heard]
        assert topics == [STATUS, "iqrf/gw2/info", "iqrf/gw1/node/00000001/set/output/0"]


async def publish(settings: MqttSettings, topic: str) -> None:
    """Publish something on a connection of its own, whether one may or not."""
    acknowledged = trio.Event()
    connection = MqttConnection(settings, lambda _: None, lambda _: acknowledged.set())
    await connection.open()

    async def use() -> None:
        connection.publish(topic, b"something", retain=False)
        await acknowledged.wait()

    with suppress(MqttError):  # some versions of mosquitto cut who may not
        await connection.run(use)


TLS = Path(__file__).parents[2] / "vectors" / "tls"


async def test_tls_with_a_certificate_of_our_own(tmp_path: Path) -> None:
    lines = (
        f"cafile {TLS}/authority.pem",
        f"certfile {TLS}/signed-certificate.pem",
        f"keyfile {TLS}/key.pem",
        "require_certificate true",
        "use_identity_as_username true",
    )
    async with mosquitto(tmp_path / "broker", *lines) as broker:
        files = [str(TLS / name) for name in ("authority.pem", "signed-certificate.pem", "key.pem")]
        good = settings_for(broker, "gateway", tls=tls_context(*files))
        async with linked(good) as link:
            await connected(link)
            link.state("a", bytes(50_000))
            await emptied(link)
        unknown = settings_for(broker, "gateway", tls=tls_context(files[0], "", ""))
        async with linked(unknown) as link:
            await until(lambda: link.reason != "not connected yet")
            assert not link.up


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [("expired-certificate", "expired|not trusted"), ("certificate", "not trusted")],
)
async def test_a_broker_that_is_not_trusted(certificate: str, reason: str, tmp_path: Path) -> None:
    lines = (f"certfile {TLS}/{certificate}.pem", f"keyfile {TLS}/key.pem")
    async with mosquitto(tmp_path / "broker", *lines) as broker:
        trust = tls_context(str(TLS / "authority.pem"), "", "")
        async with linked(settings_for(broker, "gateway", tls=trust)) as link:
            await until(lambda: link.reason != "not connected yet")
            assert re.search(reason, link.reason)
            assert "mqtt.ca" in link.reason


async def test_wrong_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "passwords").write_text("")
    lines = ("allow_anonymous false", f"password_file {tmp_path}/passwords")
    async with mosquitto(tmp_path / "broker", *lines) as broker:
        wrong = settings_for(broker, "gateway", username="me", password="wrong")
        async with linked(wrong) as link:
            await until(lambda: "refused" in link.reason)
            assert "mqtt.password_file" in link.reason or "mqtt.username" in link.reason
            assert "wrong" not in caplog.text.replace("wrong user name", "")
