"""A client of the dispatcher, without a socket between them, and a gateway on a virtual clock."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, field

from iqrf_trio import config, daemon
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store.database import inline
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.auth.rights import MANAGE, Rights
from tests.iqrf_trio.house import ALL, request


@define(eq=False)
class Caller:
    """What it is told is parsed, and kept until somebody looks; nothing once it is gone."""

    gateway: Gateway
    rights: Rights = MANAGE
    live: bool = True
    token: int | None = 1
    remote: str = "test"
    lasting: bool = True
    room: int = 2**31
    """Characters of the longest text for which there is room, unless it is sent in any case."""
    heard: list[Any] = field(factory=list)
    _news: trio.Event = field(factory=trio.Event)
    _dispatcher: Dispatcher = field(init=False)

    @_dispatcher.default
    def _make_dispatcher(self) -> Dispatcher:
        return Dispatcher(self.gateway)

    def reply(self, text: str, *, always: bool = False) -> bool:
        if not always and len(text) > self.room:
            return False
        if self.live:
            self.heard.append(json.loads(text))
            self._news.set()
        return True

    def owe(self, answers: int) -> None:
        pass

    def report(self, text: str) -> None:
        self.reply(text)

    def subscribe(self, reports: Reports) -> None:
        reports.subscribe(self.report)

    def say(self, text: str | bytes) -> None:
        """Have `text` dispatched."""
        self._dispatcher.accept(text, self)

    def send(self, mtype: str, req: object = None, **data: object) -> None:
        self.say(request(mtype, req, **data))

    async def next(self) -> Any:
        """The next message."""
        while not self.heard:
            self._news = trio.Event()
            await self._news.wait()
        return self.heard.pop(0)

    async def ask(self, mtype: str, req: object = None, **data: object) -> Any:
        """Send a request, and give `data` of the next message."""
        self.send(mtype, req, **data)
        return (await self.next())["data"]

    def refused(self, text: str | bytes) -> Any:
        """The messageError that `text` is answered with at once, and nothing else."""
        self.say(text)
        (answer,) = self.heard
        self.heard.clear()
        assert answer["mType"] == "messageError"
        return answer["data"]


@asynccontextmanager
async def undisturbed(state: Path, mesh: Mesh) -> AsyncIterator[Caller]:
    """Who may ask everything of a gateway that asks nothing by itself; for a clock that jumps."""
    settings = config.load(
        None,
        [
            "websocket.port=0",
            f"gateway.state_dir={state}",
            "port.kind=simulator",
            "database.enumerate_after_bonding=false",
            "database.ask_states=false",
        ],
        environment={},
    )
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        port = SimulatorPort(mesh, 0)
        serve = partial(daemon.run, settings, port=port, stop=stop, hop=inline)
        gateway = (await nursery.start(serve)).gateway
        await gateway.transceiver.wait_connected()
        yield Caller(gateway, rights=ALL)
        stop.set()
