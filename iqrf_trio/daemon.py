"""The composition root: opens the gateway's nurseries, and ends them by one deadline."""

import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio
from attrs import define, field, frozen

from iqrf_trio.config import Config
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.listeners import Endpoint, bind, open_listeners
from iqrf_trio.edges.websocket import Connection, Server, serve
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.http.access import Keys
from iqrf_trio.http.server import HttpServer
from iqrf_trio.messaging.session import Session
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.backups import Backups
from iqrf_trio.services.coordinators import save_busy
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.services.watchdog import Watchdog
from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import DATABASE_NAME, Store, StoreError, occupied
from iqrf_trio.store.database import Hop
from iqrf_trio.wiring import http
from iqrf_trio.wiring.gateway import Parts, build, now
from iqrf_trio.wiring.ports import port_of
from iqrf_trio.wiring.reloading import Reloading, limits_of, session_limits_of
from iqrf_trio.wiring.vault import recover

log = logging.getLogger("iqrf_trio.daemon")

LOOPBACK = "127.0.0.1"
"""Where the monitor's own port is open: without authentication it is for this machine only."""


@frozen(eq=False)
class Running:
    """A gateway that serves: where, and its parts for whoever started it in the same process."""

    url: str
    gateway: Gateway
    monitor_url: str | None = None
    http_url: str | None = None


async def run(
    config: Config,
    *,
    port: Port | None = None,
    stop: trio.Event | None = None,
    reload: Callable[[], Config] | None = None,
    notifier: Notifier | None = None,
    hop: Hop | None = None,
    prepare: Callable[[], Awaitable[None]] | None = None,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the gateway until `stop` is set; without one until SIGINT or SIGTERM.

    `port` replaces the one that the configuration describes. `reload` gives the configuration
    anew when SIGHUP asks for it, `notifier` tells the service manager, `hop` replaces the worker
    threads. `prepare` is awaited when the store is open and nobody can connect yet. Started once
    clients can connect; told to stop before that, it returns without.
    Raises ConfigError, ListenError, TlsError or StoreError for what keeps it from starting.
    """
    shutdown = Shutdown()
    port = port or port_of(config, shutdown)
    hop = hop or shutdown.hop
    async with _stopped_by(stop, shutdown), AsyncExitStack() as stack:
        with shutdown.interrupting() as starting:
            # The listeners come first: a second gateway fails on the port before it touches the
            # store.
            listening = await _listen(config, stack)
            stack.enter_context(occupied(config.gateway.state_dir))
            database = config.gateway.state_dir / DATABASE_NAME
            store = await stack.enter_async_context(
                Store.open(database, hop=hop, shutdown=shutdown)
            )
            await recover(store, config, hop)
            if prepare:
                await prepare()
            parts = await build(config, store, port, shutdown, hop)
        if not starting.cancelled_caught:
            await _serve(
                config,
                parts,
                listening,
                shutdown,
                reload=reload,
                notifier=notifier or Notifier(),
                hop=hop,
                task_status=task_status,
            )
            await _keep_busy(parts.gateway, shutdown)
    log.info("stopped")


@frozen
class Listening:
    """The sockets: for clients, of the monitor, and for HTTP."""

    clients: Sequence[Endpoint]
    monitor: Sequence[Endpoint]
    http: Sequence[Endpoint]


async def _listen(config: Config, stack: AsyncExitStack) -> Listening:
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


async def _serve(
    config: Config,
    parts: Parts,
    listening: Listening,
    shutdown: Shutdown,
    *,
    reload: Callable[[], Config] | None,
    notifier: Notifier,
    hop: Hop,
    task_status: trio.TaskStatus[Running],
) -> None:
    """The nursery tree. Shutdown order is nesting: what is opened last ends first.

    All of them learn of the shutdown at the same moment; the deadlines of the nurseries and of
    all shields are shares of the one grace.
    """
    gateway = parts.gateway
    sessions = Sessions(config.websocket.outbox_bytes_total)
    serving = Serving(config, parts, listening, sessions, Dispatcher(gateway), shutdown)
    answered = trio.Event()
    async with trio.open_nursery() as core:
        core.start_soon(parts.overheard.run)
        core.start_soon(parts.pulse.run)
        if parts.trace:
            core.start_soon(parts.trace.run)
        core.start_soon(parts.coordinators.run)
        if parts.history:
            core.start_soon(parts.history.run)
        await core.start(gateway.transceiver.run)
        async with trio.open_nursery() as clients:
            async with trio.open_nursery() as lanes:
                await lanes.start(gateway.scheduler.run_network)
                await lanes.start(gateway.scheduler.run_management)
                async with trio.open_nursery() as services:
                    await serving.start(services, clients, reload, notifier, hop)
                    with shutdown.interrupting(), gateway.lifetime:
                        running = serving.running()
                        log.info("ready: %s", running.url)
                        notifier.ready(running.url)
                        task_status.started(running)
                        await trio.sleep_forever()
                    log.info("stopping")
                    notifier.stopping()
                    shutdown.begin()
                    gateway.scheduler.close()
                    clients.start_soon(_part, sessions, serving.pages, answered, shutdown)
                    clients.cancel_scope.deadline = shutdown.moment(Share.FAREWELL)
                    core.cancel_scope.deadline = shutdown.moment(Share.REST)
                    services.cancel_scope.cancel()
                lanes.cancel_scope.cancel()
            answered.set()
        core.cancel_scope.cancel()


async def _keep_busy(gateway: Gateway, shutdown: Shutdown) -> None:
    """Let the next start know what the coordinator is left at work with."""
    try:
        with shutdown.shield(share=Share.ALL):
            await save_busy(gateway.store, now, gateway.transceiver.busy_s)
    except (StoreError, AbandonedError) as error:
        log.warning("not stored for how long the coordinator is busy: %s", error)


@define(eq=False)
class Serving:
    """What the services nursery holds: activities, listeners, and what a reload changes."""

    _config: Config
    _parts: Parts
    _listening: Listening
    _sessions: Sessions
    _dispatcher: Dispatcher
    _shutdown: Shutdown
    pages: HttpServer = field(init=False)
    _keys: Keys = field(init=False)
    _reloading: Reloading | None = field(default=None, init=False)

    @_keys.default
    def _make_keys(self) -> Keys:
        return Keys(partial(authenticate, self._parts.gateway.store, now))

    async def start(
        self,
        services: trio.Nursery,
        clients: trio.Nursery,
        reload: Callable[[], Config] | None,
        notifier: Notifier,
        hop: Hop,
    ) -> None:
        """Start everything in `services`; connections live in `clients`."""
        gateway, store, config = self._parts.gateway, self._parts.gateway.store, self._config
        services.start_soon(gateway.enumeration.run)
        services.start_soon(gateway.worker.run)
        services.start_soon(gateway.network.run)
        services.start_soon(gateway.monitor.run, config.monitor.period)
        services.start_soon(gateway.keeper.run)
        services.start_soon(Backups(store, now).run)
        services.start_soon(TokenWatch(store, self._sessions, now).run)
        server = await services.start(
            partial(serve, handler_nursery=clients),
            self._listening.clients,
            self._serve_client,
            limits_of(config.websocket),
        )
        await self._start_http(server, services, clients)
        if reload:
            self._reloading = Reloading(
                config,
                reload,
                notifier,
                self._listening.clients,
                server,
                gateway.scheduler,
                gateway.worker,
                self._parts.websocket,
                hop,
            )
            await services.start(self._reloading.run)
        services.start_soon(Watchdog(notifier, gateway.scheduler).run)
        if self._listening.monitor:
            await services.start(
                partial(serve, handler_nursery=clients),
                self._listening.monitor,
                gateway.monitor.serve,
                Limits(max_message_size=1024, origins=config.websocket.origins),
            )
            log.info("monitor: %s", self._listening.monitor[0].url)

    async def _start_http(
        self, server: Server, services: trio.Nursery, clients: trio.Nursery
    ) -> None:
        parts = self._parts
        observed = http.Observed(
            self._config,
            parts.gateway,
            self._sessions,
            parts.measurements,
            parts.pulse,
            parts.history,
            server,
        )
        self.pages = http.build(
            observed, self._dispatcher, self._keys, lambda: not self._shutdown.begun
        )
        if self._listening.http:
            serve_pages = partial(self.pages.serve, handler_nursery=clients)
            await services.start(serve_pages, self._listening.http)
            log.info("http: %s", http.url_of(self._listening.http[0]))

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
        config = self._reloading.config if self._reloading else self._config
        await Session(
            connection,
            authenticate=self._keys.authenticate,
            accept=self._dispatcher.accept,
            withdraw=self._dispatcher.withdraw,
            now=now,
            sessions=self._sessions,
            reports=self._parts.reports,
            limits=session_limits_of(config.websocket),
        ).run()


async def _part(
    sessions: Sessions, pages: HttpServer, answered: trio.Event, shutdown: Shutdown
) -> None:
    """End the sessions when all requests are `answered`, or while there still is time."""
    with trio.move_on_at(shutdown.moment(Share.ANSWERS)):
        await answered.wait()
    sessions.go_away()
    pages.idle.end()


@asynccontextmanager
async def _stopped_by(stop: trio.Event | None, shutdown: Shutdown) -> AsyncIterator[None]:
    """Within the block `stop`, or without one SIGINT or SIGTERM, begins the shutdown."""
    async with trio.open_nursery() as nursery:
        if stop is None:
            await nursery.start(_await_signal, shutdown)
        else:
            nursery.start_soon(_await_event, stop, shutdown)
        yield
        nursery.cancel_scope.cancel()


async def _await_event(stop: trio.Event, shutdown: Shutdown) -> None:
    await stop.wait()
    shutdown.begin()


async def _await_signal(
    shutdown: Shutdown, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Begin the shutdown with the first signal; those after it change nothing."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            log.info("%s received", signal.Signals(number).name)
            shutdown.begin()
