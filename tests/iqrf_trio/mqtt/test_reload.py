"""SIGHUP while the gateway runs: the broker, HTTP and history as the file says by then."""

import json
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from ssl import get_server_certificate
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import trio

from tests.end_to_end.process import Program, program
from tests.iqrf_trio.mqtt.broker import (
    Broker,
    listening,
    mosquitto,
    needs_mosquitto,
    settings_for,
    until,
)

TLS = Path(__file__).parents[2] / "vectors" / "tls"

pytestmark = [needs_mosquitto, pytest.mark.slow]


def sections(state: Path, mqtt: str = "", more: str = "") -> str:
    """A file for a simulated gateway with these keys of [mqtt]."""
    return (
        f'[gateway]\nstate_dir = "{state}"\n[port]\nkind = "simulator"\n'
        f"[websocket]\nport = 0\n{more}[mqtt]\n{mqtt}\n"
    )


def keys(broker: Broker, gateway: str, *lines: str) -> str:
    return "\n".join((f'url = "{broker.url}"', f'gateway = "{gateway}"', *lines))


@asynccontextmanager
async def running(file: Path, text: str) -> AsyncIterator[Program]:
    """A gateway with a file of this text, once it serves."""
    await trio.Path(file).write_text(text)
    async with program("run", "-c", str(file), cwd=file.parent) as gateway:
        await gateway.line("ready: ")
        yield gateway
        assert await gateway.end(signal.SIGTERM) == 0


async def reload(gateway: Program, file: Path, text: str) -> None:
    """Have the gateway read another text; returns when it has."""
    before = gateway.said.count("reloaded; changed")
    await trio.Path(file).write_text(text)
    gateway.process.send_signal(signal.SIGHUP)
    with trio.move_on_after(20):
        await until(lambda: gateway.said.count("reloaded; changed") > before)
    assert gateway.said.count("reloaded; changed") > before, gateway.said


async def test_the_broker_follows_the_file(tmp_path: Path) -> None:
    file, state = tmp_path / "file.toml", tmp_path / "state"
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "#") as heard,
        running(file, sections(state)) as gateway,
    ):
        assert not heard.heard
        await reload(gateway, file, sections(state, keys(broker, "gw1")))
        assert (await heard.topic("iqrf/gw1/status")).payload == b"online"
        await heard.topic("iqrf/gw1/info")
        # Others by their name, and devices for Home Assistant: the same run, another connection.
        wanted = keys(broker, "gw1", 'prefix = "house"', "home_assistant = true")
        await reload(gateway, file, sections(state, wanted))
        assert (await heard.topic("house/gw1/status")).payload == b"online"
        await heard.until(lambda m: m.topic == "iqrf/gw1/status" and not m.payload)
        told = [m.payload for m in heard.on("iqrf/gw1/status")]
        assert told == [b"online", b"offline", b""]  # and nothing is left there
        await heard.topic("homeassistant/device/iqrf_gateway_gw1/config")
        heard.publish("house/gw1/set/reading", "ON")
        assert json.loads((await heard.topic("house/gw1/result")).payload)["status"] == 0
        await reload(gateway, file, sections(state))
        await heard.until(lambda m: m.topic == "house/gw1/status" and m.payload == b"offline")
        assert "needs a restart" not in gateway.said


async def test_what_cannot_be_used_leaves_the_broker_as_it_was(tmp_path: Path) -> None:
    file, state = tmp_path / "file.toml", tmp_path / "state"
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
        running(file, sections(state, keys(broker, "gw1", 'commands = "set"'))) as gateway,
    ):
        await heard.topic("iqrf/gw1/status")
        bad = keys(broker, "gw2", 'username = "u"', f'password_file = "{tmp_path}/none"')
        await reload(gateway, file, sections(state, bad))
        assert "[mqtt] stays as it was" in gateway.said
        assert "mqtt.password_file" in gateway.said
        assert "needs a restart" not in gateway.said
        heard.publish("iqrf/gw1/set/reading", "ON")
        assert json.loads((await heard.topic("iqrf/gw1/result")).payload)["status"] == 0
        assert [m.payload for m in heard.on("iqrf/gw1/status")] == [b"online"]
        # The file counts again once the password is there.
        await trio.Path(f"{tmp_path}/none").write_text("secret")
        await reload(gateway, file, sections(state, bad))
        await heard.until(lambda m: m.payload == b"offline")


async def test_a_password_that_was_renewed_in_its_file_is_taken(tmp_path: Path) -> None:
    file, state, password = tmp_path / "file.toml", tmp_path / "state", tmp_path / "password"
    password.write_text("old\n")
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
    ):
        wanted = keys(broker, "gw1", 'username = "u"', f'password_file = "{password}"')
        async with running(file, sections(state, wanted)) as gateway:
            await heard.topic("iqrf/gw1/status")
            await reload(gateway, file, sections(state, wanted))
            assert len(heard.on("iqrf/gw1/status")) == 1  # nothing is new, nothing happens
            password.write_text("renewed\n")
            gateway.process.send_signal(signal.SIGHUP)
            await until(lambda: len(heard.on("iqrf/gw1/status")) >= 3)
            told = [m.payload for m in heard.on("iqrf/gw1/status")]
            assert told[:3] == [b"online", b"offline", b"online"]


def code(url: str, host: str = "") -> int:
    """The status of an answer, asked for by another name of the host."""
    request = Request(url, headers={"Host": host} if host else {})
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


async def test_http_follows_the_file(tmp_path: Path) -> None:
    file, state = tmp_path / "file.toml", tmp_path / "state"
    async with running(file, sections(state)) as gateway:
        url = (await gateway.line("http: ")).split("http: ")[1]
        ask = trio.to_thread.run_sync
        assert await ask(code, f"{url}/livez", "iqrf.lan") == 421
        more = '[http]\nhosts = ["iqrf.lan"]\nmetrics_public = true\n[history]\nmax_size = "9MB"\n'
        await reload(gateway, file, sections(state, more=more))
        assert await ask(code, f"{url}/livez", "iqrf.lan") == 200
        assert await ask(code, f"{url}/livez", "else.lan") == 421
        assert await ask(code, f"{url}/metrics") == 200
        changed = "changed: http.hosts, http.metrics_public, history.max_size"
        assert changed in gateway.said


async def test_http_shows_the_certificate_that_was_renewed(tmp_path: Path) -> None:
    file, state, certificate = tmp_path / "file.toml", tmp_path / "state", tmp_path / "a.pem"
    shutil.copy(TLS / "certificate.pem", certificate)
    tls = f'certificate = "{certificate}"\nprivate_key = "{TLS}/key.pem"\n'
    text = sections(state, more=f'{tls}[http]\nport = "off"\ntls_port = 0\n')
    async with running(file, text) as gateway:
        port = int((await gateway.line("http: https:")).rsplit(":", 1)[1])

        async def shown() -> str:
            ask = partial(get_server_certificate, ("127.0.0.1", port), timeout=10)
            return await trio.to_thread.run_sync(ask)

        assert (await shown()).strip() == (TLS / "certificate.pem").read_text().strip()
        shutil.copy(TLS / "signed-certificate.pem", certificate)
        await reload(gateway, file, text)
        assert (await shown()).strip() in (TLS / "signed-certificate.pem").read_text()
