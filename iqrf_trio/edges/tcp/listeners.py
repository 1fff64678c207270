"""The sockets that clients connect to: every address of the host that can be bound."""

import logging
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

import trio
from attrs import frozen

from iqrf_trio.edges.tcp.tls import Mode, tls_context

_ANY_HOST = {"", "*"}
"""How "all addresses" may be written, besides the wildcard addresses of one family."""

_BACKLOG = 65535
"""Connections the kernel may keep waiting for us; it takes its own limit where that is less."""

logger = logging.getLogger("iqrf_trio.websocket")


class ListenError(Exception):
    """Nothing could be bound; the text names address and reason."""


class ListenSettings(Protocol):
    """Where to listen: the members of the configuration's `[websocket]` that say so."""

    @property
    def host(self) -> str:
        """An address, a name, or "*" for all."""

    @property
    def port(self) -> int | None:
        """0 for any free port, None for no plain listener."""

    @property
    def tls_port(self) -> int | None:
        """The same with TLS."""

    @property
    def certificate(self) -> str:
        """PEM file."""

    @property
    def private_key(self) -> str:
        """PEM file."""

    @property
    def tls_mode(self) -> Mode:
        """Which versions of TLS."""


@frozen
class Endpoint:
    """One listening socket, with TLS or without."""

    listener: trio.SocketListener
    tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        """The port that is bound."""
        port: int = self.listener.socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where clients on this machine connect to, e.g. `ws://127.0.0.1:1338`."""
        scheme = "wss" if self.tls else "ws"
        return f"{scheme}://{name_of(self.listener.socket.getsockname())}"


def peer_of(stream: trio.abc.AsyncResource) -> tuple[str, str]:
    """The peer's name for logs, and its IP address; raises OSError when it is gone."""
    if not isinstance(stream, trio.SocketStream):
        return "memory", "memory"
    peer = stream.socket.getpeername()
    return name_of(peer), peer[0]


def name_of(address: Sequence[object]) -> str:
    """A socket address as text: `127.0.0.1:1338`, `[::1]:1338`."""
    host, port, *_ = address
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


async def open_listeners(settings: ListenSettings) -> list[Endpoint]:
    """Bind the plain and the TLS port of a configuration.

    Of a name with several addresses those are bound that can be; one is enough. Raises
    ListenError, and TlsError for the certificate.
    """
    tls = None
    if settings.tls_port is not None:
        tls = tls_context(settings.certificate, settings.private_key, settings.tls_mode)
    endpoints: list[Endpoint] = []
    try:
        if settings.port is not None:
            listeners = await bind(settings.host, settings.port)
            endpoints += [Endpoint(listener) for listener in listeners]
            _warn_of_clear_text(endpoints)
        if settings.tls_port is not None:
            listeners = await bind(settings.host, settings.tls_port)
            endpoints += [Endpoint(listener, tls) for listener in listeners]
    except BaseException:
        for endpoint in endpoints:
            endpoint.listener.socket.close()
        raise
    return endpoints


async def bind(host: str, port: int) -> list[trio.SocketListener]:
    """Listen on every address of `host`, all with the same port. Raises ListenError."""
    try:
        addresses = await trio.socket.getaddrinfo(
            None if host in _ANY_HOST else host,
            port,
            type=trio.socket.SOCK_STREAM,
            flags=trio.socket.AI_PASSIVE,
        )
    except OSError as error:
        raise ListenError(f"cannot listen on {host}: {error.strerror}") from None
    listeners: list[trio.SocketListener] = []
    failures: list[str] = []
    for family, *_, address in addresses:
        try:
            listener = await _listen(family, (address[0], port, *address[2:]))
        except OSError as error:
            name = name_of((address[0], port))
            failures.append(f"cannot listen on {name}: {error.strerror or error}")
            continue
        listeners.append(listener)
        port = Endpoint(listener).port  # a free port is chosen once
    if not listeners:
        raise ListenError("; ".join(failures) or f"cannot listen on {host}: it has no address")
    for failure in failures:
        logger.warning("%s", failure)
    return listeners


def _warn_of_clear_text(endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        address = endpoint.listener.socket.getsockname()
        if not ip_address(address[0]).is_loopback:
            logger.warning(
                "%s: others on the network can read tokens; set tls_port, or host to 127.0.0.1",
                name_of(address),
            )


async def _listen(family: int, address: tuple[str | int, ...]) -> trio.SocketListener:
    socket = trio.socket.socket(family, trio.socket.SOCK_STREAM)
    try:
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEADDR, 1)
        if family == trio.socket.AF_INET6:
            # IPv4 has a socket of its own.
            socket.setsockopt(trio.socket.IPPROTO_IPV6, trio.socket.IPV6_V6ONLY, 1)
        await socket.bind(address)
        socket.listen(_BACKLOG)
    except BaseException:
        socket.close()
        raise
    return trio.SocketListener(socket)
