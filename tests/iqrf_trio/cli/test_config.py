"""`iqrf-trio config`: the options of `run`, and what they make of the configuration."""

import json
from pathlib import Path

import pytest

from iqrf_trio import config
from iqrf_trio.__main__ import main


@pytest.fixture(autouse=True)
def _no_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(config.STATE_DIR_VARIABLE, raising=False)


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["config", "-c", "/dev/null", *words]) == 0
    return [" ".join(each.split()) for each in capsys.readouterr().out.splitlines()]


def test_options_stand_for_keys(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--simulate", "--port", "0", "--state-dir", "true", "--log-level", "debug"]
    shown = lines(capsys, *words, "--set", "simulator.nodes=50", "--set", "simulator.seed=2")
    assert [each for each in shown if "# --" in each] == [
        'state_dir = "true" # --state-dir',
        "port = 0 # --port",
        'kind = "simulator" # --simulate',
        "nodes = 50 # --set",
        "seed = 2 # --set",
        'level = "debug" # --log-level',
    ]


@pytest.mark.parametrize(
    ("words", "port"),
    [
        (("--port", "0"), "port = 0 # websocket.port = 0"),
        (("--port", "0", "--set", "http.port=1339"), "port = 1339 # --set"),
        (("--port", "0", "--set", "http.port=off"), 'port = "off" # --set'),
        (("--port", "1"), "port = 1339 # default"),
    ],
)
def test_the_port_of_http_is_the_one_in_force(
    words: tuple[str, ...], port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = lines(capsys, *words)
    section = shown[shown.index("[http]") :]
    assert next(line for line in section if line.startswith("port = ")) == port


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "-c", "/dev/null", "--port", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["websocket.port"] == {"value": 0, "origin": "--port"}
    assert told["queue.network_capacity"]["value"] == 32


def test_what_is_shown_is_what_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--set", "port.spi.board=iqube", "--set", "port.spi.bus_enable_pin=-1"]
    shown = lines(capsys, *words)
    assert 'device = "/dev/spidev1.0" # of the board' in shown
    assert "power_enable_pin = 19 # of the board" in shown
    assert "bus_enable_pin = -1 # --set" in shown
    assert "power_enable_pin = 23 # default" in lines(capsys)


def test_set_wins_over_the_short_options(capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(capsys, "--port", "1", "--set", "websocket.port=2")
    assert "port = 2 # --set" in shown


def test_a_file_is_named_as_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("[log]\njson = true\n")
    assert main(["config", "--config", str(file)]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if str(file) in each]
    assert line.startswith("json = true")


def test_the_default_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--default"]) == 0
    assert capsys.readouterr().out == config.default_file()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--set", "websocket.prot=1"], "--set: websocket.prot is no known key; did you mean"),
        (
            ["--port", "high"],
            '--port: websocket.port must be a port or "off", not the text "high"; for example --p',
        ),
        (["--log-level", "loud"], "--log-level: log.level must be debug or info or warning or"),
        (["--state-dir", ""], "--state-dir: gateway.state_dir must not be empty; for example"),
        (["-c", "/nowhere/x.toml"], "/nowhere/x.toml: No such file or directory; name a file"),
    ],
)
def test_a_configuration_that_cannot_be(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"iqrf-trio: {error}")
    assert err.count("\n") == 1
