"""The HTTP server: who is admitted, what every answer carries, and what is counted."""

import logging
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import NoReturn

import trio
from attrs import define, evolve, field, frozen

from iqrf_trio.edges.http import HttpLimits, Idle, Sending, Upgrade, serve_requests
from iqrf_trio.edges.tcp import tls
from iqrf_trio.edges.tcp.admission import Accepted, Admission, AdmittingListener, Applicant
from iqrf_trio.edges.tcp.lingering import LINGER_S
from iqrf_trio.edges.tcp.listeners import Endpoint, peer_of
from iqrf_trio.http.access import Access
from iqrf_trio.http.routes import Routes
from protocol.auth.addresses import network_of
from protocol.outward.http import (
    ProblemError,
    Request,
    Response,
    check_host,
    is_named,
    is_same_origin,
)
from protocol.outward.rates import Rates

log = logging.getLogger("iqrf_trio.http")

MAX_CONNECTIONS = 64
"""Connections that have shown no token; those that have are as many again at most."""

REQUESTS_PER_MINUTE = 1000
"""Of one host."""

_LOOK_S = 1.0
"""How often it is looked whether the token of an answer in pieces still is good."""

WEBSOCKET_PATH = "/ws"

_PARTING_S = 3 * LINGER_S
"""How long all of the parting may take: the end of TLS, and the end of TCP."""

_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)

_CLOSED_PAGE = ("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
"""What is no page of ours may do nothing in a browser."""


@frozen
class HttpSettings:
    """`names` are the hosts that the server is asked by; None when any will do."""

    names: frozenset[str] | None = frozenset({"localhost"})
    limits: HttpLimits = field(factory=HttpLimits)


Websocket = Callable[[Upgrade, trio.abc.Stream, str], Awaitable[None]]
"""Takes over a connection that wants to become a WebSocket; given the peer's address."""


@define(eq=False)
class _Guest(Applicant):
    """A connection among those that have shown no token yet."""

    scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    trusted: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Others may have its place whenever they need it."""
        self.give_way = self.scope.cancel


@define(eq=False)
class HttpServer:
    """Serves `routes` on any number of listeners.

    `counts` are the requests by route and status, for the metrics.
    """

    _routes: Routes
    _access: Access
    _settings: HttpSettings
    _websocket: Websocket | None = None
    counts: Counter[tuple[str, int]] = field(factory=Counter, init=False)
    idle: Idle = field(factory=Idle, init=False)
    sending: Sending = field(factory=Sending)
    _rates: Rates = field(init=False, factory=lambda: Rates(REQUESTS_PER_MINUTE))
    _admission: Admission = field(init=False)
    _trusted: int = field(default=0, init=False)

    @_admission.default
    def _make_admission(self) -> Admission:
        return Admission(lambda: MAX_CONNECTIONS)

    def change(self, routes: Routes, settings: HttpSettings) -> None:
        """Answer the next requests by other routes and settings."""
        self._routes, self._settings = routes, settings

    async def serve(
        self,
        endpoints: Sequence[Endpoint],
        *,
        handler_nursery: trio.Nursery,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> NoReturn:
        """Accept connections until cancelled; those that are there go on in `handler_nursery`."""
        async with trio.open_nursery() as nursery:
            for endpoint in endpoints:
                listener = AdmittingListener(endpoint.listener, self._admission)
                listen = partial(trio.serve_listeners, handler_nursery=handler_nursery)
                admit = partial(self.admit, tls_context=endpoint.tls)
                await nursery.start(listen, admit, [listener])
            task_status.started()
        raise AssertionError("listening only ends by being cancelled")

    async def admit(self, accepted: Accepted, *, tls_context: ssl.SSLContext | None = None) -> None:
        """Serve one accepted connection, whatever it sends, and close it."""
        try:
            _, address = peer_of(accepted.stream.stream)
        except OSError:
            await trio.aclose_forcefully(accepted)  # reset before we could ask who it was
            return
        guest = _Guest(network_of(address), trio.current_time())
        stream: trio.abc.Stream = accepted.stream
        try:
            with guest.scope:
                await self._admission.enter(guest, partial(self._heard, accepted))
                if tls_context:
                    secured = trio.SSLStream(
                        accepted.stream, tls_context, server_side=True, https_compatible=True
                    )
                    with trio.fail_after(self._settings.limits.idle_s):
                        await tls.shake_hands(secured)
                    stream = secured
                await self._serve(stream, guest, address)
        except* (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            pass
        except* Exception as group:
            extra = {"peer": address}
            log.error("the connection of %s failed", address, exc_info=group, extra=extra)
        finally:
            if not guest.leaving:  # for others wait for the place then
                with trio.move_on_after(_PARTING_S):
                    await stream.aclose()
            self._leave(guest)
            await trio.aclose_forcefully(accepted)

    async def _heard(self, accepted: Accepted) -> None:
        with trio.fail_after(self._settings.limits.idle_s):
            await accepted.heard()

    def _leave(self, guest: _Guest) -> None:
        """The connection is over, or another server's from now on."""
        if guest.trusted:
            guest.trusted = False
            self._trusted -= 1
        self._admission.leave(guest)

    async def _serve(self, stream: trio.abc.Stream, guest: _Guest, address: str) -> None:
        upgrade = await serve_requests(
            stream,
            partial(self._answer, guest, address),
            self._settings.limits,
            headers=_HEADERS,
            upgradable=self._is_websocket,
            idle=self.idle,
            sending=self.sending,
        )
        if upgrade is not None and self._websocket is not None:
            # It has one place at a time: what the WebSocket server gives takes the place of ours,
            # which others could have taken from a session that has long authenticated.
            self._leave(guest)
            await self._websocket(upgrade, stream, address)

    def _is_websocket(self, request: Request) -> bool:
        """A page of another origin gets no WebSocket: the route of this path refuses it."""
        return (
            self._websocket is not None
            and request.path == WEBSOCKET_PATH
            and request.wants_websocket
            and is_same_origin(request)
            and (self._settings.names is None or is_named(request, self._settings.names))
        )

    async def _answer(self, guest: _Guest, address: str, request: Request) -> Response:
        """One answer, counted by its route. Raises ProblemError."""
        route = self._routes.name_of(request)
        try:
            response = await self._respond(guest, address, request)
        except ProblemError as problem:
            self.counts[route, problem.status] += 1
            raise
        self.counts[route, response.status] += 1
        if any(name == "content-security-policy" for name, _ in response.headers):
            return response
        return evolve(response, headers=(*response.headers, _CLOSED_PAGE))

    async def _respond(self, guest: _Guest, address: str, request: Request) -> Response:
        if self._settings.names is not None:
            check_host(request, self._settings.names)
        client = self._access.client(request, address)
        if wait := self._rates.take(client, trio.current_time()):
            retry = (("retry-after", str(wait)),)
            raise ProblemError(429, "too many requests from this address", retry)
        caller = await self._access.identify(request, address)
        if caller.grant is not None and not guest.trusted and self._trusted < MAX_CONNECTIONS:
            guest.trusted = True
            self._trusted += 1
            self._admission.leave(guest)
        response = await self._routes.answer(request, caller)
        if request.bearer is None or isinstance(response.body, bytes):
            return response
        return evolve(response, body=self._while_allowed(response.body, request.bearer))

    async def _while_allowed(
        self, pieces: AsyncIterable[bytes], token: str
    ) -> AsyncGenerator[bytes, None]:
        """The pieces of an answer for as long as the token is good. Raises CutShortError."""
        look_at = trio.current_time() + _LOOK_S
        async with AsyncExitStack() as stack:
            if isinstance(pieces, AsyncGenerator):
                await stack.enter_async_context(aclosing(pieces))
            async for piece in pieces:
                if trio.current_time() >= look_at:
                    look_at = trio.current_time() + _LOOK_S
                    await self._access.look_again(token)
                yield piece
