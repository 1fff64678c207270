"""`iqrf-trio doctor`: findings as lines or JSON, and the exit code."""

import json
from pathlib import Path

import pytest
import trio

from iqrf_trio import logs
from iqrf_trio.__main__ import main
from iqrf_trio.cli import doctor
from iqrf_trio.doctor.findings import Finding, note
from tests.iqrf_trio.doctor.machines import Pi, healthy


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "start", lambda level: None)


@pytest.fixture(autouse=True)
def _nobody_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway may well run on the machine of these tests, at the ports of the defaults."""

    async def nobody(_config: object) -> tuple[Finding, ...]:
        await trio.lowlevel.checkpoint()
        return (note("gateway", "none answers"),)

    monkeypatch.setattr(doctor, "examine_gateway", nobody)


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return healthy(tmp_path)


def test_a_healthy_machine(pi: Pi, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--root", str(pi.root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok      spi-enabled: /boot/firmware/config.txt enables SPI"
    assert all(line.startswith("ok ") for line in lines)


def test_an_error_with_its_fix(pi: Pi, capsys: pytest.CaptureFixture[str]) -> None:
    pi.write("/boot/firmware/config.txt", "")
    assert main(["doctor", "--root", str(pi.root)]) == 2
    assert capsys.readouterr().out.splitlines()[:2] == [
        "error   spi-enabled: /boot/firmware/config.txt does not enable SPI",
        "        sudo raspi-config nonint do_spi 0 && sudo reboot",
    ]


def test_a_pc_is_not_told_what_to_do_with_a_raspberry_pi(
    pi: Pi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/boot/firmware/config.txt", "/dev/spidev0.0", "/dev/gpiochip0"):
        pi.remove(path)
    monkeypatch.setattr("iqrf_trio.cli.doctor.Machine", lambda _: pi.machine)
    assert main(["doctor", "-c", "/dev/null"]) == 2
    said = capsys.readouterr().out
    assert "raspi-config" not in said
    assert "sits firmly" not in said
    assert "pins" not in said
    assert 'for a module at USB set port.kind = "cdc"' in said
    assert "module: it was not asked, as there is no device" in said


def test_a_warning_as_json(pi: Pi, capsys: pytest.CaptureFixture[str]) -> None:
    pi.remove("/run/systemd/timesync/synchronized")
    assert main(["doctor", "--root", str(pi.root), "--json"]) == 1
    findings = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["clock"] == {
        "check": "clock",
        "severity": "warning",
        "text": "nothing sets it",
        "fix": "sudo timedatectl set-ntp true",
    }


def test_the_configuration_on_that_machine_counts(
    pi: Pi, capsys: pytest.CaptureFixture[str]
) -> None:
    pi.write("/etc/iqrf-trio/iqrf-trio.toml", '[port]\nkind = "simulator"\n')
    assert main(["doctor", "--root", str(pi.root)]) == 0
    assert "a port of kind simulator needs no device here" in capsys.readouterr().out


def test_a_configuration_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[port]\nkind = 5\n")
    assert main(["doctor", "-c", str(file)]) == 2
    assert "error   configuration: " in capsys.readouterr().out


def test_the_module_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "simulated.toml"
    file.write_text('[port]\nkind = "simulator"\n[simulator]\nspeed = 0\n')
    main(["doctor", "-c", str(file)])
    assert "ok      module: " in capsys.readouterr().out
    main(["doctor", "-c", str(file), "--no-module"])
    assert " module: " not in capsys.readouterr().out
