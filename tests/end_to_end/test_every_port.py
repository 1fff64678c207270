"""The installed gateway over every kind of port, with a simulated module at the other end."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import frozen

from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.simulator.serving.bus_faults import BusFault
from protocol.link import spi
from tests.end_to_end.buses import NODES, Module, module
from tests.end_to_end.process import Program, program
from tests.iqrf_trio.house import ask, heard, request

pytestmark = pytest.mark.slow

KINDS = ("simulator", "tcp", "uart", "cdc", "spi")
REAL = KINDS[1:]
ADDR_INFO = {"rData": "00.00.00.00.ff.ff"}
RECOVERY_S = 20.0


@frozen(eq=False)
class Gateway:
    """A gateway with a client."""

    module: Module
    program: Program
    client: Connection
    state: Path

    async def raw(self, request_hex: str) -> dict[str, Any]:
        answer: dict[str, Any] = await ask(
            self.client, "iqrfRaw", {"rData": request_hex}, returnVerbose=True
        )
        return answer


@asynccontextmanager
async def gateway(kind: str, directory: Path, *settings: str) -> AsyncIterator[Gateway]:
    async with module(kind, directory) as it:
        sets = [f"port.kind={kind}", *it.settings, *settings]
        words = [word for each in sets for word in ("--set", each)]
        token_file = directory / "token"
        async with program(
            "run",
            *("--state-dir", str(directory), "--token-file", str(token_file), "--port", "0"),
            *words,
            cwd=directory,
            environment=os.environ | dict(it.environment),
        ) as running:
            url = "ws://" + (await running.line("ready: ws://")).rpartition("ws://")[2]
            await running.line("in another terminal")
            token = (await trio.Path(token_file).read_text()).strip()
            async with connect(url) as connection:
                await connection.send(json.dumps({"type": "auth", "token": token}))
                assert json.loads(await connection.receive())["type"] == "auth_success"
                await running.line(": connected; ")
                yield Gateway(it, running, connection, directory)
            with trio.fail_after(10):
                assert await running.end() == 0


async def until(answer: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is good."""
    with trio.fail_after(RECOVERY_S):
        while not good(got := await answer()):
            await trio.lowlevel.checkpoint()
    return got


@pytest.mark.parametrize("kind", KINDS)
async def test_the_main_job_over_every_port(kind: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    async with gateway(kind, tmp_path, f"port.trace={trace}") as it:
        await it.client.send(request("iqrfDb_Enumerate", {"standards": True}))
        steps: list[int] = []
        while 8 not in steps:
            data = await heard(it.client)
            assert data["status"] == 0, data
            steps.append(data["rsp"]["step"])
        assert steps == list(range(9))
        topology = await ask(it.client, "iqrfDb_GetNetworkTopology", {})
        assert [each["address"] for each in topology["rsp"]["devices"]] == list(range(NODES + 1))

        # One unicast with all that the radio says of it, one error, one broadcast.
        answer = await it.raw("03.00.06.03.ff.ff")
        assert answer["status"] == 0
        assert answer["raw"][0]["confirmation"].startswith("03.00.06.03.ff.ff.ff.")
        assert (await it.raw("00.00.06.7e.ff.ff"))["status"] == 2
        assert (await it.raw("ff.00.06.03.ff.ff"))["status"] == 0
        # The longest answer there is.
        assert len((await it.raw("00.00.04.02.ff.ff.00.40.36"))["rsp"]["rData"]) == 62 * 3 - 1

        assert (await ask(it.client, "iqrfSensorData_Start"))["status"] == 0
        assert (await heard(it.client))["rsp"]["reading"] is True
        report = (await heard(it.client))["rsp"]
        values = {
            (node["address"], sensor["index"]): sensor["value"]
            for node in report["devices"]
            for sensor in node["sensors"]
        }
        assert len(values) == 7
        mesh = it.module.mesh
        if mesh is not None:
            assert values == mesh.measured
            mesh.emit_report(1, 0)
            told = await heard(it.client)
            assert told["rsp"]["rData"].startswith("01.00.5e.")
    if kind in {"cdc", "spi"}:
        # What the module tells of itself outside DPA, before anything else.
        assert mesh is not None
        mid = f"{mesh.coordinator.mid:08X}"
        assert f" {mid} with IQRF OS 4." in it.program.said
    lines = [json.loads(line) for line in (await trio.Path(trace).read_text()).splitlines()]
    assert {line["direction"] for line in lines} == {"in", "out"}
    assert "00.00.04.02.ff.ff.00.40.36" in [line["frame"] for line in lines]
    if it.module.spi is not None:
        # The gaps that the real spidev device was asked for are those of the module.
        assert it.module.spi.slave.shifted > 1000
        assert it.module.spi.slave.hurried == 0


@pytest.mark.parametrize("kind", ["uart", "cdc"])
async def test_a_device_may_be_unplugged_and_plugged_in_again(kind: str, tmp_path: Path) -> None:
    async with gateway(kind, tmp_path) as it:
        assert it.module.device is not None
        assert (await it.raw("00.00.00.00.ff.ff"))["status"] == 0
        it.module.device.unplug()
        ask_it = lambda: it.raw("00.00.00.00.ff.ff")  # noqa: E731
        down = await until(ask_it, lambda answer: answer["status"] != 0)
        assert down["statusStr"] == "ERROR_IFACE"
        it.module.device.plug()
        await until(ask_it, lambda answer: answer["status"] == 0)


async def test_a_module_gone_from_spi_is_noticed_and_lived_with(tmp_path: Path) -> None:
    async with gateway("spi", tmp_path) as it:
        assert it.module.faults is not None
        it.module.faults.set(BusFault.STUCK, status=spi.NO_MODULE)
        await it.program.line("no module for ")  # a second or two, or more on a busy machine
        await it.program.line("no pin is known for resetting the module")
        it.module.faults.clear()
        await until(lambda: it.raw("00.00.00.00.ff.ff"), lambda answer: answer["status"] == 0)


async def test_the_gateway_starts_without_a_module(tmp_path: Path) -> None:
    words = ("--set", "port.kind=cdc", "--set", f"port.device={tmp_path}/nothing")
    async with program(
        "run", "--state-dir", str(tmp_path), "--port", "0", *words, cwd=tmp_path
    ) as running:
        await running.line("No such file or directory; next attempt in 1 s")
        await running.line("ready: ws://")
        assert await running.end() == 0
