"""A whole gateway on a virtual clock: the mesh at real air time, sockets and database as always.

Nothing waits for a thread, so that the clock may jump to whatever is waited for next.
"""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import trio
from attrs import define, field, frozen
from trio.testing import MockClock

from iqrf_trio import config, daemon
from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.store.database import inline
from iqrf_trio.wiring.serving import Running
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.house import authenticated, heard, house, request
from tests.iqrf_trio.raw_client import RawClient

NODES = 239
"""As many as a network can have: an FRC of all of them takes half a minute."""

JUMP_S = 0.001
"""How long nothing must happen, in real time, until the clock jumps: sockets are quicker."""


def live(run: Callable[[], Awaitable[None]]) -> None:
    """Run a test on a clock that jumps."""
    trio.run(run, clock=MockClock(autojump_threshold=JUMP_S))


async def known_network(state: Path) -> str:
    """Make the state of a gateway that knows its network; gives a token for it."""
    async with house(state, mesh=generate(NODES)) as home, authenticated(home) as connection:
        await connection.send(request("iqrfDb_Enumerate", {"standards": True}))
        while (await heard(connection))["rsp"]["step"] != 8:
            pass
        return home.token


@frozen(eq=False)
class Life:
    """A gateway that serves; `stop` is the signal, `over` is set when it has ended."""

    running: Running
    mesh: Mesh
    token: str
    stop: trio.Event
    over: trio.Event
    database: Path


@asynccontextmanager
async def alive(state: Path, token: str, *sets: str) -> AsyncIterator[Life]:
    """A gateway on a mesh of NODES nodes, connected; the test stops it."""
    mesh = generate(NODES)
    settings = config.load(
        None,
        ["websocket.port=0", f"gateway.state_dir={state}", "port.kind=simulator", *sets],
        environment={},
    )
    stop, over = trio.Event(), trio.Event()

    async def serve(*, task_status: trio.TaskStatus[Running]) -> None:
        port = SimulatorPort(mesh, 1.0)
        await daemon.run(settings, port=port, stop=stop, hop=inline, task_status=task_status)
        over.set()

    async with trio.open_nursery() as nursery:
        running = await nursery.start(serve)
        await running.gateway.transceiver.wait_connected()
        yield Life(running, mesh, token, stop, over, state / DATABASE_NAME)
        stop.set()


def is_final(message: Any) -> bool:
    """Whether a message is the last one that its request is answered with."""
    data = message["data"]
    if message["mType"] == "messageError" or data["status"]:
        return True
    if message["mType"] == "iqrfDb_Enumerate":
        return bool(data["rsp"]["step"] == 8)
    if message["mType"] == "iqmeshNetwork_Backup":
        return bool(data["rsp"]["progress"] == 100)
    return True


@define(eq=False)
class Reader:
    """A client that reads all it is sent, until it is closed."""

    _connection: Connection
    asked: set[str] = field(factory=set)
    answers: dict[str, list[Any]] = field(factory=dict)
    """All messages by msgId."""
    closed: int | None = None
    _news: trio.Event = field(factory=trio.Event)

    async def run(self) -> None:
        """Read to the end."""
        try:
            while True:
                message = json.loads(await self._connection.receive())
                self.answers.setdefault(message["data"].get("msgId"), []).append(message)
                self._news.set()
        except ConnectionClosed as error:
            self.closed = error.code

    async def ask(self, mtype: str, req: object = None, **data: object) -> str:
        """Send a request; gives its msgId."""
        name = f"{mtype} {len(self.asked)}"
        self.asked.add(name)
        await self._connection.send(request(mtype, req, msgId=name, **data))
        return name

    async def answered(self, name: str) -> Any:
        """The first answer to a request."""
        while name not in self.answers:
            self._news = trio.Event()
            await self._news.wait()
        return self.answers[name][0]

    async def accepted(self) -> None:
        """Return when everything that was sent is at least in a queue.

        A message that nobody knows is refused where it is read, behind nothing that waits.
        """
        await self.answered(await self.ask("unknown_Message"))

    @property
    def unanswered(self) -> set[str]:
        """The requests without a final answer."""
        return {name for name in self.asked if not any(map(is_final, self.answers.get(name, ())))}


@asynccontextmanager
async def reader(life: Life) -> AsyncIterator[Reader]:
    """A client that is authenticated and reads in the background."""
    async with connect(life.running.url) as connection:
        await connection.send(json.dumps({"type": "auth", "token": life.token}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
        client = Reader(connection)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.run)
            yield client


@asynccontextmanager
async def deaf(life: Life, requests: int) -> AsyncIterator[None]:
    """A client that asks and never reads."""
    host, _, port = life.running.url.removeprefix("ws://").rpartition(":")
    async with connect(life.running.url) as first:
        await first.send(json.dumps({"type": "auth", "token": life.token}))
        await first.receive()
    stream = await trio.open_tcp_stream(host, int(port))
    try:
        client = RawClient(stream)
        await client.upgrade()
        await client.send(json.dumps({"type": "auth", "token": life.token}))
        await client.receive()
        with trio.move_on_after(0.1):
            for number in range(requests):
                await client.send(
                    request("iqrfDb_GetDevices", {"sensors": True}, msgId=str(number))
                )
        yield
    finally:
        await trio.aclose_forcefully(stream)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else holds the database."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def copy_of(state: Path, to: Path) -> Path:
    """A state of its own."""
    return Path(shutil.copytree(state, to))


async def stopped(life: Life) -> float:
    """Give the signal; returns how many seconds the gateway took to end."""
    told_at = trio.current_time()
    life.stop.set()
    await life.over.wait()
    return trio.current_time() - told_at
