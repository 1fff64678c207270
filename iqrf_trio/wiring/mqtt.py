"""MQTT, built from the configuration: the link, the API over it, and the topics for people."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import trio
from attrs import define, field

from iqrf_trio.config import OFF, Config, ConfigError
from iqrf_trio.config import Mqtt as MqttSection
from iqrf_trio.edges.mqtt import (
    Hop,
    MqttError,
    MqttSettings,
    Will,
    password_in,
    tls_context,
)
from iqrf_trio.messaging.announcements import Outlet
from iqrf_trio.messaging.holders import Holders
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.mqtt.api import ApiSettings, MqttApi, MqttClient
from iqrf_trio.messaging.mqtt.backfill import MqttBackfill, Past
from iqrf_trio.messaging.mqtt.commands import Accept, MqttCommands
from iqrf_trio.messaging.mqtt.link import OFFLINE, MqttLink
from iqrf_trio.messaging.mqtt.publisher import MqttPublisher, Source
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store
from iqrf_trio.wiring.remembered import gateway_id
from protocol.auth.authentication import Grant
from protocol.auth.rights import Rights, Scope
from protocol.outward import metrics
from protocol.outward.alerts import Alert
from protocol.outward.exposition import Family
from protocol.outward.home_assistant import HomeAssistant
from protocol.outward.mqtt.outbox import Outbox
from protocol.outward.mqtt.topics import ALL_CLIENTS, Topics
from protocol.readings.settings import Messaging


@define(eq=False)
class Mqtt:
    """The parts that speak to the broker."""

    _section: MqttSection
    _ins_id: str
    topics: Topics
    link: MqttLink
    _publisher: MqttPublisher | None = field(default=None, init=False)
    _api: MqttApi | None = field(default=None, init=False)
    _backfill: MqttBackfill | None = field(default=None, init=False)
    _measurements: Measurements | None = field(default=None, init=False)
    ended: trio.Event = field(factory=trio.Event, init=False)
    """Set when `run` is over."""
    _files: tuple[object, ...] = field(init=False)

    @_files.default
    def _look_at_files(self) -> tuple[object, ...]:
        section = self._section
        named = (section.password_file, section.ca, section.certificate, section.private_key)
        return tuple(_stamp(Path(each)) for each in named if each)

    @property
    def files_changed(self) -> bool:
        """Whether a password or certificate was renewed since these parts were made."""
        return self._look_at_files() != self._files

    @property
    def outlets(self) -> Mapping[Messaging, Outlet]:
        """Where unasked messages can be sent."""
        unasked = self._section.async_messages
        outlet = Outlet(self._publish, unasked=unasked, answer=self._answer)
        return {Messaging("mqtt", self._section.instance): outlet}

    def serve(
        self,
        accept: Callable[[bytes, MqttClient], None],
        authenticate: Callable[[str], Awaitable[Grant]],
        holders: Holders,
    ) -> None:
        """Take requests from the broker, as far as the configuration allows it."""
        section = self._section
        compatible = (section.request_topic, section.response_topic)
        settings = ApiSettings(
            Rights(Scope(section.scope), service=section.service),
            section.require_token,
            compatible if section.request_topic else None,
            self._ins_id,
        )
        api = self._api = MqttApi(self.link, self.topics, settings, accept, authenticate, holders)
        if section.accepts == "api":
            self.link.subscribe(self.topics.filters(commands=False, requests=True), api.own)
        if section.request_topic:
            self.link.subscribe([section.request_topic], api.compatible)

    def show(self, source: Source, measurements: Measurements, accept: Accept) -> None:
        """Publish the gateway and its nodes, and take commands as far as the configuration says."""
        section, commands = self._section, self._section.accepts
        discovery = HomeAssistant(
            section.discovery_prefix, self.topics, source.info.version, commands != OFF
        )
        publisher = self._publisher = MqttPublisher(
            self.link, self.topics, source, discovery, section.home_assistant
        )
        measurements.listen(publisher)
        self._measurements = measurements
        if commands != OFF:
            taken = MqttCommands(
                self.link,
                self.topics,
                Rights(Scope.MANAGE),
                commands == "api",
                source.network,
                accept,
            )
            filters = self.topics.filters(commands=True, requests=False)
            self.link.subscribe(filters, taken.take)
        if section.home_assistant:
            self.link.subscribe([discovery.birth_topic], publisher.others_born)

    def fill(self, past: Past, now: Callable[[], datetime]) -> None:
        """Publish from the history what was measured while the broker was away."""
        limit_s = 3600.0 * self._section.backfill
        notice_s = 2.0 * self._section.keepalive
        self._backfill = MqttBackfill(
            self.link, self.topics.history, past, now, limit_s=limit_s, notice_s=notice_s
        )

    async def run(self) -> None:
        """Serve until told to end."""
        try:
            await self._serve()
        finally:
            if self._measurements is not None and self._publisher is not None:
                self._measurements.leave(self._publisher)
            self.ended.set()

    async def _serve(self) -> None:
        async with trio.open_nursery() as nursery:
            if self._publisher is not None:
                nursery.start_soon(self._publisher.run)
            if self._api is not None:
                nursery.start_soon(self._api.run)
            if self._backfill is not None:
                nursery.start_soon(self._backfill.run)
            await self.link.run()
            if self._backfill is not None:
                await self._backfill.finish()
            nursery.cancel_scope.cancel()

    def end(self) -> None:
        """The gateway stops."""
        self.link.end()

    def alert(self, alert: Alert, at: datetime) -> None:
        """Tell what came or went."""
        self.link.numbered_event(self.topics.alert, alert.message(at))

    def metrics(self) -> Iterable[Family]:
        """The figures of the link."""
        outbox = self.link.outbox
        return metrics.mqtt(outbox, self.link.connections, self.link.refused)

    def _publish(self, text: str) -> None:
        """A message that nobody asked for."""
        self.link.numbered_event(self.topics.event, text.encode())
        if self._section.response_topic:
            self.link.event(self._section.response_topic, text.encode())

    def _answer(self, text: str) -> None:
        """An answer that a task has got; it waits for a broker that is away."""
        self.link.event(self.topics.response(ALL_CLIENTS), text.encode())
        if self._section.response_topic:
            self.link.event(self._section.response_topic, text.encode())


async def mqtt_of(
    config: Config, store: Store, shutdown: Shutdown, connect: Hop | None
) -> Mqtt | None:
    """What speaks to the broker; None where there is none. Raises ConfigError."""
    section = config.mqtt
    if section.broker is None:
        return None
    topics = Topics(section.prefix, section.gateway or await gateway_id(store))
    try:
        settings = settings_of(section, topics)
    except MqttError as error:
        raise ConfigError("", "mqtt", str(error), "see iqrf-trio config") from None
    link = MqttLink(settings, topics.status, Outbox(section.outbox), shutdown, connect)
    return Mqtt(section, config.gateway.instance_id, topics, link)


def settings_of(section: MqttSection, topics: Topics) -> MqttSettings:
    """How the broker is spoken to. Raises MqttError."""
    broker = section.broker
    assert broker is not None
    tls = None
    if broker.tls:
        tls = tls_context(section.ca, section.certificate, section.private_key)
    return MqttSettings(
        broker.host,
        broker.port,
        section.client_id or f"iqrf-{topics.gateway}",
        version=5 if section.version == 5 else 4,
        tls=tls,
        username=section.username,
        password=password_in(section.password_file) if section.password_file else "",
        keepalive=section.keepalive,
        will=Will(topics.status, OFFLINE),
    )


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes with a file; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
