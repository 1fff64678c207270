"""The installed command with real sockets: what the README shows, and what a bad day brings."""

import json
import shlex
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect
from tests.end_to_end.process import Program, done, program
from tests.iqrf_trio.house import ask, heard, request
from tests.iqrf_trio.rig import CERTIFICATE, KEY

pytestmark = pytest.mark.slow

KEPT = ("--state-dir", ".run", "--token-file", ".run/token")
RUN = ("run", *KEPT, "--port", "0")
MESH = ("--simulate", "--set", "simulator.speed=0")
SIMULATED = (*RUN, *MESH)
LED = {"rData": "00.00.06.03.ff.ff"}


async def url_of(gateway: Program) -> str:
    return "ws://" + (await gateway.line("ready: ws://")).rpartition("ws://")[2]


@asynccontextmanager
async def client(gateway: Program, cwd: Path) -> AsyncIterator[Connection]:
    """A client's connection to the gateway, after its authentication."""
    await gateway.line("in another terminal")
    token = (await trio.Path(cwd, ".run/token").read_text()).strip()
    async with connect(await url_of(gateway)) as connection:
        await connection.send(json.dumps({"type": "auth", "token": token}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
        yield connection


async def test_run_in_one_terminal_and_call_in_another(tmp_path: Path) -> None:
    async with program(*SIMULATED, cwd=tmp_path) as gateway:
        url = await url_of(gateway)
        await gateway.line("in another terminal")
        steps = await done(
            ["call", "--url", url, "iqrfDb_Enumerate", '{"standards": true}'], tmp_path
        )
        assert "Enumeration finished" in steps
        devices = json.loads(
            await done(["call", "--url", url, "--raw", "iqrfDb_GetDevices", "{}"], tmp_path)
        )
        assert len(devices["data"]["rsp"]["devices"]) == 13
        assert await gateway.end(signal.SIGTERM) == 0
    assert (await trio.Path(tmp_path, ".run/token").stat()).st_mode & 0o777 == 0o600
    assert (await trio.Path(tmp_path, ".run/iqrf-trio.db").stat()).st_mode & 0o777 == 0o600
    assert not await trio.Path(tmp_path, ".run/iqrf-trio.db-wal").exists()


async def test_a_gateway_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    tls = ("port=off", "tls_port=0", f"certificate={CERTIFICATE}", f"private_key={KEY}")
    sets = (word for each in tls for word in ("--set", f"websocket.{each}"))
    async with program("run", *KEPT, *MESH, *sets, cwd=tmp_path) as gateway:
        url = "wss://" + (await gateway.line("ready: wss://")).rpartition("wss://")[2]
        # What it says to type next works, and does not without the trust.
        line = await gateway.line(f"call --url {url} --ca {CERTIFICATE} iqrfDb_Enumerate")
        assert "Enumeration finished" in await done(shlex.split(line)[1:], tmp_path)
        version = ["call", "--url", url, "mngDaemon_Version"]
        said = await done(version, tmp_path, code=1)
        assert said.count("\n") == 1
        assert "self-signed certificate; trust the one in a file with --ca FILE" in said
        assert "warning" in await done([*version, "--insecure"], tmp_path)
        assert await gateway.end(signal.SIGTERM) == 0


async def test_the_token_of_the_first_run_serves_the_second(tmp_path: Path) -> None:
    for first in (True, False):
        async with program(*SIMULATED, cwd=tmp_path) as gateway:
            async with client(gateway, tmp_path) as connection:
                assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
            assert ("iqrfgd2;1;" in gateway.said) is first
            await gateway.end()


async def test_ctrl_c_answers_what_was_accepted_and_ends_within_5_seconds(tmp_path: Path) -> None:
    async with (
        program(*SIMULATED, cwd=tmp_path) as gateway,
        client(gateway, tmp_path) as connection,
    ):
        await ask(connection, "mngDaemon_StopNetworkQueue")
        for number in range(5):
            await connection.send(request("iqrfRaw", LED, msgId=str(number)))
        assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
        with trio.fail_after(5):
            gateway.process.send_signal(signal.SIGINT)
            answers = [await heard(connection) for _ in range(5)]
            assert [answer["msgId"] for answer in answers] == ["0", "1", "2", "3", "4"]
            with pytest.raises(ConnectionClosed) as closed:
                await connection.receive()
            assert closed.value.code == 1001
            assert await gateway.process.wait() == 0


async def test_a_mesh_over_tcp_may_go_and_come_back(tmp_path: Path) -> None:
    async with program("simulate", "--tcp", "127.0.0.1:0", "--speed", "0", cwd=tmp_path) as mesh:
        address = (await mesh.line("127.0.0.1:")).rpartition("127.0.0.1:")[2]
        port = "".join(digit for digit in address.split()[0] if digit.isdigit())
        over_tcp = (*RUN, "--set", "port.kind=tcp", "--set", f"port.tcp.port={port}")
        async with (
            program(*over_tcp, cwd=tmp_path) as gateway,
            client(gateway, tmp_path) as connection,
        ):
            assert (await ask(connection, "iqrfRaw", LED))["status"] == 0
            await mesh.end()
            answer = await ask(connection, "iqrfRaw", LED, returnVerbose=True)
            assert (answer["status"], answer["statusStr"]) == (-4, "ERROR_IFACE")
            async with program(
                "simulate", "--tcp", f"127.0.0.1:{port}", "--speed", "0", cwd=tmp_path
            ) as again:
                await again.line(f"127.0.0.1:{port}")
                with trio.fail_after(20):
                    while (await ask(connection, "iqrfRaw", LED))["status"] != 0:
                        pass  # each attempt waits half a second for the link
                await gateway.end()


async def test_the_demo_shows_the_main_job(tmp_path: Path) -> None:
    said = await done(["demo", "--speed", "0"], tmp_path)
    assert "step 8 of 8" in said
    assert "19 of 19 values" in said
    assert "The gateway has stopped." in said


async def test_errors_are_one_line_with_the_cause_and_the_fix(tmp_path: Path) -> None:
    said = await done(["run", "--set", "simulator.nods=3"], tmp_path, code=2)
    assert said.count("\n") == 1
    assert "simulator.nods" in said
    assert "did you mean nodes?" in said
    said = await done(["call", "--url", "ws://127.0.0.1:9", "mngDaemon_Version"], tmp_path, code=2)
    assert "token" in said
