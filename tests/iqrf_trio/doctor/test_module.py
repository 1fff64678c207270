"""Asking the module who it is."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from iqrf_trio import config
from iqrf_trio.doctor import Machine, Severity, examine_module
from iqrf_trio.edges.ports import Link, Port
from iqrf_trio.edges.ports.cdc import CdcPort
from iqrf_trio.edges.ports.serial import SerialStream
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.edges.ports.uart import UartLink
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.serving.lines import LineKind
from iqrf_trio.simulator.serving.pty import SerialDevice
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.link.tr_info import TrInfo
from tests.iqrf_trio.doctor.machines import healthy

SETTINGS = config.load(Path("/dev/null"), ["port.kind=tcp"], environment={})


class MuteModule(Port):
    """Tells who it is, and nothing by DPA."""

    name = "mute"

    async def open(self) -> Link:
        await trio.lowlevel.checkpoint()
        self.met(TrInfo(0x8100528A, 0x46, 0x24, 8))
        ours, _ = memory_stream_pair()
        return UartLink(SerialStream("mute", ours))


async def test_a_module_that_answers(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(3)
    finding = await examine_module(Machine(tmp_path), SETTINGS, SimulatorPort(mesh, 1.0))
    assert finding.severity is Severity.OK
    assert "IQRF OS 4." in finding.text
    assert "DPA 4." in finding.text


async def test_a_module_tells_more_of_itself_where_it_can(tmp_path: Path) -> None:
    device = SerialDevice(generate(3), LineKind.CDC, 0, tmp_path / "device")
    mid = f"{device.mesh.coordinator.mid:08X}"
    async with trio.open_nursery() as nursery:
        path = await nursery.start(device.run)
        finding = await examine_module(Machine(tmp_path), SETTINGS, CdcPort(str(path)))
        assert finding.severity is Severity.OK
        assert finding.text.startswith(f"TR-72D {mid} with IQRF OS 4.")
        assert "DPA 4." in finding.text
        nursery.cancel_scope.cancel()


async def test_a_module_without_dpa_is_known_to_be_there(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    port = MuteModule()
    finding = await examine_module(Machine(tmp_path), SETTINGS, port)
    assert finding.severity is Severity.ERROR
    assert finding.text == f"mute: no answer, but there is a {port.tr_info}"
    assert "DPA firmware" in finding.fix


@pytest.mark.slow
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
