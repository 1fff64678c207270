"""What docs/mqtt.md has one type, typed with a gateway and a broker that run."""

import re
import shlex
from functools import partial
from pathlib import Path

import pytest
import trio

from iqrf_trio import config
from iqrf_trio.edges.mqtt import Incoming
from tests.iqrf_trio.house import house
from tests.iqrf_trio.mqtt.broker import (
    listening,
    mosquitto,
    needs_clients,
    needs_mosquitto,
    settings_for,
)
from tests.iqrf_trio.mqtt.test_topics import enumerated

ROOT = Path(__file__).parents[3]

pytestmark = [needs_mosquitto, needs_clients, pytest.mark.slow]

TOML = re.compile(r"^ *```toml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```console test\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def is_result(wanted: bytes, message: Incoming) -> bool:
    return message.topic == "iqrf/gw1/result" and wanted in message.payload


async def test_the_commands_of_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs/mqtt.md").read_text("utf-8")
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    assert len(lines) >= 5
    async with (
        mosquitto(tmp_path / "broker") as broker,
        listening(settings_for(broker), "iqrf/gw1/#") as heard,
        house(tmp_path, f"mqtt.url={broker.url}", "mqtt.gateway=gw1", "mqtt.commands=api") as home,
    ):
        await enumerated(home)
        await heard.topic("iqrf/gw1/state")
        for line in lines:
            program, *words = shlex.split(line)
            await trio.run_process([program, "-p", str(broker.port), *words], capture_stdout=True)
        await heard.topic("iqrf/gw1/response/all")
        for wanted in (b'"ON"', b'"OFF"'):
            result = await heard.until(partial(is_result, wanted))
            assert b'"status":0' in result.payload


@pytest.mark.parametrize("name", ["mqtt.md", "home-assistant.md"])
def test_what_a_page_configures_is_known(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / name).read_text("utf-8")
    for number, block in enumerate(
        re.findall(r"^ *```toml\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    ):
        text = block if "[mqtt]" in block else f"[mqtt]\n{block}"
        file = tmp_path / f"{number}.toml"
        file.write_text("\n".join(line.strip() for line in text.splitlines()))
        config.load(file, (), environment={})
