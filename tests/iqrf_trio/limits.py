"""The limits of the default configuration, with what a test wants otherwise."""

from typing import Any

from attrs import evolve

from iqrf_trio.config import WebSocket
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.messaging.session import SessionLimits
from iqrf_trio.wiring.reloading import limits_of, session_limits_of


def limits_with(**changes: Any) -> Limits:
    return evolve(limits_of(WebSocket()), **changes)


def session_limits_with(**changes: Any) -> SessionLimits:
    return evolve(session_limits_of(WebSocket()), **changes)
