"""`iqrf-trio simulate`: a mesh that answers over TCP, and the words that make none."""

import signal
from pathlib import Path

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.edges.ports.cdc import CdcPort
from iqrf_trio.edges.ports.uart import UartPort
from protocol.dpa.packet import COORDINATOR, Response, parse
from protocol.dpa.peripherals.coordinator import bonded_devices
from tests.iqrf_trio.cli.process import command


async def test_a_gateway_can_connect(tmp_path: Path) -> None:
    words = ("simulate", "--tcp", "127.0.0.1:0", "--nodes", "3", "--speed", "0")
    async with command(*words, directory=tmp_path) as mesh:
        host, _, port = (await mesh.says("ready at ")).partition(". ")[0].rpartition(":")
        shown = await mesh.says("\niqrf-trio ")
        assert shown.endswith(f"--set port.tcp.host={host} --set port.tcp.port={port}")
        call = bonded_devices()
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(call.request.encode())
            with trio.fail_after(10):
                response = parse(bytes(await stream.receive_some()))
        assert isinstance(response, Response)
        assert response.nadr == COORDINATOR
        assert call.decode(response.pdata) == frozenset({1, 2, 3})
        assert await mesh.end(signal.SIGINT) == 0
    assert "Traceback" not in mesh.said


@pytest.mark.parametrize("kind", ["uart", "cdc"])
async def test_a_gateway_can_open_a_device(kind: str, tmp_path: Path) -> None:
    words = ("simulate", "--pty", kind, "--nodes", "3", "--speed", "0")
    async with command(*words, directory=tmp_path) as mesh:
        device = (await mesh.says("ready at ")).partition(". ")[0]
        shown = await mesh.says("\niqrf-trio ")
        assert shown == f"run --set port.kind={kind} --set port.device={device}"
        port = UartPort(device, 57600) if kind == "uart" else CdcPort(device)
        call = bonded_devices()
        with trio.fail_after(10):
            async with await port.open() as link:
                await link.send(call.request.encode())
                response = parse(await link.receive())
        assert isinstance(response, Response)
        assert call.decode(response.pdata) == frozenset({1, 2, 3})
        assert await mesh.end(signal.SIGINT) == 0
    assert "Traceback" not in mesh.said


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["--tcp", "10000"], 2, "iqrf-trio simulate: argument --tcp: it is no HOST:PORT, for exa"),
        (["--tcp", "localhost:65536"], 2, "iqrf-trio simulate: argument --tcp: it is no HOST:PO"),
        (["--tcp", "localhost:http"], 2, "iqrf-trio simulate: argument --tcp: it is no HOST:POR"),
        (["--pty", "usb"], 2, "iqrf-trio simulate: argument --pty: invalid choice: 'usb'"),
        (["--pty", "cdc", "--tcp", "h:1"], 2, "iqrf-trio simulate: argument --tcp: not allowed"),
        (["--nodes", "240"], 2, "iqrf-trio: --nodes must be 1 to 239, not 240"),
        (["--nodes", "many"], 2, "iqrf-trio simulate: argument --nodes: invalid int value: 'many"),
        (["--loss", "1.5"], 2, "iqrf-trio: --loss must be 0 to 1, not 1.5"),
        (["--network", "nope.toml"], 2, "iqrf-trio: nope.toml: No such file or directory"),
        (["--network", "x", "--nodes", "5"], 2, "iqrf-trio simulate: argument --nodes: not allow"),
        (["--tcp", "192.0.2.1:5"], 1, "iqrf-trio: cannot listen on 192.0.2.1:5: Cannot assign r"),
        (["--tcp", "[::192.0.2.1]:5"], 1, "iqrf-trio: cannot listen on [::192.0.2.1]:5: "),
    ],
)
def test_what_makes_no_mesh_is_one_line(
    words: list[str], code: int, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *words]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(error)
