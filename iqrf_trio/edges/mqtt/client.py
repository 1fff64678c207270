"""A client of paho, as a connection needs it: made, connected, subscribed.

paho is imported with the first connection: a gateway without MQTT does not pay for it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from iqrf_trio.edges.mqtt.values import MqttSettings

if TYPE_CHECKING:
    from paho.mqtt.client import Client

CONNECT_TIMEOUT_S = 10.0
"""For name, TCP and TLS together, and again for the broker's answer."""

MAX_PACKET = 256 * 1024
"""Bytes of one message to us, as an MQTT 5 broker is told."""

RECEIVE_MAXIMUM = 20
"""Messages to us that an MQTT 5 broker sends before we have acknowledged one."""


def make_client(settings: MqttSettings) -> "Client":
    """A client of paho with these settings, not connected yet."""
    from paho.mqtt.client import Client  # noqa: PLC0415 - costs memory
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415

    five = settings.version == 5
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=None if five else True,
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    if settings.username:
        client.username_pw_set(settings.username, settings.password or None)
    if settings.tls is not None:
        client.tls_set_context(settings.tls)
    if settings.will is not None:
        client.will_set(settings.will.topic, settings.will.payload, qos=1, retain=True)
    client.connect_timeout = CONNECT_TIMEOUT_S
    return client


def connect(client: "Client", settings: MqttSettings) -> None:
    """Resolve the name, connect TCP and TLS, blocking; the CONNECT packet is written later."""
    if settings.version == 5:
        properties = _properties(
            "CONNECT",
            SessionExpiryInterval=0,
            ReceiveMaximum=RECEIVE_MAXIMUM,
            MaximumPacketSize=MAX_PACKET,
        )
        client.connect(
            settings.host,
            settings.port,
            settings.keepalive,
            clean_start=True,
            properties=properties,
        )
    else:
        client.connect(settings.host, settings.port, settings.keepalive)
    sock = client.socket()
    if sock is not None:
        sock.setblocking(False)


def subscribe(client: "Client", filters: Iterable[str], *, five: bool) -> None:
    """Have the broker send what is published under these topics."""
    from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: PLC0415

    for name in filters:
        if five:
            # With the retain flag kept, a command that somebody retained is known as such.
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            client.subscribe(name, options=options)
        else:
            client.subscribe(name, qos=1)


def correlated(settings: MqttSettings, correlation: bytes | None) -> Any:
    """The properties of a message with this correlation data; None where there are none."""
    if correlation is None or settings.version != 5:
        return None
    return _properties("PUBLISH", CorrelationData=correlation)


def _properties(packet: str, **values: object) -> Any:
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    make: Any = Properties  # paho does not say what it takes
    properties = make(getattr(PacketTypes, packet))
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
