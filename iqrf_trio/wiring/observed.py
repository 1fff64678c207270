"""What health and metrics are made of: the parts of the gateway, looked at."""

import platform
from collections.abc import Callable, Iterable

import trio
from attrs import define, field

from iqrf_trio import __version__
from iqrf_trio.config import Config
from iqrf_trio.edges import disk, process
from iqrf_trio.edges.websocket import Server
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.http.server import HttpServer
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.clock import Clock
from iqrf_trio.services.health import HealthChecks
from iqrf_trio.services.history import History
from iqrf_trio.services.pulse import Pulse
from iqrf_trio.services.sensors.worker import STOPPED
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.wiring.broker import Broker
from iqrf_trio.wiring.gateway import now
from protocol.dpa.counters import Count
from protocol.outward import health, metrics
from protocol.outward.cycles import answered
from protocol.outward.exposition import Family, counter, gauge
from protocol.outward.health import Check, LastCycle, Status


@define(eq=False)
class Observed:
    """All checks and all sources of metrics; `server` is there once HTTP is built."""

    config: Config
    gateway: Gateway
    sessions: Sessions
    measurements: Measurements
    pulse: Pulse
    clock: Clock
    history: History | None
    broker: Broker
    websocket: Server
    began: float = field(factory=trio.current_time)
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
        checks.add("mqtt", self.broker.check)
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
        store = self.gateway.store
        size, used = disk.usage(self.config.gateway.state_dir / DATABASE_NAME)
        return health.storage(
            error=store.last_error,
            used=used,
            details={"bytes": size},
            read_only=store.trouble is not None,
        )

    def _history_check(self) -> Check:
        assert self.history is not None
        status = self.history.status
        _, used = disk.usage(self.history.path)
        details = {"bytes": status.bytes, "dropped": status.dropped}
        if status.damage:
            return Check(Status.FAIL, f"a query failed: {status.damage}", details)
        return health.storage(error=status.error, used=used, details=details)

    def _reading(self) -> Check:
        if not self.gateway.worker.running:
            return Check(Status.PASS, "no readings are made")
        cycle = self.measurements.latest.last_cycle
        last = None
        if cycle is not None:
            reading = cycle.reading
            last = LastCycle(
                reading.at,
                answered(cycle),
                len(reading.devices),
                reading.failure,
                reading.shortfall,
                stopped=(reading.failure or reading.shortfall).endswith(STOPPED),
            )
        return health.reading(
            last,
            now=now(),
            period_s=self.period_s,
            running_s=trio.current_time() - self.began,
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
        return health.clock(now(), synchronised=self.clock.synchronised, newest_row=newest)

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
        yield from metrics.states(known, self.gateway.states.of)
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
        yield from self.broker.metrics()
        if self.server is not None:
            counts = sorted(self.server.counts.items())
            yield counter(
                "iqrf_http_requests_total",
                "Requests over HTTP by route and status.",
                [({"path": path, "code": code}, number) for (path, code), number in counts],
            )
