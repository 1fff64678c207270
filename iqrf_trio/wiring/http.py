"""The HTTP server, built from the configuration and the parts of the gateway."""

import logging
import platform
from collections.abc import Callable, Iterable
from ipaddress import ip_address

import trio
from attrs import define, field, frozen

from iqrf_trio import __version__
from iqrf_trio.config import Config
from iqrf_trio.edges import clock, disk, process
from iqrf_trio.edges.http import Replay, Upgrade
from iqrf_trio.edges.tcp.listeners import Endpoint, ListenError, open_listeners
from iqrf_trio.edges.tcp.tls import Mode
from iqrf_trio.edges.websocket import Server
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.http.access import Access, Keys
from iqrf_trio.http.call import CallRoutes
from iqrf_trio.http.data import HistoryRoutes, NetworkRoutes
from iqrf_trio.http.health import HealthRoutes
from iqrf_trio.http.metrics import MetricsRoutes
from iqrf_trio.http.routes import Routes
from iqrf_trio.http.server import HttpServer, HttpSettings
from iqrf_trio.http.sessions import SessionRoutes
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.health import HealthChecks
from iqrf_trio.services.history import History
from iqrf_trio.services.pulse import Pulse
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.wiring.gateway import now
from iqrf_trio.wiring.mqtt import Mqtt
from protocol.auth.addresses import parse_networks
from protocol.dpa.counters import Count
from protocol.outward import health, metrics
from protocol.outward.exposition import Family, counter, gauge
from protocol.outward.health import Check, LastCycle, Status

log = logging.getLogger("iqrf_trio.http")


@frozen
class _Listen:
    """Where to listen, as `open_listeners` asks."""

    host: str
    port: int | None
    tls_port: int | None
    certificate: str
    private_key: str
    tls_mode: Mode


async def listen(config: Config) -> list[Endpoint]:
    """The sockets for HTTP; a port that is taken is told and no reason not to start."""
    http, websocket = config.http, config.websocket
    # Whoever takes any free port for one server wants no fixed one for the other.
    port = 0 if http.port is not None and websocket.port == 0 else http.port
    if port is None and http.tls_port is None:
        return []
    settings = _Listen(
        http.host,
        port,
        http.tls_port,
        websocket.certificate,
        websocket.private_key,
        websocket.tls_mode,
    )
    try:
        return await open_listeners(settings)
    except ListenError as error:
        log.warning("no HTTP: %s; see http.port", error)
        return []


def url_of(endpoint: Endpoint) -> str:
    """Where a browser on this machine goes."""
    return endpoint.url.replace("ws", "http", 1)


@define(eq=False)
class Observed:
    """What health and metrics are made of; `server` is there once HTTP is built."""

    config: Config
    gateway: Gateway
    sessions: Sessions
    measurements: Measurements
    pulse: Pulse
    history: History | None
    mqtt: Mqtt | None
    websocket: Server
    reading_since: float = field(factory=trio.current_time)
    server: HttpServer | None = None

    @property
    def period_s(self) -> float:
        """Between two cycles of readings."""
        return 60.0 * self.gateway.worker.settings.period

    def checks(self) -> HealthChecks:
        """All parts that can be examined."""
        checks = HealthChecks()
        checks.add("radio", self._radio)
        checks.add("store", self._store)
        checks.add("reading", self._reading)
        checks.add("clock", self._clock)
        if self.history is not None:
            checks.add("history", self._history_check)
        if self.mqtt is not None:
            checks.add("mqtt", self.mqtt.link.check)
        return checks

    def _radio(self) -> Check:
        transceiver = self.gateway.transceiver
        return health.radio(
            connected=transceiver.connected,
            away_s=self.pulse.away_s,
            service_mode=self.gateway.oper_mode == "service",
            details={"timeouts": transceiver.counters[Count.TIMEOUT]},
        )

    def _store(self) -> Check:
        folder = self.config.gateway.state_dir
        size, used = disk.usage(folder, DATABASE_NAME)
        return health.storage(error="", used=used, details={"bytes": size})

    def _history_check(self) -> Check:
        assert self.history is not None
        status = self.history.status
        _, used = disk.usage(self.config.gateway.state_dir, DATABASE_NAME)
        details = {"bytes": status.bytes, "dropped": status.dropped}
        return health.storage(error=status.error, used=used, details=details)

    def _reading(self) -> Check:
        if not self.gateway.worker.running:
            return Check(Status.PASS, "no readings are made")
        cycle = self.measurements.latest.last_cycle
        last = None
        if cycle is not None:
            reading = cycle.reading
            heard = {each.mid for each in cycle.values.measured}
            answered = sum(node.mid in heard for node in reading.devices)
            last = LastCycle(
                reading.at, answered, len(reading.devices), reading.failure, reading.shortfall
            )
        return health.reading(
            last,
            now=now(),
            period_s=self.period_s,
            running_s=trio.current_time() - self.reading_since,
        )

    def _clock(self) -> Check:
        newest = max(
            (
                sensor.updated
                for device in self.gateway.store.network
                for sensor in device.sensors
                if sensor.updated is not None
            ),
            default=None,
        )
        return health.clock(now(), synchronised=clock.synchronised(), newest_row=newest)

    def metrics(self) -> tuple[Callable[[], Iterable[Family]], ...]:
        """All sources of metrics."""
        return (self._program, self._requests, self._state, self._network, self._clients, self._own)

    def _program(self) -> Iterable[Family]:
        return metrics.program(__version__, platform.python_version(), process.figures())

    def _requests(self) -> Iterable[Family]:
        figures = self.gateway.figures()
        yield from metrics.requests(figures.requests, figures.refused, figures.dropped)
        yield from metrics.radio(figures.radio)

    def _state(self) -> Iterable[Family]:
        state = self.gateway.state()
        return metrics.state(
            metrics.State(
                coordinator_ready=state.coordinator_ready,
                service_mode=state.oper_mode == "service",
                enumerating=state.enumerating,
                reading=state.reading,
                on_air=bool(state.dpa_queue),
                network_queue=state.network_queue,
                management_queue=state.management_queue,
            )
        )

    def _network(self) -> Iterable[Family]:
        latest = self.measurements.latest
        known = self.gateway.store.network
        yield from metrics.network(known, latest, now(), 2 * self.period_s + 60)
        yield from metrics.cycles(latest)

    def _clients(self) -> Iterable[Family]:
        clients = self.websocket.clients
        return metrics.clients(
            clients.authenticated,
            clients.unauthenticated,
            self.sessions.failures,
            self.sessions.ended,
        )

    def _own(self) -> Iterable[Family]:
        yield from metrics.loop(self.pulse.lag)
        if self.history is not None:
            status = self.history.status
            yield counter("iqrf_history_rows_total", "Values written.", [({}, status.written)])
            yield gauge("iqrf_history_bytes", "Size of the history.", [({}, status.bytes)])
        if self.mqtt is not None:
            yield from self.mqtt.metrics()
        if self.server is not None:
            counts = sorted(self.server.counts.items())
            yield counter(
                "iqrf_http_requests_total",
                "Requests over HTTP by route and status.",
                [({"path": path, "code": code}, number) for (path, code), number in counts],
            )


def build(
    observed: Observed, dispatcher: Dispatcher, keys: Keys, ready: Callable[[], bool]
) -> HttpServer:
    """The server with all its routes; `ready` tells whether requests are served."""
    config, gateway = observed.config, observed.gateway
    routes = [
        *HealthRoutes(
            observed.checks(),
            ready,
            __version__,
            config.gateway.instance_id,
            trio.current_time(),
        ).routes(),
        *MetricsRoutes(observed.metrics(), config.http.metrics_public).routes(),
        *SessionRoutes(keys).routes(),
        *CallRoutes(dispatcher.accept, dispatcher.withdraw).routes(),
        *NetworkRoutes(lambda: gateway.store.network, observed.measurements, now).routes(),
    ]
    if observed.history is not None:
        routes += HistoryRoutes(observed.history, now).routes()
    access = Access(
        keys,
        observed.websocket.failures,
        observed.sessions.failed,
        parse_networks(config.websocket.trusted_proxies),
    )

    async def websocket(upgrade: Upgrade, stream: trio.abc.Stream, address: str) -> None:
        name = f"{address} (http)"
        await observed.websocket.adopt(Replay(upgrade.received, stream), name, address)

    server = HttpServer(Routes(tuple(routes)), access, HttpSettings(_names(config)), websocket)
    observed.server = server
    return server


def _names(config: Config) -> frozenset[str] | None:
    """The hosts by which the gateway may be asked; None where it is open to the network.

    A server for this machine alone could be reached by a page in its browser, by a name that the
    page's owner has pointed to 127.0.0.1.
    """
    try:
        loopback = ip_address(config.http.host).is_loopback
    except ValueError:
        loopback = config.http.host == "localhost"
    return frozenset({"localhost", *config.http.hosts}) if loopback else None
