"""What a running gateway serves: its sockets, its activities, and what a reload changes."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import trio
from attrs import define, evolve, field, frozen

from iqrf_trio.config import Config
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp.listeners import Endpoint, bind, open_listeners
from iqrf_trio.edges.websocket import Connection, Server, serve
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.http.access import Keys
from iqrf_trio.http.readings import Cycles
from iqrf_trio.http.server import HttpServer
from iqrf_trio.logs import Ring
from iqrf_trio.messaging.session import Session
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.backups import Backups
from iqrf_trio.services.health import StatusLine
from iqrf_trio.services.log_levels import LogLevels
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.services.watchdog import Watchdog
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store.database import Hop
from iqrf_trio.wiring import http
from iqrf_trio.wiring.alerts import alerts_of
from iqrf_trio.wiring.following import followers
from iqrf_trio.wiring.gateway import Parts, now
from iqrf_trio.wiring.http import Examine
from iqrf_trio.wiring.observed import Observed
from iqrf_trio.wiring.reloading import Reloading, limits_of, session_limits_of
from protocol.readings.settings import Messaging

if TYPE_CHECKING:
    from iqrf_trio.wiring.mqtt import Mqtt

log = logging.getLogger("iqrf_trio.daemon")

MONITOR_MESSAGE_SIZE = 1024
"""Bytes of a message to the monitor: what watchers send is not listened to."""

LOOPBACK = "127.0.0.1"
"""Where the monitor's own port is open: without authentication it is for this machine only."""


@frozen(eq=False)
class Running:
    """A gateway that serves: where, and its parts for whoever started it in the same process."""

    url: str
    gateway: Gateway
    monitor_url: str | None = None
    http_url: str | None = None


@frozen
class Listening:
    """The sockets: for clients, of the monitor, and for HTTP."""

    clients: Sequence[Endpoint]
    monitor: Sequence[Endpoint]
    http: Sequence[Endpoint]


async def listen(config: Config, stack: AsyncExitStack) -> Listening:
    """Open the sockets; `stack` closes them. Raises ListenError and TlsError."""
    clients = await open_listeners(config.websocket)
    for endpoint in clients:
        stack.callback(endpoint.listener.socket.close)
    monitor: list[Endpoint] = []
    if config.monitor.port is not None:
        monitor += map(Endpoint, await bind(LOOPBACK, config.monitor.port))
    pages = await http.listen(config)
    for endpoint in (*monitor, *pages):
        stack.callback(endpoint.listener.socket.close)
    return Listening(clients, monitor, pages)


@frozen(eq=False)
class Outside:
    """What whoever starts the gateway hands in.

    `reload` gives the configuration anew, `notifier` tells the service manager, `hop` runs what
    blocks, `examine` is the doctor; `ring` holds the last lines of the log, `levels` changes it.
    """

    reload: Callable[[], Config] | None
    notifier: Notifier
    hop: Hop
    examine: Examine | None
    ring: Ring = field(factory=Ring)
    levels: LogLevels = field(factory=LogLevels)


@define(eq=False)
class Serving:
    """What the services nursery holds: activities, listeners, and what a reload changes."""

    _config: Config
    _parts: Parts
    _listening: Listening
    _sessions: Sessions
    _dispatcher: Dispatcher
    _shutdown: Shutdown
    _outside: Outside
    pages: HttpServer = field(init=False)
    _renew_pages: Callable[[], None] = field(init=False)
    _keys: Keys = field(init=False)
    _reloading: Reloading | None = field(default=None, init=False)

    @_keys.default
    def _make_keys(self) -> Keys:
        return Keys(partial(authenticate, self._parts.gateway.store, now))

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self._reloading.config if self._reloading else self._config

    async def start(self, services: trio.Nursery, clients: trio.Nursery) -> None:
        """Start everything in `services`; connections live in `clients`."""
        outside = self._outside
        gateway, store, config = self._parts.gateway, self._parts.gateway.store, self._config
        services.start_soon(gateway.enumeration.run)
        services.start_soon(gateway.worker.run)
        services.start_soon(gateway.states.run)
        services.start_soon(outside.levels.run)
        services.start_soon(gateway.network.run)
        self._connect_tasks()
        services.start_soon(gateway.tasks.run)
        services.start_soon(gateway.monitor.run, config.monitor.period)
        services.start_soon(gateway.keeper.run)
        services.start_soon(Backups(store, now).run)
        services.start_soon(TokenWatch(store, self._sessions, now, gateway.holders).run)
        server = await services.start(
            partial(serve, handler_nursery=clients),
            self._listening.clients,
            self._serve_client,
            limits_of(config.websocket),
        )
        await self._start_http(server, services, clients)
        self._parts.broker.start(config, clients, self._connect_mqtt)
        if outside.reload:
            self._reloading = Reloading(
                config,
                outside.reload,
                outside.notifier,
                (*self._listening.clients, *self._listening.http),
                server,
                gateway.scheduler,
                gateway.worker,
                self._parts.websocket,
                outside.hop,
                followers(self._parts, self._renew_pages),
            )
            await services.start(self._reloading.run)
        services.start_soon(Watchdog(outside.notifier, gateway.scheduler).run)
        if self._listening.monitor:
            await services.start(
                partial(serve, handler_nursery=clients),
                self._listening.monitor,
                gateway.monitor.serve,
                evolve(limits_of(config.websocket), max_message_size=MONITOR_MESSAGE_SIZE),
            )
            log.info("monitor: %s", self._listening.monitor[0].url)

    def _connect_tasks(self) -> None:
        """Let tasks send messages as clients do, and their answers go to who is to have them."""
        tasks, announcer = self._parts.gateway.tasks, self._parts.announcer
        to_all = self._config.tasks.answers_to_all

        def deliver(messaging: Messaging, token: int | None, text: str) -> None:
            if messaging.type != "ws":
                announcer.deliver(messaging, text)
            elif to_all:
                self._parts.reports.publish(text)
            elif token is not None:
                self._sessions.tell(token, text)

        runner = tasks.runner
        runner.deliver = deliver
        runner.accept, runner.withdraw = self._dispatcher.accept, self._dispatcher.withdraw

    def _connect_mqtt(self, config: Config, mqtt: "Mqtt") -> None:
        from iqrf_trio.wiring.shown import connect_mqtt  # noqa: PLC0415 - few have a broker

        accept, identify = self._dispatcher.accept, self._keys.authenticate
        connect_mqtt(self._parts, accept, identify, config, mqtt)

    async def _start_http(
        self, server: Server, services: trio.Nursery, clients: trio.Nursery
    ) -> None:
        parts = self._parts
        observed = Observed(
            self._config,
            parts.gateway,
            self._sessions,
            parts.measurements,
            parts.pulse,
            parts.clock,
            parts.history,
            parts.broker,
            server,
        )
        checks, cycles = observed.checks(), Cycles()
        parts.measurements.listen(cycles)
        sources = http.Sources(
            self._keys,
            self._dispatcher,
            ready=lambda: not self._shutdown.begun,
            config=lambda: self.config,
            ring=self._outside.ring,
            levels=self._outside.levels,
            cycles=cycles,
            examine=self._outside.examine,
        )
        self.pages = http.build(observed, checks, sources)
        self._renew_pages = partial(http.renew, self.pages, observed, checks, sources)
        services.start_soon(StatusLine(checks, self._tell).run)
        services.start_soon(alerts_of(parts, checks).run)
        if self._listening.http:
            serve_pages = partial(self.pages.serve, handler_nursery=clients)
            await services.start(serve_pages, self._listening.http)
            log.info("http: %s", http.url_of(self._listening.http[0]))

    def part(self) -> None:
        """The gateway stops, and all requests are answered: part with the clients."""
        self._sessions.go_away()
        self.pages.idle.end()
        self._parts.broker.end()

    def _tell(self, trouble: str) -> None:
        """Say in the service manager's status line where the gateway is, and what is wrong."""
        url = self._listening.clients[0].url
        self._outside.notifier.status(f"{url}; {trouble}" if trouble else url)

    def running(self) -> Running:
        """Where the gateway is."""
        monitor, pages = self._listening.monitor, self._listening.http
        return Running(
            self._listening.clients[0].url,
            self._parts.gateway,
            monitor[0].url if monitor else None,
            http.url_of(pages[0]) if pages else None,
        )

    async def _serve_client(self, connection: Connection) -> None:
        await Session(
            connection,
            authenticate=self._keys.authenticate,
            accept=self._dispatcher.accept,
            withdraw=self._dispatcher.withdraw,
            now=now,
            sessions=self._sessions,
            reports=self._parts.reports,
            limits=session_limits_of(self.config.websocket),
        ).run()
