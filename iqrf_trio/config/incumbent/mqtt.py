"""The broker of an IQRF Gateway Daemon: `iqrf::MqttMessaging` and its topics."""

import re

from iqrf_trio.config.incumbent.translation import Object, Translation

PASSWORD = "mqtt.password_file"
"""The setting for which the password is written into a file of its own."""

_ADDRESS = re.compile(r"(tcp|mqtt|ssl|mqtts)://[^/@?#\s]+")
_TLS = ("ssl", "mqtts")

_MEMBERS = (
    ("instance", "mqtt.instance", str),
    ("ClientId", "mqtt.client_id", str),
    ("User", "mqtt.username", str),
    ("KeepAliveInterval", "mqtt.keepalive", int),
    ("acceptAsyncMsg", "mqtt.async_messages", bool),
)
_FILES = (
    ("TrustStore", "mqtt.ca"),
    ("KeyStore", "mqtt.certificate"),
    ("PrivateKey", "mqtt.private_key"),
)
_USUAL_CLIENT_ID = "IqrfDpaMessaging"
"""Equal on all of its gateways: two on one broker throw each other out."""


def mqtt(translation: Translation, name: str, content: Object) -> None:
    """Requests and answers by MQTT, under the topics that clients know."""
    broker = content.get("BrokerAddr")
    topics = [content.get(member) for member in ("TopicRequest", "TopicResponse")]
    obstacle = _obstacle(translation, broker, topics)
    if obstacle:
        shown = [str(topic) for topic in topics if topic]
        about = f" (topics {', '.join(shown)})" if shown else ""
        lost = f"MQTT: clients of {broker or 'the default broker'}{about} are not served"
        translation.lost.append(f"{lost}, {obstacle}; {name}")
        return
    translation.take("mqtt.url", broker, f"{name}, BrokerAddr")
    translation.member(name, content, "TopicRequest", "mqtt.request_topic", kind=str)
    translation.member(name, content, "TopicResponse", "mqtt.response_topic", kind=str)
    # There whoever may publish may do everything; the service permission it does not know.
    translation.take("mqtt.scope", "manage", f"{name}: it asks for no token")
    for member, key, kind in _MEMBERS:
        if content.get(member) not in {"", None} and not _is_usual(member, content):
            translation.member(name, content, member, key, kind=kind)
    if str(broker).partition(":")[0] in _TLS:
        for member, key in _FILES:
            if content.get(member):
                translation.member(name, content, member, key, kind=str)
    password = content.get("Password")
    if password and isinstance(password, str):
        translation.files[PASSWORD] = password.encode() + b"\n"
    _tell_the_rest(translation, name, content)


def _is_usual(member: str, content: Object) -> bool:
    return member == "ClientId" and content.get(member) == _USUAL_CLIENT_ID


def _obstacle(translation: Translation, broker: object, topics: list[object]) -> str:
    """Why this cannot be taken over; empty where it can."""
    if "mqtt.url" in translation.settings:
        return "there is one broker, and another is taken"
    if not isinstance(broker, str) or not _ADDRESS.fullmatch(broker):
        return "its address is none that is known here"
    if not all(isinstance(topic, str) and topic for topic in topics):
        return "a topic is missing"
    return ""


def _tell_the_rest(translation: Translation, name: str, content: Object) -> None:
    if content.get("PrivateKeyPassword"):
        translation.leave(name, "PrivateKeyPassword: mqtt.private_key has to be unencrypted")
    if content.get("EnableServerCertAuth") is False:
        translation.leave(name, "EnableServerCertAuth: the broker's certificate is always checked")
    if content.get("Qos") in {0, 2}:
        translation.leave(name, "Qos: 1 is used")
