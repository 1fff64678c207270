"""The address of a broker, as a URL."""

from urllib.parse import urlsplit

from attrs import frozen

_PORTS = {"mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883}
_TLS = frozenset({"mqtts", "ssl"})


@frozen
class BrokerUrl:
    """Where a broker is, and whether it is spoken to by TLS."""

    host: str
    port: int
    tls: bool


def parse_url(text: str) -> BrokerUrl:
    """The address in `text`. Raises ValueError, which says what is wrong with it."""
    url = urlsplit(text)
    if url.scheme in {"ws", "wss"}:
        raise ValueError("is MQTT over WebSocket, which is not spoken here")
    if url.scheme not in _PORTS:
        raise ValueError(f'must begin with mqtt:// or mqtts://, not "{text}"')
    if url.username or url.password:
        raise ValueError("must not hold a password: see username and password_file")
    if not url.hostname or url.path not in {"", "/"} or url.query or url.fragment:
        raise ValueError(f'must be scheme, host and port, not "{text}"')
    return BrokerUrl(url.hostname, url.port or _PORTS[url.scheme], url.scheme in _TLS)
