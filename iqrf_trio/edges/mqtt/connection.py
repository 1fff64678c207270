"""One connection to an MQTT broker: paho-mqtt on Trio's readiness calls.

paho does the codec and the bookkeeping of QoS 1; waiting is Trio's. Its own queue and its threads
are not used.
"""

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import trio
from attrs import define, field

from iqrf_trio.edges.mqtt.client import (
    CONNECT_TIMEOUT_S,
    connect,
    correlated,
    make_client,
    subscribe,
)
from iqrf_trio.edges.mqtt.values import Incoming, MqttError, MqttSettings

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

log = logging.getLogger("iqrf_trio.mqtt")

_MISC_S = 1.0
"""How often paho looks at its keepalive."""

_TAKEN_OVER = 0x8E
"""Reason code: another client came with the same client id."""

_FAILURES = {
    0x84: "it does not speak this version of MQTT: try mqtt.version = 4",
    0x85: "it does not like the client id: see mqtt.client_id",
    0x86: "wrong user name or password: see mqtt.username and mqtt.password_file",
    0x87: "this user may not connect: see mqtt.username",
    _TAKEN_OVER: "another client came with the same id: give each gateway its own mqtt.client_id",
}


Hop = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a blocking function where it blocks nobody."""


@define(eq=False)
class MqttConnection:
    """A connection from its first byte to its end; a new one is made for each attempt.

    `on_message` is handed what comes, `on_acknowledged` the numbers that `publish` gave, as the
    broker has the messages. Both are called within `run`, and only note what they are given.
    """

    _settings: MqttSettings
    _on_message: Callable[[Incoming], None]
    _on_acknowledged: Callable[[int], None]
    window: int = field(default=65535, init=False)
    """How many messages the broker takes unacknowledged."""
    _client: "Client" = field(init=False)
    _lost: str | None = field(default=None, init=False)
    _answered: trio.Event = field(factory=trio.Event, init=False)
    _over: trio.Event = field(factory=trio.Event, init=False)
    _writable: trio.Event = field(factory=trio.Event, init=False)
    _trio: bool = field(default=False, init=False)
    """Whether callbacks come in Trio's thread by now."""

    @_client.default
    def _make_client(self) -> "Client":
        client = make_client(self._settings)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        client.on_socket_register_write = self._to_write
        client.on_socket_close = self._closing
        return client

    async def open(self, hop: Hop | None = None) -> None:
        """Connect: by `hop`, or in a thread that is left alone when this is cancelled.

        Raises MqttError.
        """
        connecting = partial(connect, self._client, self._settings)
        try:
            with trio.fail_after(2 * CONNECT_TIMEOUT_S):
                await (hop or _in_thread)(connecting)
        except trio.TooSlowError:
            raise MqttError("no connection in time") from None
        except ssl.SSLCertVerificationError as error:
            text = f"its certificate is not trusted: {error.verify_message}; see mqtt.ca"
            raise MqttError(text) from None
        except (OSError, ValueError) as error:
            raise MqttError(str(error) or type(error).__name__) from None
        self._trio = True

    async def run(self, use: Callable[[], Awaitable[None]]) -> None:
        """Read and write until the connection is over; `use` is awaited once the broker took it.

        Returns when `use` does. Raises MqttError.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                nursery.start_soon(self._write)
                nursery.start_soon(self._tick)
                nursery.start_soon(self._end_with, nursery.cancel_scope)
                with trio.move_on_after(CONNECT_TIMEOUT_S):
                    await self._answered.wait()
                if not self._answered.is_set():
                    self._lose("it does not answer")
                    await trio.sleep_forever()
                try:
                    await use()
                except MqttError as error:
                    self._lose(str(error))
                nursery.cancel_scope.cancel()
        finally:
            self.close()
        if self._lost is not None:
            raise MqttError(self._lost)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool, correlation: bytes | None = None
    ) -> int:
        """Hand a message over, QoS 1; returns its number. Raises MqttError."""
        properties = correlated(self._settings, correlation)
        try:
            info = self._client.publish(topic, payload, 1, retain, properties)
        except ValueError as error:
            raise MqttError(f"{topic[:80]} cannot be published: {error}") from None
        if info.rc:
            raise MqttError(self._lost or "the connection is lost")
        return info.mid

    def subscribe(self, filters: Iterable[str]) -> None:
        """Have the broker send what is published under these topics."""
        subscribe(self._client, filters, five=self._settings.version == 5)

    def acknowledge(self, message: Incoming) -> None:
        """The message is taken; the broker may send the next one."""
        with suppress(Exception):  # a connection that is lost needs none
            self._client.ack(message.number, message.qos)

    async def say_goodbye(self) -> None:
        """End the connection in peace: the broker publishes no will."""
        with suppress(Exception):
            self._client.disconnect()
            await self._over.wait()  # paho closes the socket once DISCONNECT is written

    def close(self) -> None:
        """Let go of the socket."""
        sock = self._client.socket()
        if sock is not None:
            self._closing(self._client, None, sock)
            sock.close()

    # The tasks of a connection.

    async def _read(self) -> None:
        while (sock := self._client.socket()) is not None:
            pending = getattr(sock, "pending", None)
            try:
                if pending is not None and pending():  # decrypted already: the socket is silent
                    await trio.lowlevel.checkpoint()
                else:
                    await trio.lowlevel.wait_readable(sock)
                self._client.loop_read()
            except (trio.ClosedResourceError, OSError):
                break
            except Exception as error:
                # Whatever the codec stumbles over came from the broker.
                log.debug("not understood", exc_info=True)
                self._lose(f"it sent what is no MQTT ({type(error).__name__})")
                return
        self._lose("the connection was cut")

    async def _write(self) -> None:
        while (sock := self._client.socket()) is not None:
            if not self._client.want_write():
                self._writable = trio.Event()
                await self._writable.wait()
                continue
            try:
                await trio.lowlevel.wait_writable(sock)
                self._client.loop_write()
            except (trio.ClosedResourceError, OSError):
                break
        self._lose("the connection was cut")

    async def _tick(self) -> None:
        while True:
            await trio.sleep(_MISC_S)
            if self._client.loop_misc():
                self._lose("it is silent")
                return

    async def _end_with(self, scope: trio.CancelScope) -> None:
        await self._over.wait()
        scope.cancel()

    def _lose(self, reason: str) -> None:
        """The connection is over; the first reason counts."""
        if self._lost is None:
            self._lost = reason
        self._over.set()

    # Called by paho: within loop_read and loop_write, and while connecting in a thread.

    def _connected(self, _c: object, _u: object, _flags: object, code: Any, props: Any) -> None:
        if code.is_failure:
            text = _FAILURES.get(code.value, str(code))
            self._lose(f"refused: {text}")
            return
        self.window = getattr(props, "ReceiveMaximum", None) or self.window
        self._answered.set()

    def _disconnected(self, _c: object, _u: object, flags: Any, code: Any, _p: object) -> None:
        if flags.is_disconnect_packet_from_server:
            self._lose(f"ended by the broker: {_FAILURES.get(code.value, str(code))}")

    def _received(self, _client: object, _userdata: object, message: "MQTTMessage") -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._client.ack(message.mid, message.qos)
            return
        properties = message.properties
        self._on_message(
            Incoming(
                topic,
                bytes(message.payload),
                message.retain,
                message.mid,
                message.qos,
                getattr(properties, "ResponseTopic", None),
                getattr(properties, "CorrelationData", None),
                dict(getattr(properties, "UserProperty", ())).get("token"),
            )
        )

    def _published(self, _c: object, _u: object, mid: int, code: Any, _p: object) -> None:
        if code.is_failure:
            log.warning("the broker refused a message: %s", code)
        self._on_acknowledged(mid)

    def _subscribed(self, _c: object, _u: object, _mid: int, codes: Any, _p: object) -> None:
        if any(code.is_failure for code in codes):
            log.warning("the broker refused a subscription: commands may not arrive")

    def _to_write(self, _client: object, _userdata: object, _sock: object) -> None:
        if self._trio:
            self._writable.set()

    def _closing(self, _client: object, _userdata: object, sock: Any) -> None:
        # Trio must not go on waiting for a descriptor that may belong to another socket by then.
        if self._trio and sock.fileno() >= 0:
            trio.lowlevel.notify_closing(sock)
            self._writable.set()


async def _in_thread(work: Callable[[], None]) -> None:
    await trio.to_thread.run_sync(work, abandon_on_cancel=True)
