"""The monitor as clients see it: on the main port for who asks, on its own port for anybody."""

import gc
import json
import math
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.lowlevel

from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.services import monitor
from tests.iqrf_trio.house import ALL, ask, authenticated, heard, house, request

from .caller import Caller


async def state(connection: Connection) -> Any:
    """`data` of the next message, which the monitor sent."""
    message = json.loads(await connection.receive())
    assert message["mType"] == "ntfDaemon_Monitor"
    return message["data"]


async def test_who_asks_is_told_at_once_and_of_every_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SAMPLE_S", math.inf)  # so that what is told was announced
    async with (
        house(tmp_path, "sensor_data.async_reports=false") as home,
        authenticated(home) as watcher,
    ):
        client = Caller(home.gateway, rights=ALL)

        async def told(member: str, value: object) -> Any:
            while (data := await state(watcher))[member] != value:
                pass
            return data

        answer = await ask(watcher, "ntfDaemon_InvokeMonitor", returnVerbose=True)
        assert list(answer) == ["msgId", "insId", "statusStr", "status"]
        first = await state(watcher)
        assert not first["dataReadingInProgress"]
        assert not first["enumInProgress"]
        assert first["dpaChannelState"] == "Ready"

        client.send("iqrfDb_Enumerate", {"standards": True})
        await told("enumInProgress", value=True)
        await told("enumInProgress", value=False)
        client.heard.clear()
        await client.ask("mngDaemon_StopNetworkQueue")
        await state(watcher)
        await client.ask("iqrfSensorData_Start")
        await told("dataReadingInProgress", value=True)
        await client.ask("mngDaemon_StartNetworkQueue")
        await told("dataReadingInProgress", value=False)
        await client.ask("mngDaemon_Mode", {"operMode": "service"})
        last = await told("operMode", "service")
        await client.ask("mngDaemon_Mode", {"operMode": "operational"})
        await told("operMode", "operational")
        assert last["num"] > first["num"]


async def test_who_asks_twice_is_told_once(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as watcher:
        await ask(watcher, "ntfDaemon_InvokeMonitor")
        number = (await state(watcher))["num"]
        await ask(watcher, "ntfDaemon_InvokeMonitor")
        assert (await state(watcher))["num"] == number + 1
        assert len(home.gateway.monitor.watchers) == 1
        assert (await ask(watcher, "mngDaemon_Version"))["status"] == 0


async def test_asking_again_and_again_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SAMPLE_S", math.inf)  # Trio keeps deadlines a while
    async with house(tmp_path) as home, authenticated(home) as watcher:

        async def nag(times: int) -> int:
            for _ in range(times):
                await watcher.send(request("ntfDaemon_InvokeMonitor"))
                await watcher.receive()
                await state(watcher)
            gc.collect()
            return len(gc.get_objects())

        before = await nag(50)
        assert await nag(300) - before < 300


async def test_nobody_is_told_who_did_not_ask(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        for mtype in ("mngDaemon_StopNetworkQueue", "mngDaemon_StartNetworkQueue"):
            assert (await ask(connection, mtype))["msgId"] == "test"
        assert home.monitor_url is None


async def test_its_own_port_tells_anybody_at_once(tmp_path: Path) -> None:
    async with house(tmp_path, "monitor.port=0") as home:
        assert home.monitor_url is not None
        assert home.monitor_url.startswith("ws://127.0.0.1:")
        async with connect(home.monitor_url) as watcher, authenticated(home) as client:
            assert (await state(watcher))["operMode"] == "operational"
            await watcher.send(request("mngDaemon_Exit", {"timeToExit": 0}))  # nobody listens
            await ask(client, "mngDaemon_StopNetworkQueue")
            await state(watcher)
            await client.send(request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}))
            told = await state(watcher)
            assert told["networkQueueLen"] == told["msgQueueLen"] == 1
            assert (await ask(client, "mngDaemon_Version"))["status"] == 0
        while home.gateway.monitor.watchers:
            await trio.lowlevel.checkpoint()  # until the gateway has noticed that it left
        assert (await told_first(home.monitor_url))["num"] > told["num"]


async def told_first(url: str) -> Any:
    async with connect(url) as watcher:
        return await state(watcher)


async def test_a_gone_watcher_costs_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as other:
        async with authenticated(home) as watcher:
            await ask(watcher, "ntfDaemon_InvokeMonitor")
            await heard(watcher)
        while home.gateway.monitor.watchers:
            assert (await ask(other, "mngDaemon_Version"))["status"] == 0
