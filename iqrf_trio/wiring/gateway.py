"""The parts of a gateway, built from its configuration and tied together."""

import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio
from attrs import frozen

from iqrf_trio import __version__
from iqrf_trio.config import Config, ConfigError, bytes_of
from iqrf_trio.edges import clock
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.trace import TraceFile
from iqrf_trio.handlers.db import ANNOTATE_SETTING
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.announcements import Announcer, Outlet
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.radio.memory import Memory
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.clock import Clock
from iqrf_trio.services.configurations import Configurations
from iqrf_trio.services.coordinators import Coordinators, load_busy
from iqrf_trio.services.enumeration import Enumeration, Interview
from iqrf_trio.services.history import History
from iqrf_trio.services.network.records import StoredRecords
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.services.pulse import Pulse
from iqrf_trio.services.sensors import settings as sensor_settings
from iqrf_trio.services.sensors.overheard import Overheard
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.states import OutputStates
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store
from iqrf_trio.store.database import Hop
from iqrf_trio.store.errors import ReadOnlyError
from iqrf_trio.store.spill import UNSTORED, Spill
from iqrf_trio.wiring import products
from iqrf_trio.wiring.broker import Broker, spoken_to
from iqrf_trio.wiring.ports import trace_of
from iqrf_trio.wiring.vault import keeper_of
from protocol.dpa.transaction import Outcome
from protocol.network import configurations as configuring
from protocol.network import triggers
from protocol.network.catalogue import Catalogue, CatalogueError
from protocol.readings import overheard as overhearing
from protocol.readings import switching
from protocol.readings.settings import Messaging, SensorSettings

if TYPE_CHECKING:
    from iqrf_trio.edges import mqtt as mqtt_edge

log = logging.getLogger("iqrf_trio.daemon")

HISTORY_NAME = "history.db"
"""The file of the history in the state directory."""

WEBSOCKET = Messaging("ws", "WebsocketMessaging")
"""The name by which reports are sent to WebSocket clients."""

_TELLING = (
    triggers.PERIPHERALS | configuring.PERIPHERALS | overhearing.PERIPHERALS | switching.PERIPHERALS
)
"""The peripherals whose answers may teach any part of the gateway something."""


@frozen(eq=False)
class Parts:
    """What the daemon runs: the gateway of the handlers, and what feeds its clients and store.

    `reports` is what every client is sent unasked, `websocket` decides which of it;
    `measurements` is where all values pass.
    """

    gateway: Gateway
    reports: Reports
    websocket: Outlet
    announcer: Announcer
    overheard: Overheard
    coordinators: Coordinators
    configurations: Configurations
    trace: TraceFile | None
    measurements: Measurements
    pulse: Pulse
    clock: Clock
    history: History | None
    broker: Broker


async def build(
    config: Config,
    store: Store,
    port: Port,
    shutdown: Shutdown,
    hop: Hop,
    *,
    connect: "mqtt_edge.Hop | None" = None,
) -> Parts:
    """Build the gateway around its store and its port; nothing runs yet. Raises ConfigError.

    `connect` replaces the thread in which the broker is connected.
    """
    reports = Reports()
    websocket = Outlet(reports.publish, unasked=config.websocket.async_messages)
    outlets = {WEBSOCKET: websocket}
    announcer = Announcer(config.gateway.instance_id, outlets, network=lambda: store.network)
    broker = Broker(partial(spoken_to, store, shutdown, connect), announcer)
    await broker.build(config)
    measurements = Measurements()
    spill = Spill(config.gateway.state_dir / UNSTORED)
    overheard = Overheard(store, now, shutdown, spill, hop, measurements)
    scheduler = Scheduler(
        management_capacity=config.queue.management_capacity,
        network_capacity=config.queue.network_capacity,
        background_wait=config.queue.background_wait,
        shutdown=shutdown,
    )

    def on_async(frame: bytes) -> None:
        for take in (announcer.frame, overheard.frame, states.frame, gateway.network.twins.frame):
            take(frame)

    def on_answer(outcome: Outcome) -> None:
        if outcome.request.pnum not in _TELLING:
            return  # as with most requests of clients
        if not worker.asking:  # what a cycle brings is stored with the cycle
            overheard.answer(outcome, lambda: transceiver.counters)
        enumeration.observe(outcome)
        keeper.observe(outcome)
        configurations.observe(outcome)
        states.observe(outcome)

    trace = trace_of(config)
    coordinators = Coordinators(store, shutdown)
    configurations = Configurations(store, shutdown)
    transceiver = Transceiver(
        port,
        on_async=on_async,
        on_answer=on_answer,
        trace=trace,
        shutdown=shutdown,
        timeout_limit_s=config.gateway.request_timeout_limit,
        memory=Memory(coordinators.recall, coordinators.note),
        busy_s=await load_busy(store, now) if port.outlives_program else 0.0,
    )
    catalogue = await _catalogue(config, store, hop)
    enumeration = Enumeration(
        Interview(transceiver, scheduler),
        store,
        announcer.enumeration,
        catalogue,
        config.database.enumerate_after_bonding,
    )
    keeper = keeper_of(
        config,
        store,
        Devices(transceiver, scheduler, yielding=True),
        now,
        busy=lambda: enumeration.running,
        hop=hop,
    )
    if config.database.enumerate_on_launch:
        enumeration.launch()
    await enumeration.resume()
    settings = await sensor_settings.load(store, _sensor_settings(config))
    worker = SensorWorker(
        settings,
        transceiver,
        scheduler,
        store,
        announcer,
        now,
        overheard.put_off,
        measurements=measurements,
    )
    if worker.settings.auto_run:
        worker.start()
    states = OutputStates(store, transceiver, scheduler, measurements, now)
    if config.database.ask_states and not config.database.enumerate_on_launch:
        states.ask()  # else the enumeration's end is followed by it
    annotate = await store.setting(ANNOTATE_SETTING)
    wall_clock = Clock(clock.synchronised, hop)
    history = _history(config, wall_clock, shutdown, hop)
    if history is not None:
        measurements.listen(history)
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
        network=NetworkServices(
            transceiver,
            scheduler,
            store,
            shutdown,
            catalogue,
            enumeration,
            StoredRecords(store, configurations, history),
        ),
        states=states,
        annotate=config.database.annotate_metadata if annotate is None else annotate is True,
        sticky_service_mode=config.gateway.sticky_service_mode,
        history=history,
    )
    await gateway.tasks.load()
    worker.on_change = gateway.monitor.changed
    _follow_enumerations(gateway, ask_states=config.database.ask_states)
    pulse = Pulse(lambda: transceiver.connected)
    return Parts(
        gateway,
        reports,
        websocket,
        announcer,
        overheard,
        coordinators,
        configurations,
        trace,
        measurements,
        pulse,
        wall_clock,
        history,
        broker,
    )


def _follow_enumerations(gateway: Gateway, *, ask_states: bool) -> None:
    """Whoever has outputs or a light is known anew after each enumeration."""

    def changed() -> None:
        gateway.monitor.changed()
        if ask_states and not gateway.enumeration.running:
            gateway.states.ask()

    gateway.enumeration.on_change = changed


def _history(config: Config, wall_clock: Clock, shutdown: Shutdown, hop: Hop) -> History | None:
    """The history, where there is HTTP to ask for it, or a broker whose gaps are filled from it."""
    http, settings = config.http, config.history
    asked = http.port is not None or http.tls_port is not None or config.mqtt.broker is not None
    if not settings.enabled or not asked:
        return None
    path = Path(settings.path) if settings.path else config.gateway.state_dir / HISTORY_NAME
    size = bytes_of(settings.max_size)
    return History(path, now, lambda: wall_clock.synchronised, size, hop=hop, shutdown=shutdown)


async def _catalogue(config: Config, store: Store, hop: Hop) -> Catalogue:
    """The product catalogue, by which also those devices are named that are known already."""
    file, simulated = config.database.products, config.port.kind == "simulator"
    load = partial(products.load, Path(file) if file else None, simulated=simulated)
    try:
        catalogue = await hop(load)
    except CatalogueError as error:
        fix = "correct the file, or leave the key empty"
        raise ConfigError("", "database.products", str(error), fix) from None
    try:
        await store.save_network(catalogue.applied(store.network))
    except ReadOnlyError as error:
        log.error("devices keep the names that they had: %s", error)
    return catalogue


def _sensor_settings(config: Config) -> SensorSettings:
    """What the worker is told at the first start."""
    return SensorSettings(
        auto_run=config.sensor_data.auto_run,
        period=config.sensor_data.period,
        retry_period=config.sensor_data.retry_period,
        async_reports=config.sensor_data.async_reports,
    )


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def _local_time(instant: float) -> datetime:
    """An instant of Trio's clock as local time."""
    ago = timedelta(seconds=trio.current_time() - instant)
    return (now() - ago).astimezone()
