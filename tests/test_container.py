"""The container's files: what they name is there, and they say the same as each other."""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from iqrf_trio.cli import run
from iqrf_trio.config import Config, load

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "packaging/container"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their words; lines that go on are one."""
    text = "".join(
        line
        for line in (FOLDER / "Dockerfile").read_text().splitlines(keepends=True)
        if not line.lstrip().startswith("#")
    )
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line]


def words_of(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def configuration() -> Config:
    return load(FOLDER / "iqrf-trio.toml", [])


def service(name: str) -> dict[str, Any]:
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    assert set(compose["services"]) == {"gateway", "mosquitto"}
    found: dict[str, Any] = compose["services"][name]
    named = {volume.partition(":")[0] for volume in found["volumes"] if volume[0] not in "./"}
    assert named <= set(compose["volumes"])
    return found


def test_what_is_copied_is_there_and_goes_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = [words.split()[:-1] for words in words_of("COPY") if not words.startswith("--from")]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert name not in ignored
    wheel = {name for names in copied for name in names if "/" not in name}
    assert wheel >= {"setup.cfg", "pyproject.toml", "protocol", "iqrf_trio"}


def test_the_command_is_one_of_ours_and_finds_its_configuration() -> None:
    assert json.loads(words_of("ENTRYPOINT")[0]) == ["iqrf-trio"]
    command, *options = json.loads(words_of("CMD")[0])
    assert command == "run"
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    run.configure(parser)
    given = parser.parse_args(options)
    assert f"packaging/container/iqrf-trio.toml {given.config}" in words_of("COPY")
    assert str(given.token_file).startswith(words_of("VOLUME")[0])
    assert Path(configuration().gateway.state_dir) == Path(words_of("VOLUME")[0])


def test_nothing_in_the_image_runs_as_root() -> None:
    user = words_of("USER")[-1]
    assert f"--uid {user} " in words_of("RUN")[-1]


def test_its_ports_are_open_to_this_machine_only() -> None:
    config = configuration()
    assert config.websocket.host == config.http.host == "0.0.0.0"
    ports = [str(config.websocket.port), str(config.http.port)]
    assert words_of("EXPOSE")[0].split() == ports
    assert service("gateway")["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]
    assert f"127.0.0.1:{ports[1]}/readyz" in words_of("HEALTHCHECK")[0]
    assert "ports" not in service("mosquitto")


def test_the_gateway_knows_its_broker() -> None:
    settings = (FOLDER / "mosquitto.conf").read_text().split("\n")
    assert configuration().mqtt.url == "mqtt://mosquitto:1883"
    assert "listener 1883" in settings
    for volume in service("mosquitto")["volumes"]:
        source = volume.partition(":")[0]
        assert not source.startswith(".") or (FOLDER / source).exists()


def test_compose_builds_from_the_checkout() -> None:
    build = service("gateway")["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == FOLDER / "Dockerfile"


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:/usr/local/bin")
    if hadolint is None:
        pytest.skip("no hadolint for this machine")
    done = subprocess.run(
        [hadolint, "--no-color", FOLDER / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
