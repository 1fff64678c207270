"""Changes while the gateway runs: the configuration read again, the log made to say more or less.

Nothing that stands in a file ends the service: what cannot be used is reported, and what is in
force stays.
"""

import logging
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import trio
from attrs import define, evolve, field

from iqrf_trio import logs
from iqrf_trio.config import Config, ConfigError, Log, SensorData, WebSocket
from iqrf_trio.config.differences import differences, with_changes
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp import tls
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.listeners import Endpoint
from iqrf_trio.edges.tcp.tls import TlsError
from iqrf_trio.edges.websocket import Server
from iqrf_trio.messaging.announcements import Outlet
from iqrf_trio.messaging.session import SessionLimits
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.store import StoreError
from iqrf_trio.store.database import Hop
from protocol.auth.addresses import parse_networks
from protocol.readings.settings import SensorSettings

log = logging.getLogger("iqrf_trio.reloading")

CERTIFICATE_KEYS = ("websocket.certificate", "websocket.private_key")
"""What names the certificate in the configuration."""


Follow = Callable[[Config, Config], Awaitable[None]]
"""Takes up what differs in the second configuration. Raises ConfigError, and nothing changed."""


def limits_of(settings: WebSocket) -> Limits:
    """What clients may cost as a whole."""
    return Limits(
        max_clients=settings.max_clients,
        max_handshakes=settings.max_handshakes,
        max_unauthenticated=settings.max_unauthenticated,
        max_message_size=settings.max_message_size,
        handshake_timeout=settings.handshake_timeout,
        auth_failures_per_minute=settings.auth_failures_per_minute,
        origins=settings.origins,
        trusted_proxies=parse_networks(settings.trusted_proxies),
    )


def session_limits_of(settings: WebSocket) -> SessionLimits:
    """What one client may cost."""
    return SessionLimits(
        auth_timeout=settings.auth_timeout,
        outbox_size=settings.outbox_size,
        outbox_bytes=settings.outbox_bytes,
        heartbeat=settings.heartbeat,
    )


@define(eq=False)
class Reloading:
    """The configuration in force, and the parts of the gateway that take up another."""

    config: Config
    _load: Callable[[], Config]
    _notifier: Notifier
    _endpoints: Sequence[Endpoint]
    _server: Server
    _scheduler: Scheduler
    _worker: SensorWorker
    _outlet: Outlet
    _hop: Hop = trio.to_thread.run_sync
    _followers: Mapping[str, Follow] = field(factory=dict)
    """What takes up a section of the configuration, by the name of the section."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """SIGHUP reads the configuration again; SIGUSR1 has the log say more, SIGUSR2 less."""
        watched = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
        with trio.open_signal_receiver(*watched) as signals:
            task_status.started()
            async for number in signals:
                if number == signal.SIGHUP:
                    await self._reload_and_tell()
                else:
                    level = logs.louder() if number == signal.SIGUSR1 else logs.quieter()
                    log.warning("logging from %s on", level)

    async def _reload_and_tell(self) -> None:
        self._notifier.reloading()
        await self.reload()  # cut short by the shutdown, the gateway is not ready again
        self._notifier.ready(self._endpoints[0].url)

    async def reload(self) -> None:
        """Put into force what changed in the configuration, as far as that needs no restart."""
        try:
            new = await self._hop(self._load)
        except ConfigError as error:
            log.error("the configuration stays as it was: %s", error)
            return
        old, self.config = self.config, with_changes(self.config, new)
        refused = {*self._renew_certificate(old), *await self._follow(old)}
        taken = differences(old, self.config)
        left = [key for key in differences(self.config, new) if key not in refused]
        if left:
            log.warning("needs a restart: %s", ", ".join(left))
        self._server.change(limits_of(self.config.websocket))
        self._outlet.unasked = self.config.websocket.async_messages
        queue = self.config.queue
        self._scheduler.adjust(
            management_capacity=queue.management_capacity,
            network_capacity=queue.network_capacity,
            background_wait=queue.background_wait,
        )
        await self._configure_worker(old.sensor_data, self.config.sensor_data)
        if old.log != self.config.log:
            start_log(self.config.log)
        log.info("reloaded; changed: %s", ", ".join(taken) or "nothing")

    async def _follow(self, old: Config) -> Collection[str]:
        """Have the sections taken up; returns the keys of those that stay as they were."""
        refused: set[str] = set()
        for name, follow in self._followers.items():
            new = self.config
            try:
                await follow(old, new)
            except ConfigError as error:
                log.error("[%s] stays as it was: %s", name, error)
                self.config = evolve(new, **{name: getattr(old, name)})
                refused |= {key for key in differences(old, new) if key.startswith(f"{name}.")}
        return refused

    def _renew_certificate(self, old: Config) -> Collection[str]:
        """Read the certificate again, also where it only changed within its file.

        Returns the keys whose new values were refused: the old ones stay in force, so that the
        next reload tries the new ones again.
        """
        names = self.config.websocket
        try:
            for context in {endpoint.tls for endpoint in self._endpoints} - {None}:
                assert context is not None
                tls.reload(context, names.certificate, names.private_key)
        except TlsError as error:
            log.error("the certificate stays as it was: %s", error)
            kept = old.websocket
            self.config = evolve(
                self.config,
                websocket=evolve(names, certificate=kept.certificate, private_key=kept.private_key),
            )
            return CERTIFICATE_KEYS
        return ()

    async def _configure_worker(self, old: SensorData, new: SensorData) -> None:
        """Hand on what changed in the file; the rest is what clients last set."""
        names = ("auto_run", "period", "retry_period", "async_reports")
        changes = {
            name: getattr(new, name) for name in names if getattr(new, name) != getattr(old, name)
        }
        if not changes:
            return

        def change(settings: SensorSettings) -> SensorSettings:
            return evolve(settings, **changes)

        try:
            await self._worker.configure(change)
        except StoreError as error:
            log.error("the sensor data settings stay as they were: %s", error)


def start_log(settings: Log) -> None:
    """Log as the configuration says."""
    logs.start(settings.level, as_json=settings.json, areas=settings.levels)
