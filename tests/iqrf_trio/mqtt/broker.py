"""A real mosquitto, and a client of it."""

import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import trio
from attrs import define, field

from iqrf_trio.edges.mqtt import Incoming, MqttConnection, MqttSettings
from tests.programs import found, needs

MOSQUITTO = found("mosquitto")

needs_mosquitto = needs("mosquitto", "mosquitto")
needs_clients = needs("mosquitto_pub", "mosquitto-clients")


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def until(true: Callable[[], bool]) -> None:
    """Return when something has become true."""
    while True:
        if true():
            return
        await trio.sleep(0.02)


@define(eq=False)
class Broker:
    """A mosquitto that can be killed and started again on the same port."""

    folder: Path
    lines: tuple[str, ...] = ()
    port: int = field(factory=free_port)
    _process: trio.Process | None = None

    @property
    def url(self) -> str:
        """What mqtt.url says."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Run it; returns when it can be connected to."""
        assert MOSQUITTO is not None
        lines = [f"listener {self.port} 127.0.0.1", *self.lines]
        if not any(line.startswith("allow_anonymous") for line in lines):
            lines.append("allow_anonymous true")
        # As root it would become a user who may not read what the tests have made.
        lines += ["user root"] if os.geteuid() == 0 else []
        lines += ["max_queued_messages 0"]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        command = [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")]
        self._process = await trio.lowlevel.open_process(command, stdout=DEVNULL, stderr=DEVNULL)
        while True:
            try:
                await (await trio.open_tcp_stream("127.0.0.1", self.port)).aclose()
            except OSError:
                await trio.sleep(0.02)
            else:
                return

    def freeze(self) -> None:
        """Have it hold its connections and say nothing, until `thaw`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def mosquitto(folder: Path, *lines: str) -> AsyncIterator[Broker]:
    """A broker with these lines in its configuration."""
    await trio.Path(folder).mkdir(exist_ok=True)
    broker = Broker(folder, lines)
    await broker.start()
    try:
        yield broker
    finally:
        with trio.CancelScope(shield=True):
            await broker.kill()


@define(eq=False)
class Listener:
    """A client of a broker that remembers all it is sent, in order."""

    connection: MqttConnection = field(init=False)
    heard: list[Incoming] = field(factory=list)
    news: list[trio.Event] = field(factory=list)

    def note(self, message: Incoming) -> None:
        """Something came."""
        self.heard.append(message)
        self.connection.acknowledge(message)
        for event in self.news:
            event.set()

    async def until(self, found: Callable[[Incoming], Any]) -> Incoming:
        """The first message for which `found` is true, whether it came already or not."""
        place = 0
        while True:
            for message in self.heard[place:]:
                place += 1
                if found(message):
                    return message
            event = trio.Event()
            self.news.append(event)
            await event.wait()
            self.news.remove(event)

    async def topic(self, topic: str, after: int = 0) -> Incoming:
        """The first message on a topic, behind the first `after` of all."""
        return await self.until(
            lambda message: message.topic == topic and self.heard.index(message) >= after
        )

    async def quiet(self, seconds: float = 0.3) -> None:
        """Return when nothing has come for so long."""
        while True:
            number = len(self.heard)
            await trio.sleep(seconds)
            if len(self.heard) == number:
                return

    def on(self, topic: str) -> list[Incoming]:
        """All messages on a topic."""
        return [message for message in self.heard if message.topic == topic]

    def publish(self, topic: str, payload: bytes | str | object, *, retain: bool = False) -> None:
        """Send something; what is no text is sent as JSON."""
        if not isinstance(payload, bytes | str):
            payload = json.dumps(payload)
        data = payload.encode() if isinstance(payload, str) else payload
        self.connection.publish(topic, data, retain=retain)


@asynccontextmanager
async def listening(settings: MqttSettings, *filters: str) -> AsyncIterator[Listener]:
    """A client that has subscribed to these topics."""
    heard = Listener()
    connection = heard.connection = MqttConnection(settings, heard.note, lambda _number: None)
    ready = trio.Event()

    async def use() -> None:
        connection.subscribe(filters)
        ready.set()
        await trio.sleep_forever()

    await connection.open()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.run, use)
        await ready.wait()
        yield heard
        nursery.cancel_scope.cancel()


def settings_for(broker: Broker, client: str = "test", **changes: Any) -> MqttSettings:
    """How a test connects."""
    return MqttSettings("127.0.0.1", broker.port, client, **changes)
