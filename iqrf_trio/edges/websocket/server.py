"""The server's boundary: from an accepted socket to a Connection, with no way to hurt the rest."""

import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NoReturn

import trio
import trio_websocket
from attrs import define, evolve, field, frozen

from iqrf_trio import __version__
from iqrf_trio.edges.tcp import tls
from iqrf_trio.edges.tcp.admission import Arrival, Door, Handshake, Handshakes
from iqrf_trio.edges.tcp.limits import Failures, Limits, Place, Places, network_of
from iqrf_trio.edges.tcp.lingering import LingeringStream
from iqrf_trio.edges.tcp.listeners import Endpoint, name_of
from iqrf_trio.edges.websocket.connection import (
    BAD_DATA,
    INTERNAL_ERROR,
    PROTOCOL_ERROR,
    Connection,
    ConnectionClosed,
    Visit,
)
from iqrf_trio.edges.websocket.wire import PARTING_S, Wire

Handler = Callable[[Connection], Awaitable[None]]
"""What serves one client; the connection is closed when it returns."""

_READ_SIZE = 1024
"""Bytes the library is given at once: nobody else has a turn until it has parsed them all, and a
frame may have 6."""

_SERVER = (b"Server", f"iqrf-trio/{__version__}".encode())
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

logger = logging.getLogger("iqrf_trio.websocket")


async def serve(
    endpoints: Sequence[Endpoint],
    handler: Handler,
    limits: Limits,
    *,
    handler_nursery: trio.Nursery | None = None,
    task_status: trio.TaskStatus["Server"] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Accept clients and run `handler` for each, in `handler_nursery` or in one of its own.

    No client and no exception of the handler ends the server. Cancelling stops listening, and
    leaves the clients in `handler_nursery` alone.
    """
    server = Server(handler, limits)
    async with trio.open_nursery() as nursery:
        for endpoint in endpoints:
            listen = partial(trio.serve_listeners, handler_nursery=handler_nursery)
            door = Door(endpoint.listener, server.handshakes)
            await nursery.start(listen, partial(server.welcome, tls_context=endpoint.tls), [door])
        task_status.started(server)
    raise AssertionError("listening only ends by being cancelled")


@frozen
class _Refusal:
    status: int
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


@define
class Server:
    """What all listeners share: the handler, and the count of who is there."""

    _handler: Handler
    limits: Limits
    handshakes: Handshakes = field(init=False)
    places: Places = field(init=False)
    failures: Failures = field(init=False)
    residents: Counter[str] = field(factory=Counter, init=False)
    """Authenticated clients by address."""

    def __attrs_post_init__(self) -> None:
        """Nobody is there yet."""
        self.handshakes = Handshakes(self.limits.max_handshakes)
        self.places = Places(self.limits)
        self.failures = Failures(self.limits.auth_failures_per_minute)

    def change(self, limits: Limits) -> None:
        """Put other limits into force; those of handshakes and strangers stay as they are."""
        self.limits = self.places.limits = evolve(
            limits,
            max_handshakes=self.limits.max_handshakes,
            max_unauthenticated=self.limits.max_unauthenticated,
        )
        self.failures.per_minute = limits.auth_failures_per_minute

    async def welcome(self, arrival: Arrival, *, tls_context: ssl.SSLContext | None = None) -> None:
        """Serve one accepted connection, whatever it sends, and close it."""
        try:
            remote, address = _peer(arrival.stream)
        except OSError:
            await trio.aclose_forcefully(arrival)  # reset before we could ask who it was
            return
        secured = None
        if tls_context:
            secured = trio.SSLStream(arrival.stream, tls_context, server_side=True)
        wire = Wire(secured or arrival.stream)
        visit = _ServerVisit(self, arrival.handshake, wire, secured, remote, address)
        broken = False
        try:
            async with trio.open_nursery() as nursery:
                await visit.run(nursery)
                nursery.cancel_scope.cancel()
        except* Exception as group:
            broken = True
            logger.debug("%s: the connection broke: %r", remote, group.exceptions)
        finally:
            visit.leave()
            try:
                with arrival.handshake.bounded(PARTING_S):
                    await wire.finish(visit.last_word(broken=broken))
            finally:
                # Until it is closed, what never became a WebSocket keeps its place at the door.
                arrival.handshake.over()

    async def serve_client(self, connection: Connection) -> None:
        """Run the handler, and close what it left open."""
        failed = False
        try:
            await self._handler(connection)
        except* ConnectionClosed:
            pass
        except* Exception as group:
            failed = True
            logger.error("%s: the session failed", connection.remote, exc_info=group)
        await (connection.close(INTERNAL_ERROR) if failed else connection.close())

    def refusal(self, request: trio_websocket.WebSocketRequest, address: str) -> _Refusal | None:
        """Why a WebSocket is not granted, apart from want of places."""
        seconds = self.failures.retry_after(address, trio.current_time())
        # Where somebody is at home, a stranger's failures must not lock the door.
        if seconds and not self.residents[network_of(address)]:
            retry = (b"Retry-After", str(seconds).encode())
            return _Refusal(429, "Too many failed authentications from this address.", (retry,))
        asked = {value.decode("latin-1") for name, value in request.headers if name == b"origin"}
        if self.limits.origins and not asked <= set(self.limits.origins):
            return _Refusal(403, "Pages from this origin are not admitted.")
        return None


@define
class _ServerVisit(Visit):
    """One accepted connection, from its first byte to its last."""

    _server: Server
    _handshake: Handshake
    _wire: Wire
    _secured: trio.SSLStream[LingeringStream] | None
    _remote: str
    _address: str
    _place: Place | None = None
    _resident: bool = False
    _websocket: trio_websocket.WebSocketConnection | None = None

    async def run(self, nursery: trio.Nursery) -> None:
        """Upgrade the connection and serve the client; `nursery` holds the library's reader."""
        limit = self._server.limits.max_message_size
        with self._handshake.bounded(self._server.limits.handshake_timeout) as handshake:
            # A peer that left, or whose request was answered with an error, has no handshake left.
            self._wire.on_end = handshake.cancel
            if self._secured:
                await tls.shake_hands(self._secured)
            request = await trio_websocket.wrap_server_stream(
                nursery, self._wire, max_message_size=limit, receive_buffer_size=_READ_SIZE
            )
            await self._answer(request)
        if self._websocket:
            self._handshake.over()
            connection = Connection(self._websocket, self._remote, limit, self)
            await self._server.serve_client(connection)

    async def _answer(self, request: trio_websocket.WebSocketRequest) -> None:
        refusal = self._server.refusal(request, self._address)
        if refusal is None:
            self._place = await self._server.places.take()
            if self._place:
                self._websocket = await request.accept(extra_headers=[_SERVER])
                return
            refusal = _Refusal(503, "There are too many clients.")
        extra = {"peer": self._remote}
        logger.info("%s: refused: %s", self._remote, refusal.text, extra=extra)
        headers = [_SERVER, (b"Connection", b"close"), (b"Content-Type", b"text/plain")]
        await request.reject(
            refusal.status, extra_headers=[*headers, *refusal.headers], body=refusal.text.encode()
        )

    @property
    def heard_at(self) -> float:
        """When the client last sent anything."""
        return self._wire.heard_at

    @property
    def taken_at(self) -> float:
        """When the client last took part of what was sent to it."""
        return self._wire.taken_at

    def authenticate(self) -> None:
        """The client counts as a stranger no longer."""
        if self._place:
            self._place.authenticate()
        if not self._resident:
            self._resident = True
            self._server.residents[network_of(self._address)] += 1

    def fail(self) -> float:
        """The client's address has one failure more; how long it is made to wait for the news."""
        return self._server.failures.record(self._address, trio.current_time())

    def leave(self) -> None:
        """Give the place back."""
        if self._place:
            self._place.leave()
        if self._resident:
            self._resident = False
            self._server.residents[network_of(self._address)] -= 1
            self._server.residents += Counter()  # forget who is gone

    def drop(self) -> None:
        """End the wire."""
        self._wire.end()

    def last_word(self, *, broken: bool) -> bytes:
        """What the library left unsaid: after a protocol error it closes without a close frame."""
        if self._websocket is None:
            return _BAD_REQUEST if broken and not self._wire.answered else b""
        code = self._websocket.closed.code if self._websocket.closed else INTERNAL_ERROR
        if self._wire.close_sent or not (broken or code in {PROTOCOL_ERROR, BAD_DATA}):
            return b""
        return bytes((0x88, 2)) + code.to_bytes(2, "big")


def _peer(stream: LingeringStream) -> tuple[str, str]:
    """The peer's name for logs, and its IP address; raises OSError when it is gone."""
    if not isinstance(stream.stream, trio.SocketStream):
        return "memory", "memory"
    peer = stream.stream.socket.getpeername()
    return name_of(peer), peer[0]
