"""Who is there during a soak: clients that mean well, clients that do not, and strangers."""

import json
from random import Random
from typing import Any

import trio
from attrs import define, field

from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect
from tests.iqrf_trio.house import House, authenticated, request
from tests.iqrf_trio.raw_client import CONTINUATION, PING, TEXT, EndOfStreamError, RawClient, frame

Started = trio.TaskStatus[None]
"""Told once the client is authenticated."""

RAW = "iqrfRaw"

GONE = (ConnectionClosed, EndOfStreamError, trio.BrokenResourceError, trio.ClosedResourceError)

FULL = frozenset({6, 8})
"""Statuses of a messageError that says that a lane is full: an answer as any other."""


@define
class Tally:
    """What became of the good clients' requests; times in seconds."""

    answered: int = 0
    refused: int = 0
    slowest: dict[str, float] = field(factory=dict)
    faults: list[str] = field(factory=list)
    processor: float = 1.0
    """Which share of a processor this process had."""

    def note(self, lane: str, seconds: float, status: int) -> None:
        self.answered += 1
        self.refused += status in FULL
        self.slowest[lane] = max(seconds, self.slowest.get(lane, 0.0))


@define
class Asker:
    """Sends requests on one connection and knows which answer belongs to which."""

    connection: Connection
    name: str
    tally: Tally
    _number: int = 0

    async def ask(self, mtype: str, req: object = None) -> Any:
        """`data` of the answer; other messages are passed over."""
        self._number += 1
        msg_id = f"{self.name}-{self._number}"
        asked_at = trio.current_time()
        await self.connection.send(request(mtype, req, msgId=msg_id))
        while True:
            data = json.loads(await self.connection.receive())["data"]
            if data["msgId"] == msg_id:
                break
        lane = "network" if mtype == RAW else "management"
        self.tally.note(lane, trio.current_time() - asked_at, data["status"])
        return data


async def good(
    home: House,
    name: str,
    random: Random,
    tally: Tally,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Asks one thing after the other, and expects to be answered."""
    try:
        async with authenticated(home) as connection:
            task_status.started()
            asker = Asker(connection, name, tally)
            while True:
                address = random.randint(1, 239)
                match random.randrange(6):
                    case 0:
                        data = await asker.ask("mngDaemon_Version")
                    case 1:
                        data = await asker.ask("iqrfDb_GetDevices", {"addresses": [address]})
                    case 2:
                        note = {"address": address, "metadata": {"note": name}}
                        data = await asker.ask("iqrfDb_SetDeviceMetadata", {"devices": [note]})
                    case 3:
                        data = await asker.ask("iqrfSensorData_Status")
                    case _:
                        data = await asker.ask(RAW, {"rData": f"{address:02x}.00.06.03.ff.ff"})
                if data["status"] not in {0, *FULL}:
                    tally.faults.append(f"{name}: {data}")
                await trio.sleep(random.uniform(0.05, 1.0))
    except GONE as gone:
        tally.faults.append(f"{name} was sent away: {gone!r}")


async def greedy(
    home: House,
    name: str,
    tally: Tally,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Asks for everything as fast as it can, and reads all of it, but slowly."""

    async def ask(connection: Connection) -> None:
        while True:
            await connection.send(request("iqrfDb_GetDevices", {"sensors": True}, msgId=name))

    try:
        async with authenticated(home) as connection, trio.open_nursery() as nursery:
            task_status.started()
            nursery.start_soon(ask, connection)
            while True:
                await connection.receive()
                await trio.sleep(0.2)
    except* GONE as gone:
        tally.faults.append(f"{name} was sent away: {gone.exceptions!r}")


async def reader(
    home: House, random: Random, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Has the sensors read, and pauses the radio now and then."""
    async with authenticated(home) as connection:
        task_status.started()
        asker = Asker(connection, "reader", Tally())
        await asker.ask("iqrfSensorData_Start")
        while True:
            await asker.ask("iqrfSensorData_Invoke")
            if random.random() < 0.2:
                await asker.ask("mngDaemon_StopNetworkQueue")
                await trio.sleep(0.2)
                await asker.ask("mngDaemon_StartNetworkQueue")
            await trio.sleep(random.uniform(1, 4))


async def deaf(home: House, random: Random) -> None:
    """Asks for much and reads nothing, until it is sent away or has enough; then again."""
    while True:
        async with await _opened(home) as client:
            try:
                await client.send(json.dumps({"type": "auth", "token": home.token}))
                with trio.move_on_after(random.uniform(5, 30)):
                    while True:
                        await client.send(request("iqrfDb_GetDevices", {"sensors": True}))
            except GONE:
                pass
        await trio.sleep(random.uniform(0.1, 1))


async def pinger(home: House) -> None:
    """Sends pings without end."""
    while True:
        async with await _opened(home) as client:
            try:
                await client.send(json.dumps({"type": "auth", "token": home.token}))
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_drain, client)
                    while True:
                        await client.send_bytes(frame(PING) * 20)
                        await trio.sleep(0.02)
            except* GONE:
                pass
        await trio.sleep(0.5)


async def stranger(home: House, random: Random) -> None:
    """Comes without a token, with all that such ones bring."""
    noise = [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        random.randbytes(200),
    ]
    frames = [
        frame(TEXT, b'{"type":"auth","token":"iqrfgd2;1;AAAA"}'),
        frame(TEXT, b"no JSON\n\x1b[2J"),
        frame(PING) * 500,
        frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 500,
        b"\xff" * 100,
        b"",
    ]
    while True:
        try:
            with trio.move_on_after(random.uniform(0.1, 3)):
                if random.random() < 0.4:
                    stream = await trio.open_tcp_stream(*_address(home))
                    async with RawClient(stream) as client:
                        await client.send_bytes(random.choice(noise))
                        await trio.sleep(random.uniform(0, 1))
                else:
                    async with await _opened(home) as client:
                        await client.send_bytes(random.choice(frames))
                        await _drain(client)
        except (*GONE, AssertionError, OSError, ValueError):
            pass  # refused, as is right
        await trio.sleep(random.uniform(0, 0.2))


async def visitor(home: House, random: Random) -> None:
    """Comes, asks once, and leaves with or without a word."""
    while True:
        try:
            async with connect(home.url) as connection:
                await connection.send(json.dumps({"type": "auth", "token": home.token}))
                await connection.send(request("mngDaemon_Version"))
                await connection.receive()
                if random.random() < 0.5:
                    connection.drop()
        except Exception:
            pass
        await trio.sleep(random.uniform(0, 0.5))


async def _opened(home: House) -> RawClient:
    client = RawClient(await trio.open_tcp_stream(*_address(home)))
    try:
        await client.upgrade()
    except BaseException:
        await trio.aclose_forcefully(client.stream)
        raise
    return client


async def _drain(client: RawClient) -> None:
    while True:
        await client.receive_frame()


def _address(home: House) -> tuple[str, int]:
    host, _, port = home.url.removeprefix("ws://").rpartition(":")
    return host, int(port)
