"""The bounds of a server: how many peers it serves, and what each may send."""

from attrs import frozen

from protocol.auth.addresses import Network


@frozen
class Limits:
    """The bounds of a server; times in seconds.

    `max_handshakes` counts connections that are no WebSocket yet and are worked on,
    `max_unauthenticated` WebSockets whose client has not authenticated yet, `max_clients` all
    WebSockets. `origins` are the `Origin` headers admitted; empty admits all, and a client without
    the header is no browser and always admitted. `auth_failures_per_minute` is per address and
    token; 0 means no limit. `trusted_proxies` are believed in what X-Forwarded-For says.
    """

    max_clients: int = 50
    max_handshakes: int = 64
    max_unauthenticated: int = 32
    max_message_size: int = 65536
    handshake_timeout: float = 10.0
    auth_failures_per_minute: int = 20
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
