"""SIGTERM to the real process: the same promises with real threads, signals and exit codes."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.cli.support import local_token
from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect
from iqrf_trio.store import DATABASE_NAME
from tests.end_to_end.process import Program, program
from tests.iqrf_trio.house import ALL, request

pytestmark = pytest.mark.slow

PATIENCE_S = 30.0
"""For the end on a busy machine; what is on the air in these tests takes a minute."""


def words(state: Path) -> list[str]:
    simulator = ("--set", "simulator.nodes=239", "--set", "simulator.speed=1")
    return ["run", "--simulate", "--state-dir", str(state), "--port", "0", *simulator]


async def url_of(gateway: Program) -> str:
    """Where it listens, as soon as the coordinator is there."""
    url = "ws://" + (await gateway.line("ready: ws://")).rpartition("ws://")[2]
    await gateway.line("connected; ")
    return url


async def log_in(connection: Connection, token: str) -> None:
    await connection.send(json.dumps({"type": "auth", "token": token}))
    assert json.loads(await connection.receive())["type"] == "auth_success"


async def rest(connection: Connection) -> tuple[list[Any], int]:
    """All that still comes, and the close code."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await connection.receive()))
    except ConnectionClosed as closed:
        return messages, closed.code


async def ended(gateway: Program) -> int:
    with trio.fail_after(PATIENCE_S):
        return await gateway.process.wait()


async def test_a_discovery_on_the_air_is_answered_and_the_rest_told(tmp_path: Path) -> None:
    token = local_token.make(tmp_path / DATABASE_NAME, ALL)
    async with program(*words(tmp_path), cwd=tmp_path) as gateway:
        async with connect(await url_of(gateway)) as connection:
            await log_in(connection, token)
            for name, frame in (("a", "00.00.00.07.ff.ff.07.00"), ("b", "01.00.06.03.ff.ff")):
                await connection.send(request("iqrfRaw", {"rData": frame}, msgId=name))
            await connection.send(request("mngDaemon_Version", msgId="v"))
            await connection.receive()
            gateway.process.send_signal(signal.SIGTERM)
            messages, code = await rest(connection)
        assert await ended(gateway) == 0, gateway.said
    statuses = {message["data"]["msgId"]: message["data"]["status"] for message in messages}
    assert (statuses, code) == ({"a": -3, "b": 1}, 1001)


async def test_a_database_that_somebody_holds_does_not_hold_the_process(tmp_path: Path) -> None:
    token = local_token.make(tmp_path / DATABASE_NAME, ALL)
    async with (
        program(*words(tmp_path), cwd=tmp_path) as gateway,
        connect(await url_of(gateway)) as connection,
    ):
        await log_in(connection, token)
        with closing(sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            setting = request("iqrfSensorData_SetConfig", {"period": 7}, msgId="setting")
            await connection.send(setting)
            await connection.send(request("unknown_Message", msgId="u"))
            assert json.loads(await connection.receive())["data"]["msgId"] == "u"
            gateway.process.send_signal(signal.SIGTERM)
            messages, code = await rest(connection)
            assert await ended(gateway) == 0, gateway.said
    assert [message["data"]["msgId"] for message in messages] == ["setting"]
    assert code == 1001


async def test_one_that_is_stopped_while_it_starts_ends_well(tmp_path: Path) -> None:
    """The first sign of life of the process: then it hears signals."""
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)) as other:
        local_token.make(tmp_path / DATABASE_NAME, ALL)
        other.execute("PRAGMA user_version = 0")  # it wants to migrate, and cannot
        other.execute("BEGIN EXCLUSIVE")
        async with program(*words(tmp_path), cwd=tmp_path) as gateway:
            await gateway.line("was not closed properly")
            gateway.process.send_signal(signal.SIGTERM)
            assert await ended(gateway) == 0, gateway.said
    assert "ready" not in gateway.said
