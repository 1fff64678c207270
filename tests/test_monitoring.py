"""The files for other programs that watch a gateway, and the commands of the page about it."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import trio

from protocol.outward.exposition import render
from protocol.standard.presentation import PRESENTATIONS
from tests.iqrf_trio.house import house
from tests.programs import needs
from tests.protocol.outward.test_cost import large
from tests.protocol.outward.test_metrics import everything

DOCS = Path(__file__).parent.parent / "docs"
FILES = DOCS / "monitoring"
PAGE = (DOCS / "monitoring.md").read_text("utf-8")

promtool = needs("promtool", "prometheus")


def known() -> set[str]:
    network, latest = large()
    names = {family.name for family in everything(latest, network)}
    return names | {f"iqrf_sensor_{each.metric}" for each in PRESENTATIONS.values() if each.metric}


def used(text: str) -> set[str]:
    names = set(re.findall(r"\b(?:iqrf|process)_[a-z0-9_]+", text))
    return {name.removesuffix("_bucket") for name in names}


@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
def test_what_is_asked_for_exists(file: str) -> None:
    names = used((FILES / file).read_text("utf-8"))
    assert names
    assert names <= known()


@promtool
def test_promtool_accepts_the_files() -> None:
    for what, file in (("config", "prometheus.yml"), ("rules", "alerts.yml")):
        done = subprocess.run(
            ["promtool", "check", what, FILES / file], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_accepts_the_metrics() -> None:
    network, latest = large()
    text = "".join(render(everything(latest, network)))
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_dashboard_is_whole() -> None:
    board = json.loads((FILES / "grafana.json").read_text("utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert all(target["expr"] for target in panel["targets"])


def test_telegraf_is_given_toml() -> None:
    told = tomllib.loads((FILES / "telegraf.conf").read_text("utf-8"))
    assert told["inputs"]["prometheus"][0]["urls"] == ["http://127.0.0.1:1339/metrics"]


@needs("curl", "curl")
async def test_each_command_of_the_page_works(tmp_path: Path) -> None:
    commands = "".join(re.findall(r"```console(?: test)?\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    assert len(commands) > 4
    async with house(tmp_path) as home:
        for command in commands:
            here = command.replace("http://127.0.0.1:1339", home.http_url)
            done = await trio.run_process(
                ["sh", "-c", here],
                env={"IQRF_TRIO_TOKEN": home.token, "PATH": "/usr/bin:/bin"},
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)


async def test_the_health_check_of_a_container_works(tmp_path: Path) -> None:
    [words] = re.findall(r"CMD (\[.*\])", PAGE)
    async with house(tmp_path) as home:
        command = [
            each.replace("http://127.0.0.1:1339", home.http_url) for each in json.loads(words)
        ]
        assert (await trio.run_process(command)).returncode == 0
    done = await trio.run_process(command, check=False, capture_stderr=True)
    assert done.returncode == 1
