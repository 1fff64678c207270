"""The installed command with a broker: `run --mqtt`, and what is left when it is killed."""

import json
import signal
from pathlib import Path

import pytest
import trio

from tests.end_to_end.process import program
from tests.iqrf_trio.mqtt.broker import (
    free_port,
    listening,
    mosquitto,
    needs_mosquitto,
    settings_for,
)

pytestmark = [needs_mosquitto, pytest.mark.slow]


KEEPALIVE_S = 5
"""The shortest that can be configured."""


async def test_a_gateway_that_is_killed_is_offline(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/+/status") as heard,
    ):
        state = str(tmp_path / "state")
        words = ("run", "--simulate", "--state-dir", state, "--port", "0", "--mqtt", broker.url)
        async with program(*words, cwd=tmp_path) as gateway:
            await heard.until(lambda m: m.payload == b"online")
            gateway.process.send_signal(signal.SIGKILL)
            last = await heard.until(lambda m: m.payload == b"offline")
            assert last.topic == heard.heard[0].topic


async def test_a_gateway_that_hangs_is_offline_after_its_keepalive(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/+/status") as heard,
    ):
        state = str(tmp_path / "state")
        words = ("run", "--simulate", "--state-dir", state, "--port", "0", "--mqtt", broker.url)
        keepalive = ("--set", f"mqtt.keepalive={KEEPALIVE_S}")
        async with program(*words, *keepalive, cwd=tmp_path) as gateway:
            await heard.until(lambda m: m.payload == b"online")
            gateway.process.send_signal(signal.SIGSTOP)  # as without power: nobody ends TCP
            try:
                with trio.fail_after(6 * KEEPALIVE_S):  # the broker adds its own pace to 1.5
                    await heard.until(lambda m: m.payload == b"offline")
            finally:
                gateway.process.send_signal(signal.SIGCONT)


async def test_a_gateway_that_is_stopped_is_offline(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/+/status") as heard,
    ):
        state = str(tmp_path / "state")
        words = ("run", "--simulate", "--state-dir", state, "--port", "0", "--mqtt", broker.url)
        async with program(*words, cwd=tmp_path) as gateway:
            await heard.until(lambda m: m.payload == b"online")
            assert await gateway.end(signal.SIGTERM) == 0
            await heard.until(lambda m: m.payload == b"offline")


async def test_the_doctor_knows_the_gateway_that_runs(tmp_path: Path) -> None:
    """Its ports are not taken by others, and its module is left to it."""
    one, other = free_port(), free_port()
    file = tmp_path / "file.toml"
    file.write_text(
        f'[gateway]\nstate_dir = "{tmp_path}/state"\n[port]\nkind = "simulator"\n'
        f"[websocket]\nport = {one}\n[http]\nport = {other}\n"
    )
    async with program("run", "-c", str(file), cwd=tmp_path) as gateway:
        await gateway.line("ready: ")
        await gateway.line("connected; ")
        async with program("doctor", "-c", str(file), "--json", cwd=tmp_path) as doctor:
            assert await doctor.process.wait() in {0, 1}
            await doctor.silent.wait()
        findings = {each["check"]: each for each in json.loads(doctor.said)}
        assert findings["gateway"]["severity"] == "ok"
        assert findings["gateway-radio"]["severity"] == "ok"
        assert findings["module"]["severity"] == "note"
        assert "port-free" not in findings
