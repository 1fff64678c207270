"""kill -9 of the whole gateway while it enumerates, reads sensors and serves clients."""

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from attrs import define

from iqrf_trio.cli.support import local_token
from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.store import DATABASE_NAME
from tests.end_to_end.process import program
from tests.iqrf_trio.house import request

pytestmark = pytest.mark.slow

KILLS = 10
ADDRESSES = list(range(1, 7))
LONGEST_S = 0.4
"""Of the life of a gateway, counted from when it is busy."""


@define
class Notes:
    """A client that notes one number after the other at several devices, in one request each."""

    connection: Connection
    acknowledged: int = 0

    async def ask(self, mtype: str, req: object = None, msg_id: str = "notes") -> Any:
        """`rsp` of the answer; what comes unasked is passed over."""
        await self.connection.send(request(mtype, req, msgId=msg_id))
        while True:
            data = json.loads(await self.connection.receive())["data"]
            if data["msgId"] == msg_id:
                assert data["status"] == 0, data
                return data.get("rsp")

    async def there(self) -> int:
        """The one number that all devices have."""
        rsp = await self.ask("iqrfDb_GetDeviceMetadata", {"devices": ADDRESSES})
        numbers = {(device["metadata"] or {}).get("number", 0) for device in rsp["devices"]}
        assert len(numbers) == 1, f"half of a write is there: {numbers}"
        return int(numbers.pop())

    async def begin_the_rest(self) -> None:
        """Let others write as well, and let them go on."""
        await self.ask("iqrfSensorData_Start")
        await self.ask("iqrfDb_Enumerate", {"reenumerate": True}, "enumeration")

    async def go_on(self) -> None:
        while True:
            number = self.acknowledged + 1
            metadata = {"number": number, "padding": "x" * 500}
            devices = [{"address": address, "metadata": metadata} for address in ADDRESSES]
            await self.ask("iqrfDb_SetDeviceMetadata", {"devices": devices})
            self.acknowledged = number


async def enumerate_once(notes: Notes) -> None:
    await notes.connection.send(request("iqrfDb_Enumerate", {"standards": True}))
    while json.loads(await notes.connection.receive())["data"]["rsp"].get("step") != 8:
        pass


async def test_ten_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    random, acknowledged, total = Random(11), 0, 0
    token = local_token.make(tmp_path / DATABASE_NAME)
    words = ["run", "--simulate", "--state-dir", str(tmp_path), "--port", "0"]
    for kill in range(KILLS + 1):
        async with program(*words, "--set", "simulator.speed=0", cwd=tmp_path) as gateway:
            url = "ws://" + (await gateway.line("ready: ws://")).rpartition("ws://")[2]
            async with connect(url) as connection:
                await connection.send(json.dumps({"type": "auth", "token": token}))
                assert json.loads(await connection.receive())["type"] == "auth_success"
                notes = Notes(connection)
                if not kill:
                    await enumerate_once(notes)
                there = await notes.there()
                assert acknowledged <= there <= acknowledged + 1
                total += there
                notes.acknowledged = there
                await notes.begin_the_rest()
                with trio.move_on_after(random.uniform(0, LONGEST_S)):
                    await notes.go_on()
                acknowledged = notes.acknowledged
                gateway.process.kill()
                await gateway.process.wait()
    assert total > KILLS, "the kills came too early to mean anything"
    assert not [name for name in os.listdir(tmp_path) if ".damaged-" in name]  # noqa: PTH208
