"""Asking the module who it is."""

from pathlib import Path

from trio.testing import MockClock

from iqrf_trio import config
from iqrf_trio.doctor import Machine, Severity, examine_module
from iqrf_trio.edges.ports.simulator import SimulatorPort
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.simulator.plan import generate
from tests.iqrf_trio.doctor.machines import healthy

SETTINGS = config.load(Path("/dev/null"), ["port.kind=tcp"], environment={})


async def test_a_module_that_answers(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(3)
    finding = await examine_module(Machine(tmp_path), SETTINGS, SimulatorPort(mesh, 1.0))
    assert finding.severity is Severity.OK
    assert "IQRF OS 4." in finding.text
    assert "DPA 4." in finding.text


async def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    finding = await examine_module(Machine(tmp_path), SETTINGS, TcpPort("127.0.0.1", 9))
    assert finding.severity is Severity.ERROR
    assert finding.text.startswith("tcp 127.0.0.1:9: ")
    assert finding.fix == "check host and port, and that the other side runs"


async def test_a_service_that_runs_is_not_disturbed(tmp_path: Path) -> None:
    pi = healthy(tmp_path)
    pi.write("/run/systemd/units/invocation:iqrf-trio.service", "")
    finding = await examine_module(pi.machine, SETTINGS, TcpPort("127.0.0.1", 9))
    assert finding.severity is Severity.NOTE
    assert "systemctl stop iqrf-trio" in finding.fix
