"""The link to the broker: one connection after the other, and the outbox that each one empties."""

import logging
import random
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from math import inf

import trio
from attrs import define, field, frozen

from iqrf_trio.edges.mqtt import Hop, Incoming, MqttConnection, MqttError, MqttSettings
from iqrf_trio.shutdown import Share, Shutdown
from protocol.outward.health import AWAY_S, Check, Status
from protocol.outward.mqtt.numbers import EventNumbers
from protocol.outward.mqtt.outbox import Kind, Outbox
from protocol.outward.mqtt.pauses import STEADY_S, pause_s
from protocol.outward.mqtt.topics import matches

log = logging.getLogger("iqrf_trio.mqtt")

ONLINE, OFFLINE = b"online", b"offline"

GOODBYE_S = 1.0
"""How long the broker may take to acknowledge the last messages when the gateway stops."""

ACK_PATIENCE_S = 60.0
"""How long the broker may acknowledge nothing of what it was sent, though it is there."""

MAX_INCOMING, MAX_INCOMING_BYTES = 10_000, 8 * 1024 * 1024
"""Messages from the broker that wait to be taken.

A broker waits for acknowledgements of QoS 1, but those of QoS 0 come as fast as somebody sends
them. Reading cannot pause for them: what the broker acknowledges to us comes on the same way.
"""

_AT_ONCE = 20
"""Messages that are taken until the other tasks of the gateway have their turn."""

REMEDY = "; sudo iqrf-trio doctor tells what to do"
"""What the first failure in a row says besides its reason."""

Take = Callable[[Incoming], None]
"""Takes a message from the broker; never waits and never raises."""


@frozen
class _Subscription:
    filters: tuple[str, ...]
    take: Take


@define(eq=False)
class MqttLink:
    """Connects again and again, with pauses that grow; nobody waits for it.

    `status` is the topic that says whether the gateway is there. Whoever wants to hear something
    calls `subscribe` before `run`; `on_connect` functions are called as soon as the broker has
    taken a connection, to say everything again that it should keep.
    """

    _settings: MqttSettings
    _status: str
    outbox: Outbox
    _shutdown: Shutdown
    _hop: Hop | None = None
    connections: int = field(default=0, init=False)
    """How many there were."""
    refused: int = field(default=0, init=False)
    """Messages from the broker for which there was no room."""
    reason: str = field(default="not connected yet", init=False)
    """Why there is no connection."""
    _numbers: EventNumbers = field(init=False)
    _on_connect: list[Callable[[], None]] = field(factory=list, init=False)
    _subscriptions: list[_Subscription] = field(factory=list, init=False)
    _incoming: deque[Incoming] = field(factory=deque, init=False)
    _held: int = field(default=0, init=False)
    """Bytes of the messages that wait to be taken."""
    _news: trio.Event = field(factory=trio.Event, init=False)
    _acknowledged_at: float = field(default=0.0, init=False)
    """When the broker last acknowledged something, or nothing was to be acknowledged."""
    _ending: trio.Event = field(factory=trio.Event, init=False)
    _away_since: float = field(factory=trio.current_time, init=False)

    @_numbers.default
    def _make_numbers(self) -> EventNumbers:
        return EventNumbers(secrets.token_hex(4))

    @property
    def up(self) -> bool:
        """Whether a broker is connected."""
        return self.outbox.open

    @property
    def name(self) -> str:
        """What to call the broker in logs."""
        return f"mqtt broker {self._settings.host}:{self._settings.port}"

    @property
    def away_s(self) -> float:
        """For how long there has been no connection; 0 while there is one."""
        return 0.0 if self.up else trio.current_time() - self._away_since

    def check(self) -> Check:
        """How the link is, for whoever watches the gateway's health."""
        details = {
            "broker": f"{self._settings.host}:{self._settings.port}",
            "waiting": sum(map(self.outbox.waiting, Kind)),
            "dropped": sum(self.outbox.dropped.values()),
        }
        if self.outbox.behind:
            text = f"it is too slow: {self.outbox.waiting(Kind.EVENT)} events wait for it"
            return Check(Status.WARN, text, details)
        if self.up:
            return Check(Status.PASS, "", details)
        status = Status.WARN if self.away_s < AWAY_S else Status.FAIL
        return Check(status, f"away for {self.away_s:.0f} s: {self.reason}", details)

    def subscribe(self, filters: Iterable[str], take: Take) -> None:
        """Have `take` called with what is published under these topics."""
        self._subscriptions.append(_Subscription(tuple(filters), take))

    def on_connect(self, call: Callable[[], None]) -> None:
        """Have `call` called with each connection; it never waits."""
        self._on_connect.append(call)

    def state(self, topic: str, payload: bytes) -> None:
        """Have the broker keep `payload` under `topic`; empty: have it forget the topic."""
        self.outbox.put_state(topic, payload)
        self._news.set()

    def event(self, topic: str, payload: bytes) -> None:
        """Publish something once."""
        self.outbox.put_event(topic, payload)
        self._news.set()

    def numbered_event(self, topic: str, payload: bytes) -> None:
        """Publish a JSON object once, with its number among the events of this run.

        The number is given here, not when the message goes out, so that one that is dropped
        leaves a gap.
        """
        self.event(topic, self._numbers.mark(payload))

    def answer(self, topic: str, payload: bytes, correlation: bytes | None = None) -> bool:
        """Publish something now or never; False where there is no room."""
        taken = self.outbox.put_answer(topic, payload, correlation)
        self._news.set()
        return taken

    def end(self) -> None:
        """The gateway stops: say what waits and that it is offline, then disconnect."""
        self._ending.set()
        self._news.set()

    async def run(self) -> None:
        """Connect again and again, until told to end."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_attempts, nursery.cancel_scope)
            failures = 0
            while not self._ending.is_set():
                since = trio.current_time()
                await self._attempt()
                if self._ending.is_set():
                    break
                steady = trio.current_time() - since >= STEADY_S
                failures = 1 if steady else failures + 1
                pause = pause_s(failures, random.random())
                remedy = REMEDY if failures == 1 else ""
                text = "%s: %s; next attempt in %.0f s%s"
                log.warning(text, self.name, self.reason, pause, remedy)
                await trio.sleep(pause)
            nursery.cancel_scope.cancel()

    async def _end_attempts(self, scope: trio.CancelScope) -> None:
        """At the end nobody waits for a broker that is not there."""
        await self._ending.wait()
        if not self.up:
            scope.cancel()

    async def _attempt(self) -> None:
        """One connection from its begin to its end; the boundary of the link."""
        connection = MqttConnection(self._settings, self._received, self._acknowledged)
        try:
            await connection.open(self._hop)
            await connection.run(lambda: self._use(connection))
        except MqttError as error:
            self.reason = str(error)
        except Exception:
            log.exception("%s failed", self.name)
            self.reason = "internal error; the log says more"
        finally:
            self._leave()

    def _leave(self) -> None:
        if self.up:
            self._away_since = trio.current_time()
        self.outbox.end()
        self._incoming.clear()
        self._held = 0

    async def _use(self, connection: MqttConnection) -> None:
        """Subscribe, say what waits, and hear what comes, until the connection or we end."""
        log.info("%s: connected", self.name)
        self.connections += 1
        self.outbox.begin(connection.window)
        connection.subscribe(name for each in self._subscriptions for name in each.filters)
        self.outbox.put_state(self._status, ONLINE)
        for call in self._on_connect:
            call()
        self._acknowledged_at = trio.current_time()
        while not self._ending.is_set():
            self._take(connection)
            if not self.outbox.in_flight:
                self._acknowledged_at = trio.current_time()
            self._send(connection)
            with trio.move_on_at(self._acknowledged_at + ACK_PATIENCE_S) as patience:
                if not self.outbox.in_flight:
                    patience.deadline = inf
                await self._next_news()
            if patience.cancelled_caught:
                raise MqttError("it acknowledges nothing")
        await self._part(connection)

    async def _part(self, connection: MqttConnection) -> None:
        """Publish what there is and that we are gone, as long as there is time."""
        self.outbox.put_state(self._status, OFFLINE)
        with self._shutdown.shield(GOODBYE_S, Share.FAREWELL):
            while not self.outbox.empty:
                self._send(connection)
                await self._next_news()
            await connection.say_goodbye()

    async def _next_news(self) -> None:
        await self._news.wait()
        self._news = trio.Event()
        await trio.lowlevel.checkpoint()

    def _send(self, connection: MqttConnection) -> None:
        while (message := self.outbox.take()) is not None:
            try:
                number = connection.publish(
                    message.topic,
                    message.payload,
                    retain=message.retain,
                    correlation=message.correlation,
                )
            except MqttError:
                self.outbox.end(unsent=message)
                raise
            self.outbox.sent(number, message)

    def _acknowledged(self, number: int) -> None:
        self._acknowledged_at = trio.current_time()
        self.outbox.acknowledged(number)
        self._news.set()

    def _received(self, message: Incoming) -> None:
        size = len(message.topic) + len(message.payload)
        if len(self._incoming) >= MAX_INCOMING or self._held + size > MAX_INCOMING_BYTES:
            if not self.refused:
                log.warning("%s: too many messages at a time, some are dropped", self.name)
            self.refused += 1
            return
        self._held += size
        self._incoming.append(message)
        self._news.set()

    def _take(self, connection: MqttConnection) -> None:
        """Hand messages on, unless more answers wait than the broker fetches.

        What is not taken is not acknowledged, so that an MQTT 5 broker sends no more.
        """
        for _ in range(_AT_ONCE):
            if not self._incoming or self.outbox.answers_full:
                return
            message = self._incoming.popleft()
            self._held -= len(message.topic) + len(message.payload)
            for each in self._subscriptions:
                if any(matches(name, message.topic) for name in each.filters):
                    each.take(message)
                    break
            connection.acknowledge(message)
        self._news.set()
