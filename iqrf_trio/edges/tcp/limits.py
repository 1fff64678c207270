"""The bounds of a server: how many peers it serves, and what each may send."""

from attrs import frozen

from protocol.auth.addresses import Network


@frozen
class Limits:
    """The bounds of a server; times in seconds. The configuration has the defaults.

    `max_handshakes` counts connections that are no WebSocket yet and are worked on,
    `max_unauthenticated` WebSockets whose client has not authenticated yet, `max_clients` all
    WebSockets. `origins` are the `Origin` headers admitted; empty admits all, and a client without
    the header is no browser and always admitted. `auth_failures_per_minute` is per address and
    token; 0 means no limit. `trusted_proxies` are believed in what X-Forwarded-For says.
    """

    max_clients: int
    max_handshakes: int
    max_unauthenticated: int
    max_message_size: int
    handshake_timeout: float
    auth_failures_per_minute: int
    origins: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]
