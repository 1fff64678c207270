"""The broker to which values are published, and from which commands come."""

from typing import Literal

from attrs import frozen

from iqrf_trio.config.keys import (
    OFF,
    ImpossibleValueError,
    between,
    not_empty,
    one_of,
    setting,
)
from protocol.outward.mqtt.topics import GATEWAY, PREFIX, matches
from protocol.outward.mqtt.urls import BrokerUrl, parse_url


@frozen
class Mqtt:
    """A broker: the JSON API, topics for people and dashboards, and Home Assistant."""

    url: str = setting(OFF, 'e.g. "mqtt://127.0.0.1:1883", "mqtts://broker:8883"', reload=True)
    version: int = setting(5, "5, or 4 which is MQTT 3.1.1", one_of(4, 5), reload=True)
    instance: str = setting("MqttMessaging", "its name in messagingList", not_empty, reload=True)
    gateway: str = setting("", "id in topics; empty = a random one that stays", reload=True)
    prefix: str = setting("iqrf", "what all topics begin with", reload=True)
    client_id: str = setting("", "empty = iqrf-GATEWAY", reload=True)
    username: str = setting("", reload=True)
    password_file: str = setting("", "its first line is the password", reload=True)
    ca: str = setting("", "PEM file; empty = what the system trusts", reload=True)
    certificate: str = setting("", "PEM file, to show who we are", reload=True)
    private_key: str = setting("", "PEM file", reload=True)
    keepalive: int = setting(20, "seconds", between(5, 3600), reload=True)
    commands: Literal["auto", "off", "set", "api"] = setting(
        "auto", "off | set | api; auto = set with home_assistant, else off", reload=True
    )
    scope: Literal["read", "control", "manage"] = setting(
        "control", "what requests may do: read | control | manage", reload=True
    )
    service: bool = setting(False, "requests have the service permission too", reload=True)
    require_token: bool = setting(False, "each request has to bear an API token", reload=True)
    async_messages: bool = setting(True, "asynchronous messages go to event", reload=True)
    request_topic: str = setting("", 'of the older gateway, e.g. "Iqrf/DpaRequest"', reload=True)
    response_topic: str = setting("", 'of the older gateway, e.g. "Iqrf/DpaResponse"', reload=True)
    home_assistant: bool = setting(False, "tell Home Assistant of all devices", reload=True)
    discovery_prefix: str = setting("homeassistant", "as Home Assistant is told", reload=True)
    outbox: int = setting(
        1000, "events that wait while the broker is away", between(1, 100_000), reload=True
    )
    backfill: int = setting(
        24,
        "hours of values that are published after an outage; 0 = none",
        between(0, 8760),
        reload=True,
    )

    @property
    def broker(self) -> BrokerUrl | None:
        """Where the broker is; None without MQTT."""
        return None if self.url == OFF else parse_url(self.url)

    @property
    def accepts(self) -> str:
        """What commands are taken: off, set or api."""
        if self.commands != "auto":
            return self.commands
        return "set" if self.home_assistant else OFF

    def __attrs_post_init__(self) -> None:
        """Refuse addresses and topics that cannot be."""
        try:
            _ = self.broker
        except ValueError as error:
            example = 'url = "mqtt://127.0.0.1:1883"'
            raise ImpossibleValueError("url", str(error), f"for example {example}") from None
        for name in ("prefix", "discovery_prefix"):
            if not PREFIX.fullmatch(getattr(self, name)):
                raise ImpossibleValueError(name, "must be levels of letters, digits, - and _")
        if self.gateway and not GATEWAY.fullmatch(self.gateway):
            raise ImpossibleValueError("gateway", "must be 1 to 32 of a-z, 0-9, - and _")
        if self.certificate and not self.private_key:
            raise ImpossibleValueError("private_key", "is missing; certificate needs it")
        if bool(self.request_topic) != bool(self.response_topic):
            missing = "response_topic" if self.request_topic else "request_topic"
            raise ImpossibleValueError(missing, "is missing: both topics or none")
        if any(sign in self.response_topic for sign in "+#"):
            raise ImpossibleValueError("response_topic", "must not have wildcards")
        if self.request_topic and matches(self.request_topic, self.response_topic):
            raise ImpossibleValueError(
                "response_topic", "belongs to request_topic: answers would come back as requests"
            )
