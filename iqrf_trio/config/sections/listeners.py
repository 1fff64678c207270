"""Where clients connect: the WebSocket, HTTP and the monitor."""

from typing import Literal

from attrs import frozen

from iqrf_trio.config.keys import (
    OFF,
    ImpossibleValueError,
    ListenPort,
    between,
    networks,
    not_empty,
    setting,
)

_TCP_PORT = between(0, 65535)
_COUNT = between(1, 2**31 - 1)
_SECONDS = between(1, 86400)


@frozen
class WebSocket:
    """The listeners for clients, and what one client may cost."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: ListenPort | None = setting(
        1338, '0 = any free port; "off" = no plain listener', _TCP_PORT
    )
    tls_port: ListenPort | None = setting(
        None, "e.g. 8338, with certificate and private_key", between(0, 65535)
    )
    certificate: str = setting("", "PEM file", reload=True)
    private_key: str = setting("", "PEM file", reload=True)
    tls_mode: Literal["modern", "intermediate"] = setting("intermediate", "modern | intermediate")
    auth_timeout: int = setting(30, "seconds, 1..60", between(1, 60), reload=True)
    auth_failures_per_minute: int = setting(
        20,
        "per address and token before the answer takes 10 s; 0 = no limit",
        between(0, 2**31 - 1),
        reload=True,
    )
    max_clients: int = setting(50, "", _COUNT, reload=True)
    max_message_size: int = setting(65536, "bytes", _COUNT, reload=True)
    outbox_size: int = setting(256, "messages that wait for one client", _COUNT, reload=True)
    outbox_bytes: int = setting(4194304, "bytes that wait for one client", _COUNT, reload=True)
    outbox_bytes_total: int = setting(33554432, "bytes that wait for all clients together", _COUNT)
    max_handshakes: int = setting(64, "connections that are not yet WebSockets", _COUNT)
    max_unauthenticated: int = setting(32, "the oldest of the largest network goes", _COUNT)
    handshake_timeout: int = setting(10, "seconds", _SECONDS, reload=True)
    heartbeat: int = setting(
        150, "seconds idle before a ping; twice that ends the session", _SECONDS, reload=True
    )
    origins: tuple[str, ...] = setting((), "empty = any", reload=True)
    trusted_proxies: tuple[str, ...] = setting(
        (), 'networks whose X-Forwarded-For is believed, e.g. ["127.0.0.1"]', networks, reload=True
    )
    async_messages: bool = setting(True, "asynchronous messages go to all sessions", reload=True)

    def __attrs_post_init__(self) -> None:
        """Refuse listeners that cannot be opened or that nobody can reach."""
        if self.port is None and self.tls_port is None:
            raise ImpossibleValueError(
                "port", "is off and so is tls_port: nobody could connect", "give one of them a port"
            )
        if self.tls_port is not None and not (self.certificate and self.private_key):
            raise ImpossibleValueError(
                "tls_port",
                "needs a certificate and its private_key",
                f'name both files, or write tls_port = "{OFF}"',
            )
        if self.port and self.port == self.tls_port:
            raise ImpossibleValueError(
                "tls_port", f"is {self.tls_port} like port", "give each its own"
            )


@frozen
class Http:
    """HTTP for health, metrics and scripts; certificate and tls_mode are those of [websocket]."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: ListenPort | None = setting(
        1339, '0 = any free port, as with websocket.port = 0; "off" = none', _TCP_PORT
    )
    tls_port: ListenPort | None = setting(None, "with the certificate of [websocket]", _TCP_PORT)
    hosts: tuple[str, ...] = setting(
        (), "further names by which the gateway may be asked", reload=True
    )
    metrics_public: bool = setting(False, "metrics for everybody without a token", reload=True)


@frozen
class Monitor:
    """The port on which anybody on this machine may watch the gateway's state."""

    port: ListenPort | None = setting(
        None, "e.g. 1438, without authentication, on 127.0.0.1", _TCP_PORT
    )
    period: int = setting(10, "seconds between messages when nothing changes", _SECONDS)
