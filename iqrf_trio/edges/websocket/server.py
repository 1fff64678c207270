"""The server's boundary: from an accepted socket to a Connection, with no way to hurt the rest."""

import base64
import binascii
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import NoReturn

import trio
import trio_websocket
from attrs import define, evolve, field, frozen

from iqrf_trio import __version__
from iqrf_trio.edges.tcp import tls
from iqrf_trio.edges.tcp.admission import (
    Accepted,
    Admission,
    AdmittingListener,
    Applicant,
    Clients,
    Handshake,
)
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.lingering import LingeringStream
from iqrf_trio.edges.tcp.listeners import Endpoint, name_of
from iqrf_trio.edges.websocket.connection import (
    BAD_DATA,
    INTERNAL_ERROR,
    PROTOCOL_ERROR,
    TRY_AGAIN_LATER,
    Connection,
    ConnectionClosed,
    Peer,
)
from iqrf_trio.edges.websocket.wire import PARTING_S, Wire
from protocol.auth.addresses import client_of, is_local, network_of
from protocol.auth.failures import Failures
from protocol.auth.places import HANDSHAKE_S

Handler = Callable[[Connection], Awaitable[None]]
"""What serves one client; the connection is closed when it returns."""

_READ_SIZE = 1024
"""Bytes the library is given at once: nobody else has a turn until it has parsed them all, and a
frame may have 6."""

_SERVER = (b"Server", f"iqrf-trio/{__version__}".encode())
_KEY = re.compile(rb"\nsec-websocket-key:[ \t]*([^\r\n]*?)[ \t]*\r?\n", re.IGNORECASE)
_KEY_SIZE = 16
"""Bytes of the random key that a client sends (RFC 6455, 4.1)."""

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
            listener = AdmittingListener(endpoint.listener, server.handshakes)
            await nursery.start(listen, partial(server.admit, tls_context=endpoint.tls), [listener])
        task_status.started(server)
    raise AssertionError("listening only ends by being cancelled")


@frozen
class _Refusal:
    status: int
    text: str


@define
class Server:
    """What all listeners share: the handler, and the count of who is there."""

    _handler: Handler
    limits: Limits
    handshakes: Admission = field(init=False)
    """Connections that are no WebSocket yet."""
    clients: Clients = field(init=False)
    failures: Failures = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Nobody is there yet."""
        self.handshakes = Admission(lambda: self.limits.max_handshakes, HANDSHAKE_S)
        self.clients = Clients(self.limits)
        self.failures = Failures(self.limits.auth_failures_per_minute)

    def change(self, limits: Limits) -> None:
        """Put other limits into force; those of handshakes and of unauthenticated clients stay."""
        self.limits = self.clients.limits = evolve(
            limits,
            max_handshakes=self.limits.max_handshakes,
            max_unauthenticated=self.limits.max_unauthenticated,
        )
        self.failures.per_minute = limits.auth_failures_per_minute

    async def admit(self, accepted: Accepted, *, tls_context: ssl.SSLContext | None = None) -> None:
        """Serve one accepted connection, whatever it sends, and close it."""
        handshake = accepted.handshake
        try:
            remote, address = _peer(accepted.stream)
        except OSError:
            await trio.aclose_forcefully(accepted)  # reset before we could ask who it was
            return
        handshake.network = network_of(address)
        with handshake.bounded(self.limits.handshake_timeout):
            await self.handshakes.enter(handshake, accepted.heard)
        if not handshake.held:
            await trio.aclose_forcefully(accepted)
            return
        secured = None
        if tls_context:
            secured = trio.SSLStream(accepted.stream, tls_context, server_side=True)
        await self._serve(secured or accepted.stream, handshake, secured, (remote, address))

    async def adopt(self, stream: trio.abc.Stream, remote: str, address: str) -> None:
        """Serve a connection that another server has accepted: what comes first is the upgrade.

        That server has looked at the origin: its own pages may come, whatever `origins` says.
        """
        handshake = Handshake(network_of(address), trio.current_time())
        with handshake.bounded(self.limits.handshake_timeout):
            await self.handshakes.enter(handshake)
        if not handshake.held:
            await trio.aclose_forcefully(stream)
            return
        await self._serve(stream, handshake, None, (remote, address), adopted=True)

    async def _serve(
        self,
        stream: trio.abc.Stream,
        handshake: Handshake,
        secured: trio.SSLStream[LingeringStream] | None,
        names: tuple[str, str],
        *,
        adopted: bool = False,
    ) -> None:
        """Upgrade the connection and serve its client; `names` are the peer's name and address."""
        wire = Wire(stream)
        peer = _ServerPeer(self, handshake, wire, secured, *names, adopted)
        broken = False
        try:
            async with trio.open_nursery() as nursery:
                await peer.run(nursery)
                nursery.cancel_scope.cancel()
        except* Exception as group:
            broken = True
            logger.debug("%s: the connection broke: %r", names[0], group.exceptions)
        finally:
            peer.leave()
            try:
                with handshake.bounded(PARTING_S):
                    await wire.finish(peer.last_word(broken=broken))
            finally:
                # Until it is closed, what never became a WebSocket keeps its place.
                self.handshakes.leave(handshake)

    async def serve_client(self, connection: Connection) -> None:
        """Run the handler, and close what it left open."""
        failed = False
        try:
            await self._handler(connection)
        except* ConnectionClosed:
            pass
        except* Exception as group:
            failed = True
            extra = {"peer": connection.remote}
            logger.error("%s: the session failed", connection.remote, exc_info=group, extra=extra)
        await (connection.close(INTERNAL_ERROR) if failed else connection.close())

    @staticmethod
    def refusal(
        request: trio_websocket.WebSocketRequest, head: bytes, origins: Collection[str]
    ) -> _Refusal | None:
        """Why a WebSocket is not granted, apart from want of places; no `origins` = any."""
        if not _has_key(head):
            return _Refusal(400, "Sec-WebSocket-Key is not the base64 of 16 bytes.")
        asked = {value.decode("latin-1") for name, value in request.headers if name == b"origin"}
        if origins and not asked <= set(origins):
            return _Refusal(403, "Pages from this origin are not admitted.")
        return None


@define
class _ServerPeer(Peer):
    """The peer of one accepted connection, from its first byte to its last.

    `_address` is the client's: that of the connection, or what a trusted proxy says. `_local`
    tells whether it runs on this machine, `_adopted` whether another server has accepted it.
    """

    _server: Server
    _handshake: Handshake
    _wire: Wire
    _secured: trio.SSLStream[LingeringStream] | None
    _remote: str
    _address: str
    _adopted: bool
    _local: bool = False
    _place: Applicant | None = None
    _authenticated: bool = False
    _unread: Callable[[], bool] = field(init=False)
    _serving: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _websocket: trio_websocket.WebSocketConnection | None = None

    def __attrs_post_init__(self) -> None:
        """While a request is answered, the peer is not the one that is waited for."""
        self._unread = self._handshake.ours
        self._handshake.ours = self._owes_answer

    def _owes_answer(self) -> bool:
        """Whether what the peer has sent of its request is unread, or all of it unanswered.

        Not while it waits for others to leave: so it may have to leave itself.
        """
        queues = self._place is not None and not self._place.held
        answering = bool(self._wire.head) and not self._wire.answered and not queues
        return self._unread() or answering

    def _owes_verdict(self) -> bool:
        """Whether the peer has sent something for its authentication that has had no effect yet."""
        return self._unread() or self._wire.heard_since_upgrade

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
            self._identify(request)
            await self._answer(request)
        if self._websocket:
            self._server.handshakes.leave(self._handshake)
            connection = Connection(self._websocket, self._remote, limit, self)
            with self._serving:
                await self._server.serve_client(connection)
            if self._serving.cancelled_caught:
                extra = {"peer": self._remote}
                logger.info("%s: gave its place to others", self._remote, extra=extra)
                await connection.close(TRY_AGAIN_LATER)

    def _identify(self, request: trio_websocket.WebSocketRequest) -> None:
        """Find out who asks: the peer itself, or somebody behind a proxy."""
        headers = _headers(request)
        self._local = is_local(self._address, headers)
        client = client_of(self._address, headers, self._server.limits.trusted_proxies)
        if client != self._address:
            self._address, self._remote = client, f"{client} by {self._remote}"

    async def _answer(self, request: trio_websocket.WebSocketRequest) -> None:
        origins = () if self._adopted else self._server.limits.origins
        refusal = self._server.refusal(request, self._wire.head, origins)
        if refusal is None:
            place = Applicant(
                network_of(self._address),
                self._handshake.since,
                give_way=self._give_way,
                ours=self._owes_verdict,
            )
            self._place = place
            if await self._server.clients.take(place):
                self._websocket = await request.accept(extra_headers=[_SERVER])
                return
            refusal = _Refusal(503, "There are too many clients.")
        extra = {"peer": self._remote}
        logger.info("%s: refused: %s", self._remote, refusal.text, extra=extra)
        headers = [_SERVER, (b"Connection", b"close"), (b"Content-Type", b"text/plain")]
        await request.reject(refusal.status, extra_headers=headers, body=refusal.text.encode())

    def _give_way(self) -> None:
        """Others need the place of a client that does not authenticate."""
        self._serving.cancel()
        self.leave()

    @property
    def heard_at(self) -> float:
        """When the client last sent anything."""
        return self._wire.heard_at

    @property
    def taken_at(self) -> float:
        """When the client last took part of what was sent to it: now, if it would take more."""
        return trio.current_time() if self._wire.awaits_us() else self._wire.taken_at

    @property
    def reads(self) -> int:
        """How often something was read."""
        return self._wire.reads

    def try_send(self, frame: bytes) -> int:
        """Send a frame in this step."""
        return self._wire.try_send(frame)

    async def flush(self) -> None:
        """Send the rest of it."""
        await self._wire.flush()

    def hand_over(self, take: Callable[[str], bool]) -> None:
        """Offer messages to `take`."""
        self._wire.take = take

    def authenticate(self) -> None:
        """The client has authenticated; its place is its own from now on."""
        self._wire.trust()
        if self._place and not self._authenticated:
            self._authenticated = True
            self._server.clients.authenticate(self._place)

    def fail(self, token_id: int | None) -> float:
        """One more failure; how many seconds its answer has to wait."""
        return self._server.failures.record(
            self._address, token_id, trio.current_time(), local=self._local
        )

    def leave(self) -> None:
        """Give the place back."""
        if self._place:
            place, self._place = self._place, None
            self._server.clients.leave(place, authenticated=self._authenticated)

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


def _headers(request: trio_websocket.WebSocketRequest) -> dict[str, str]:
    """Headers by their lower-case names; several of one name are one list."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _has_key(head: bytes) -> bool:
    """Whether the request head has the key that RFC 6455 (4.2.1) demands."""
    found = _KEY.search(head)
    try:
        return found is not None and len(base64.b64decode(found[1], validate=True)) == _KEY_SIZE
    except binascii.Error:
        return False
