"""What is said about a broker and comes from it, as plain values."""

import ssl
from typing import Literal

from attrs import frozen


class MqttError(Exception):
    """No connection, or it was lost; the text says why."""


@frozen
class Will:
    """What the broker publishes, retained, when the connection is lost."""

    topic: str
    payload: bytes


@frozen
class MqttSettings:
    """Where a broker is and how it is spoken to. `keepalive` is in seconds."""

    host: str
    port: int
    client_id: str
    version: Literal[4, 5] = 5
    tls: ssl.SSLContext | None = None
    username: str = ""
    password: str = ""
    keepalive: int = 20
    will: Will | None = None


@frozen
class Incoming:
    """A message from the broker. `number` is what `acknowledge` takes."""

    topic: str
    payload: bytes
    retained: bool
    number: int
    qos: int
    response_topic: str | None = None
    correlation: bytes | None = None
    token: str | None = None
    """The user property of this name, of MQTT 5."""
