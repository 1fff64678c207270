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
    Sent,
)
from iqrf_trio.edges.websocket.server import Handler, Server, serve

__all__ = [
    "GOING_AWAY",
    "INTERNAL_ERROR",
    "NORMAL",
    "POLICY_VIOLATION",
    "TRY_AGAIN_LATER",
    "ConnectError",
    "Connection",
    "ConnectionClosed",
    "Handler",
    "Sent",
    "Server",
    "connect",
    "serve",
]
