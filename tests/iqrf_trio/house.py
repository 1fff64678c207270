"""A whole gateway in this process: real sockets and a real database, a simulated mesh."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import frozen

from iqrf_trio import config, daemon
from iqrf_trio.cli.support import local_token
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.wiring.http import Examine
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.auth.rights import Rights, Scope

ALL = Rights(Scope.MANAGE, service=True)
"""What nothing is refused to."""


@frozen(eq=False)
class House:
    """A gateway that serves, and what a test needs to know of it."""

    url: str
    gateway: Gateway
    token: str
    mesh: Mesh
    stop: trio.Event
    state: Path
    monitor_url: str | None = None
    http_url: str = ""


@asynccontextmanager
async def house(
    state: Path,
    *sets: str,
    mesh: Mesh | None = None,
    port: Port | None = None,
    speed: float = 0,
    token: str | None = None,
    examine: Examine | None = lambda _config: [],
    limit_s: float = 30,
) -> AsyncIterator[House]:
    """A gateway on `mesh` (12 nodes, no waiting), which is stopped in the end.

    `token` is one that it knows already; without it a new one is made. The test fails after
    `limit_s` seconds.
    """
    mesh = mesh or generate(12)
    settings = config.load(
        None,
        ["websocket.port=0", f"gateway.state_dir={state}", "port.kind=simulator", *sets],
        environment={},
    )
    stop = trio.Event()
    with trio.fail_after(limit_s):
        async with trio.open_nursery() as nursery:
            serve = partial(
                daemon.run,
                settings,
                port=port or SimulatorPort(mesh, speed),
                stop=stop,
                examine=examine,
            )
            running = await nursery.start(serve)
            token = token or local_token.make(state / DATABASE_NAME, ALL)
            await running.gateway.transceiver.wait_connected()
            yield House(
                running.url,
                running.gateway,
                token,
                mesh,
                stop,
                state,
                running.monitor_url,
                running.http_url or "",
            )
            stop.set()


@asynccontextmanager
async def authenticated(home: House) -> AsyncIterator[Connection]:
    """A client's connection, after its authentication."""
    async with connect(home.url) as connection:
        await connection.send(json.dumps({"type": "auth", "token": home.token}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
        yield connection


async def ask(connection: Connection, mtype: str, req: object = None, **data: object) -> Any:
    """Send a request, and give `data` of the next message."""
    await connection.send(request(mtype, req, **data))
    return await heard(connection)


async def heard(connection: Connection) -> Any:
    """`data` of the next message."""
    return json.loads(await connection.receive())["data"]


def request(mtype: str, req: object = None, **data: object) -> str:
    body = {"msgId": "test", **data} | ({} if req is None else {"req": req})
    return json.dumps({"mType": mtype, "data": body})
