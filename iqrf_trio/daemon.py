"""The composition root: opens the gateway's nurseries, and ends them by one deadline."""

import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio
from attrs import frozen

from iqrf_trio.config import Config
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.listeners import Endpoint, bind, open_listeners
from iqrf_trio.edges.websocket import Connection, serve
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.session import Session
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.backups import Backups
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.services.watchdog import Watchdog
from iqrf_trio.shutdown import Share, Shutdown
from iqrf_trio.store import DATABASE_NAME, Store, occupied
from iqrf_trio.store.database import Hop
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
    port = port or port_of(config)
    shutdown = Shutdown()
    hop = hop or shutdown.hop
    async with _stopped_by(stop, shutdown), AsyncExitStack() as stack:
        with shutdown.interrupting() as starting:
            # The listeners come first: a second gateway fails on the port before it touches the
            # store.
            endpoints, watched = await _listen(config, stack)
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
                endpoints,
                watched,
                shutdown,
                reload=reload,
                notifier=notifier or Notifier(),
                hop=hop,
                task_status=task_status,
            )
    log.info("stopped")


async def _listen(
    config: Config, stack: AsyncExitStack
) -> tuple[Sequence[Endpoint], Sequence[Endpoint]]:
    """The sockets for clients, and those of the monitor; `stack` closes them."""
    endpoints = await open_listeners(config.websocket)
    for endpoint in endpoints:
        stack.callback(endpoint.listener.socket.close)
    watched: list[Endpoint] = []
    if config.monitor.port is not None:
        watched += map(Endpoint, await bind(LOOPBACK, config.monitor.port))
    for endpoint in watched:
        stack.callback(endpoint.listener.socket.close)
    return endpoints, watched


async def _serve(
    config: Config,
    parts: Parts,
    endpoints: Sequence[Endpoint],
    watched: Sequence[Endpoint],
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
    gateway, store = parts.gateway, parts.gateway.store
    sessions = Sessions(config.websocket.outbox_bytes_total)
    dispatcher, answered = Dispatcher(gateway), trio.Event()
    reloading: Reloading | None = None

    async def serve_client(connection: Connection) -> None:
        await Session(
            connection,
            authenticate=partial(authenticate, store, now),
            accept=dispatcher.accept,
            withdraw=dispatcher.withdraw,
            now=now,
            sessions=sessions,
            reports=parts.reports,
            limits=session_limits_of((reloading.config if reloading else config).websocket),
        ).run()

    async with trio.open_nursery() as core:
        if parts.trace:
            core.start_soon(parts.trace.run)
        core.start_soon(parts.overheard.run)
        await core.start(gateway.transceiver.run)
        async with trio.open_nursery() as clients:
            async with trio.open_nursery() as lanes:
                await lanes.start(gateway.scheduler.run_network)
                await lanes.start(gateway.scheduler.run_management)
                async with trio.open_nursery() as services:
                    services.start_soon(gateway.enumeration.run)
                    services.start_soon(gateway.worker.run)
                    services.start_soon(gateway.network.run)
                    services.start_soon(gateway.monitor.run, config.monitor.period)
                    services.start_soon(gateway.keeper.run)
                    services.start_soon(Backups(store, now).run)
                    services.start_soon(TokenWatch(store, sessions, now).run)
                    server = await services.start(
                        partial(serve, handler_nursery=clients),
                        endpoints,
                        serve_client,
                        limits_of(config.websocket),
                    )
                    if reload:
                        reloading = Reloading(
                            config,
                            reload,
                            notifier,
                            endpoints,
                            server,
                            gateway.scheduler,
                            gateway.worker,
                            parts.websocket,
                            hop,
                        )
                        await services.start(reloading.run)
                    services.start_soon(Watchdog(notifier, gateway.scheduler).run)
                    if watched:
                        await services.start(
                            partial(serve, handler_nursery=clients),
                            watched,
                            gateway.monitor.serve,
                            Limits(max_message_size=1024, origins=config.websocket.origins),
                        )
                        log.info("monitor: %s", watched[0].url)
                    with shutdown.interrupting(), gateway.lifetime:
                        url = endpoints[0].url
                        log.info("ready: %s", url)
                        notifier.ready(url)
                        watch_url = watched[0].url if watched else None
                        task_status.started(Running(url, gateway, watch_url))
                        await trio.sleep_forever()
                    log.info("stopping")
                    notifier.stopping()
                    shutdown.begin()
                    gateway.scheduler.close()
                    clients.start_soon(_part, sessions, answered, shutdown)
                    clients.cancel_scope.deadline = shutdown.moment(Share.FAREWELL)
                    core.cancel_scope.deadline = shutdown.moment(Share.REST)
                    services.cancel_scope.cancel()
                lanes.cancel_scope.cancel()
            answered.set()
        core.cancel_scope.cancel()


async def _part(sessions: Sessions, answered: trio.Event, shutdown: Shutdown) -> None:
    """End the sessions when all requests are `answered`, or while there still is time."""
    with trio.move_on_at(shutdown.moment(Share.ANSWERS)):
        await answered.wait()
    sessions.go_away()


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
