"""The composition root: opens the gateway's nurseries, and ends them by one deadline."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import trio

from iqrf_trio import logs
from iqrf_trio.config import Config
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.ports import Port
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.coordinators import save_busy
from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import DATABASE_NAME, Store, StoreError, occupied
from iqrf_trio.store.database import Hop
from iqrf_trio.wiring.gateway import Parts, build, now
from iqrf_trio.wiring.http import Examine
from iqrf_trio.wiring.ports import port_of
from iqrf_trio.wiring.serving import Listening, Outside, Running, Serving, listen
from iqrf_trio.wiring.stopping import stopped_by
from iqrf_trio.wiring.vault import recover

log = logging.getLogger("iqrf_trio.daemon")


async def run(
    config: Config,
    *,
    port: Port | None = None,
    stop: trio.Event | None = None,
    reload: Callable[[], Config] | None = None,
    notifier: Notifier | None = None,
    hop: Hop | None = None,
    prepare: Callable[[], Awaitable[None]] | None = None,
    examine: Examine | None = None,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the gateway until `stop` is set; without one until SIGINT or SIGTERM.

    `port` replaces the one that the configuration describes. `reload` gives the configuration
    anew when SIGHUP asks for it, `notifier` tells the service manager, `hop` replaces the worker
    threads. `prepare` is awaited when the store is open and nobody can connect yet. Started once
    clients can connect; told to stop before that, it returns without. `examine` is the doctor.
    Raises ConfigError, ListenError, TlsError or StoreError for what keeps it from starting.
    """
    shutdown = Shutdown()
    port = port or port_of(config, shutdown)
    connect, hop = hop, hop or shutdown.hop
    outside = Outside(reload, notifier or Notifier(), hop, examine)
    async with stopped_by(stop, shutdown), AsyncExitStack() as stack:
        stack.callback(logs.keep_in(outside.ring))
        with shutdown.interrupting() as starting:
            # The listeners come first: a second gateway fails on the port before it touches the
            # store.
            listening = await listen(config, stack)
            stack.enter_context(occupied(config.gateway.state_dir))
            database = config.gateway.state_dir / DATABASE_NAME
            store = await stack.enter_async_context(
                Store.open(database, hop=hop, shutdown=shutdown)
            )
            await recover(store, config, hop)
            if prepare:
                await prepare()
            parts = await build(config, store, port, shutdown, hop, connect=connect)
        if not starting.cancelled_caught:
            await _serve(config, parts, listening, shutdown, outside, task_status=task_status)
            await _keep_busy(parts.gateway, shutdown)
    log.info("stopped")


async def _serve(
    config: Config,
    parts: Parts,
    listening: Listening,
    shutdown: Shutdown,
    outside: Outside,
    *,
    task_status: trio.TaskStatus[Running],
) -> None:
    """The nursery tree. Shutdown order is nesting: what is opened last ends first.

    The deadlines of the nurseries and of all shields are shares of the one grace.
    """
    gateway = parts.gateway
    sessions = Sessions(config.websocket.outbox_bytes_total)
    serving = Serving(config, parts, listening, sessions, Dispatcher(gateway), shutdown, outside)
    answered = trio.Event()
    async with trio.open_nursery() as core:
        core.start_soon(parts.overheard.run)
        core.start_soon(parts.pulse.run)
        core.start_soon(parts.clock.run)
        if parts.trace:
            core.start_soon(parts.trace.run)
        core.start_soon(parts.coordinators.run)
        core.start_soon(parts.configurations.run)
        if parts.history:
            core.start_soon(parts.history.run)
        await core.start(gateway.transceiver.run)
        async with trio.open_nursery() as clients:
            async with trio.open_nursery() as lanes:
                await lanes.start(gateway.scheduler.run_network)
                await lanes.start(gateway.scheduler.run_management)
                async with trio.open_nursery() as services:
                    await serving.start(services, clients)
                    with shutdown.interrupting(), gateway.lifetime:
                        running = serving.running()
                        log.info("ready: %s", running.url)
                        outside.notifier.ready(running.url)
                        task_status.started(running)
                        await trio.sleep_forever()
                    log.info("stopping")
                    outside.notifier.stopping()
                    shutdown.begin()
                    gateway.scheduler.close()
                    clients.start_soon(_part, serving, answered, shutdown)
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


async def _part(serving: Serving, answered: trio.Event, shutdown: Shutdown) -> None:
    """Part with all clients when all requests are `answered`, or while there still is time."""
    with trio.move_on_at(shutdown.moment(Share.ANSWERS)):
        await answered.wait()
    serving.part()
