"""The composition root: builds the gateway from its configuration and opens the nurseries."""

import logging
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import trio
from attrs import frozen

from iqrf_trio import __version__
from iqrf_trio.config import Config, ConfigError
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.listeners import Endpoint, bind, open_listeners
from iqrf_trio.edges.websocket import Connection, serve
from iqrf_trio.handlers.db import ANNOTATE_SETTING
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.announcements import Announcer, Outlet
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.messaging.session import Session
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.backups import Backups
from iqrf_trio.services.enumeration import Enumeration, Interview
from iqrf_trio.services.sensors import settings as sensor_settings
from iqrf_trio.services.sensors.overheard import Overheard
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.services.watchdog import Watchdog
from iqrf_trio.store import DATABASE_NAME, Store, occupied
from iqrf_trio.wiring import products
from iqrf_trio.wiring.ports import port_of, trace_of
from iqrf_trio.wiring.reloading import Reloading, limits_of, session_limits_of
from iqrf_trio.wiring.vault import keeper_of, recover
from protocol.dpa.transaction import Outcome
from protocol.network.catalogue import Catalogue, CatalogueError
from protocol.readings.settings import Messaging, SensorSettings

log = logging.getLogger("iqrf_trio.daemon")

GRACE_S = 4.0
"""What requests under way, and then clients, have to finish at shutdown."""

LOOPBACK = "127.0.0.1"
"""Where the monitor's own port is open: without authentication it is for this machine only."""

WEBSOCKET = Messaging("ws", "WebsocketMessaging")
"""The one place that reports can be sent to."""


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
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the gateway until `stop` is set; without one until SIGINT or SIGTERM.

    `port` replaces the one that the configuration describes. `reload` gives the configuration
    anew when SIGHUP asks for it, `notifier` tells the service manager. Started once
    clients can connect.
    Raises ConfigError, ListenError, TlsError or StoreError for what keeps it from starting.
    """
    port = port or port_of(config)
    # The listeners come first: a second gateway fails on the port before it touches the store.
    endpoints = await open_listeners(config.websocket)
    watched: list[Endpoint] = []
    try:
        if config.monitor.port is not None:
            watched += map(Endpoint, await bind(LOOPBACK, config.monitor.port))
        with occupied(config.gateway.state_dir):
            async with Store.open(config.gateway.state_dir / DATABASE_NAME) as store:
                await recover(store, config)
                await _serve(
                    config,
                    store,
                    port,
                    endpoints,
                    watched,
                    stop=stop,
                    reload=reload,
                    notifier=notifier or Notifier(),
                    task_status=task_status,
                )
    finally:
        for endpoint in (*endpoints, *watched):
            endpoint.listener.socket.close()
    log.info("stopped")


async def _serve(
    config: Config,
    store: Store,
    port: Port,
    endpoints: Sequence[Endpoint],
    watched: Sequence[Endpoint],
    *,
    stop: trio.Event | None,
    reload: Callable[[], Config] | None,
    notifier: Notifier,
    task_status: trio.TaskStatus[Running],
) -> None:
    """The nursery tree. Shutdown order is nesting: what is opened last ends first."""
    reports, sessions = Reports(), Sessions(config.websocket.outbox_bytes_total)
    websocket = Outlet(reports.publish, unasked=config.websocket.async_messages)
    announcer = Announcer(config.gateway.instance_id, {WEBSOCKET: websocket})
    overheard = Overheard(store, _now)
    gateway = await _build(config, store, port, announcer, overheard)
    dispatcher = Dispatcher(gateway)
    reloading: Reloading | None = None

    async def serve_client(connection: Connection) -> None:
        await Session(
            connection,
            authenticate=partial(authenticate, store, _now),
            accept=dispatcher.accept,
            now=_now,
            sessions=sessions,
            reports=reports,
            limits=session_limits_of((reloading.config if reloading else config).websocket),
        ).run()

    async with trio.open_nursery() as core:
        await core.start(gateway.transceiver.run)
        async with trio.open_nursery() as clients:
            async with trio.open_nursery() as lanes:
                await lanes.start(gateway.scheduler.run_network)
                await lanes.start(gateway.scheduler.run_management)
                async with trio.open_nursery() as services:
                    services.start_soon(gateway.enumeration.run)
                    services.start_soon(gateway.worker.run)
                    services.start_soon(gateway.monitor.run, config.monitor.period)
                    services.start_soon(gateway.keeper.run)
                    services.start_soon(overheard.run)
                    services.start_soon(Backups(store, _now).run)
                    services.start_soon(TokenWatch(store, sessions, _now).run)
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
                            websocket,
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
                    with _stopping(stop) as stopped, gateway.lifetime:
                        url = endpoints[0].url
                        log.info("ready: %s", url)
                        notifier.ready(url)
                        watch_url = watched[0].url if watched else None
                        task_status.started(Running(url, gateway, watch_url))
                        await stopped()
                    log.info("stopping")
                    notifier.stopping()
                    services.cancel_scope.cancel()
                lanes.cancel_scope.cancel()
            sessions.go_away()
            clients.cancel_scope.deadline = trio.current_time() + GRACE_S
        core.cancel_scope.cancel()


async def _build(
    config: Config, store: Store, port: Port, announcer: Announcer, overheard: Overheard
) -> Gateway:
    scheduler = Scheduler(
        management_capacity=config.queue.management_capacity,
        network_capacity=config.queue.network_capacity,
        background_wait=config.queue.background_wait,
        grace=GRACE_S,
    )

    def on_async(frame: bytes) -> None:
        announcer.frame(frame)
        overheard.frame(frame)

    def on_answer(outcome: Outcome) -> None:
        if not worker.asking:  # what a cycle brings is stored with the cycle
            overheard.answer(outcome, lambda: transceiver.counters)
        enumeration.observe(outcome)
        keeper.observe(outcome)

    transceiver = Transceiver(port, on_async=on_async, on_answer=on_answer, trace=trace_of(config))
    enumeration = Enumeration(
        Interview(transceiver, scheduler),
        store,
        announcer.enumeration,
        await _catalogue(config, store),
        config.database.enumerate_after_bonding,
    )
    keeper = keeper_of(
        config,
        store,
        Devices(transceiver, scheduler, yielding=True),
        _now,
        busy=lambda: enumeration.running,
    )
    if config.database.enumerate_on_launch:
        enumeration.launch()
    settings = await sensor_settings.load(store, _sensor_settings(config))
    worker = SensorWorker(settings, transceiver, scheduler, store, announcer, _now)
    if worker.settings.auto_run:
        worker.start()
    annotate = await store.setting(ANNOTATE_SETTING)
    gateway = Gateway(
        ins_id=config.gateway.instance_id,
        version=__version__,
        store=store,
        scheduler=scheduler,
        transceiver=transceiver,
        enumeration=enumeration,
        worker=worker,
        local_time=_local_time,
        messagings=announcer.messagings,
        keeper=keeper,
        annotate=config.database.annotate_metadata if annotate is None else annotate is True,
    )
    enumeration.on_change = worker.on_change = gateway.monitor.changed
    return gateway


async def _catalogue(config: Config, store: Store) -> Catalogue:
    """The product catalogue, by which also those devices are named that are known already."""
    file = config.database.products
    try:
        catalogue = await trio.to_thread.run_sync(products.load, Path(file) if file else None)
    except CatalogueError as error:
        fix = "correct the file, or leave the key empty"
        raise ConfigError("", "database.products", str(error), fix) from None
    await store.save_network(catalogue.applied(store.network))
    return catalogue


def _sensor_settings(config: Config) -> SensorSettings:
    """What the worker is told at the first start."""
    return SensorSettings(
        auto_run=config.sensor_data.auto_run,
        period=config.sensor_data.period,
        retry_period=config.sensor_data.retry_period,
        async_reports=config.sensor_data.async_reports,
    )


@contextmanager
def _stopping(stop: trio.Event | None) -> Iterator[Callable[[], Awaitable[None]]]:
    """A function that waits for `stop`, or, from the beginning of the block on, for a signal."""
    if stop is not None:
        yield stop.wait
        return
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:

        async def signalled() -> None:
            number = await anext(signals)
            log.info("%s received", signal.Signals(number).name)

        yield signalled


def _now() -> datetime:
    return datetime.now(UTC)


def _local_time(instant: float) -> datetime:
    """An instant of Trio's clock as local time."""
    ago = timedelta(seconds=trio.current_time() - instant)
    return (_now() - ago).astimezone()
