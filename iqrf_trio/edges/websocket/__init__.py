"""WebSockets, served and opened; the only place that knows the library underneath."""

from iqrf_trio.edges.websocket.client import ConnectError, connect
from iqrf_trio.edges.websocket.connection import (
    GOING_AWAY,
    INTERNAL_ERROR,
    NORMAL,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Connection,
    ConnectionClosed,
)
from iqrf_trio.edges.websocket.limits import Limits
from iqrf_trio.edges.websocket.listeners import Endpoint, ListenError, bind, open_listeners
from iqrf_trio.edges.websocket.server import Handler, Server, serve
from iqrf_trio.edges.websocket.tls import TlsError, client_context, reload, tls_context

__all__ = [
    "GOING_AWAY",
    "INTERNAL_ERROR",
    "NORMAL",
    "POLICY_VIOLATION",
    "TRY_AGAIN_LATER",
    "ConnectError",
    "Connection",
    "ConnectionClosed",
    "Endpoint",
    "Handler",
    "Limits",
    "ListenError",
    "Server",
    "TlsError",
    "bind",
    "client_context",
    "connect",
    "open_listeners",
    "reload",
    "serve",
    "tls_context",
]
