"""A connection to an MQTT broker: the only place that knows the library underneath (paho)."""

from iqrf_trio.edges.mqtt.client import CONNECT_TIMEOUT_S
from iqrf_trio.edges.mqtt.connection import Hop, MqttConnection
from iqrf_trio.edges.mqtt.credentials import password_in, tls_context
from iqrf_trio.edges.mqtt.values import Incoming, MqttError, MqttSettings, Will

__all__ = [
    "CONNECT_TIMEOUT_S",
    "Hop",
    "Incoming",
    "MqttConnection",
    "MqttError",
    "MqttSettings",
    "Will",
    "password_in",
    "tls_context",
]
