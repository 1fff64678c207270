"""The HTTP server, built from the configuration and the parts of the gateway."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_address

import trio
from attrs import field, frozen

from iqrf_trio import __version__
from iqrf_trio.config import Config
from iqrf_trio.edges.http import Replay, Sending, Upgrade
from iqrf_trio.edges.tcp.listeners import Endpoint, ListenError, open_listeners
from iqrf_trio.edges.tcp.tls import Mode
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.http.access import Access, Keys
from iqrf_trio.http.call import CallRoutes
from iqrf_trio.http.configuration import ConfigurationRoutes
from iqrf_trio.http.data import HistoryRoutes, NetworkRoutes
from iqrf_trio.http.doctor import DoctorRoutes, Findings
from iqrf_trio.http.health import HealthRoutes
from iqrf_trio.http.listing import listed
from iqrf_trio.http.log import LogRoutes
from iqrf_trio.http.messages import MessageRoutes
from iqrf_trio.http.metrics import MetricsRoutes
from iqrf_trio.http.pages import PageRoutes
from iqrf_trio.http.queue import QueueRoutes
from iqrf_trio.http.readings import Cycles, ReadingRoutes
from iqrf_trio.http.routes import Route, Routes
from iqrf_trio.http.server import HttpServer, HttpSettings
from iqrf_trio.http.sessions import SessionRoutes
from iqrf_trio.http.snapshots import SnapshotRoutes
from iqrf_trio.http.tokens import TokenRoutes
from iqrf_trio.logs import Ring
from iqrf_trio.services.health import HealthChecks
from iqrf_trio.services.log_levels import LogLevels
from iqrf_trio.wiring.gateway import now
from iqrf_trio.wiring.observed import Observed

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
    if http.port is None and http.tls_port is None:
        return []
    settings = _Listen(
        http.host,
        http.port,
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


Examine = Callable[[Config], Findings]
"""The doctor: what it finds on this machine with this configuration; reads files."""


@frozen(eq=False)
class Sources:
    """What the routes need besides what is observed.

    `ready` tells whether requests are served, `config` is the one in force, `ring` holds the last
    lines of the log, `levels` changes what is logged, `examine` is the doctor, `sending` bounds
    what waits to be sent.
    """

    keys: Keys
    dispatcher: Dispatcher
    ready: Callable[[], bool]
    config: Callable[[], Config]
    ring: Ring
    levels: LogLevels
    cycles: Cycles
    examine: Examine | None = None
    sending: Sending = field(factory=Sending)


def build(observed: Observed, checks: HealthChecks, sources: Sources) -> HttpServer:
    """The server with all its routes."""
    access = Access(
        sources.keys,
        observed.websocket.failures,
        observed.sessions.failed,
        lambda: observed.websocket.limits.trusted_proxies,
    )

    async def websocket(upgrade: Upgrade, stream: trio.abc.Stream, address: str) -> None:
        name = f"{address} (http)"
        await observed.websocket.adopt(Replay(upgrade.received, stream), name, address)

    routes = routes_of(observed, checks, sources)
    settings = HttpSettings(_names(sources.config()))
    server = HttpServer(routes, access, settings, websocket, sending=sources.sending)
    observed.server = server
    return server


def renew(server: HttpServer, observed: Observed, checks: HealthChecks, sources: Sources) -> None:
    """Have the server follow the configuration that is in force by now."""
    server.change(routes_of(observed, checks, sources), HttpSettings(_names(sources.config())))


def routes_of(observed: Observed, checks: HealthChecks, sources: Sources) -> Routes:
    """All that can be asked."""
    return listed((*_about(observed, checks, sources), *_api(observed, checks, sources)))


def _about(observed: Observed, checks: HealthChecks, sources: Sources) -> Iterator[Route]:
    """What tells how the gateway is."""
    config = sources.config()
    instance = config.gateway.instance_id
    yield from HealthRoutes(checks, sources.ready, __version__, instance, observed.began).routes()
    yield from MetricsRoutes(observed.metrics(), config.http.metrics_public).routes()
    yield from PageRoutes().routes()


def _api(observed: Observed, checks: HealthChecks, sources: Sources) -> Iterator[Route]:
    """What scripts and the console use."""
    gateway, dispatcher = observed.gateway, sources.dispatcher
    yield from SessionRoutes(sources.keys).routes()
    yield from MessageRoutes().routes()
    yield from CallRoutes(dispatcher.accept, dispatcher.withdraw, sources.sending).routes()
    yield from NetworkRoutes(lambda: gateway.store.network, observed.measurements, now).routes()
    if observed.history is not None:
        yield from HistoryRoutes(observed.history, lambda: gateway.store.network, now).routes()
    yield from ReadingRoutes(gateway.worker, sources.cycles).routes()
    yield from QueueRoutes(gateway.scheduler).routes()
    yield from TokenRoutes(gateway.store, now).routes()
    yield from SnapshotRoutes(gateway.keeper).routes()
    yield from ConfigurationRoutes(sources.config).routes()
    yield from LogRoutes(sources.ring, sources.levels).routes()
    if sources.examine is not None:
        yield from DoctorRoutes(partial(_examined, sources), checks).routes()


async def _examined(sources: Sources) -> Findings:
    """What the doctor finds; it reads files, which is done in a worker thread."""
    assert sources.examine is not None
    return await trio.to_thread.run_sync(sources.examine, sources.config(), abandon_on_cancel=True)


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
