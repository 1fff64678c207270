"""The sections of the configuration: their keys, defaults and comments, and what they may hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import field, frozen

from iqrf_trio.config.keys import (
    AUTO,
    OFF,
    ImpossibleValueError,
    ListenPort,
    areas,
    between,
    by_board,
    networks,
    not_empty,
    one_of,
    setting,
    size,
)
from protocol.link.boards import BOARDS, NONE
from protocol.outward.mqtt.topics import GATEWAY, PREFIX, matches
from protocol.outward.mqtt.urls import BrokerUrl, parse_url
from protocol.strict.shape import NO_MEMBER

_TCP_PORT = between(0, 65535)
_COUNT = between(1, 2**31 - 1)
_CAPACITY = between(0, 2**31 - 1)
_SECONDS = between(1, 86400)
_PIN = between(-1, 1023)
_FLASH_CLOCK = between(1000, 104_000_000)

BoardName = Literal[
    "raspberry-pi",
    "up",
    "up-squared",
    "orange-pi-zero",
    "iqube",
    "unipi-axon",
    "unipi-iris",
    "none",
]
"""The boards of which the pins are known."""

# The speeds of a module's UART (TR configuration byte 0x0B, "UART baud rate").
_BAUD_RATE = one_of(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)


@frozen
class Gateway:
    """Who this gateway is and where it keeps what it knows."""

    instance_id: str = setting("iqrfgd2-default", "insId of every answer", not_empty)
    state_dir: Path = field(
        default=Path("/var/lib/iqrf-trio"), metadata={"comment": "iqrf-trio.db lives here"}
    )
    request_timeout_limit: int = setting(
        60, "seconds; the longest timeout that a client may ask for", between(1, 900)
    )
    sticky_service_mode: bool = setting(
        False, "service mode stays when the session that asked for it ends"
    )


@frozen
class WebSocket:
    """The listeners for clients, and what one client may cost."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: ListenPort | None = setting(
        1338, '0 = any free port; "off" = no plain listener', _TCP_PORT
    )
    tls_port: ListenPort | None = setting(
        None, "e.g. 8338, with certificate and private_key", between(0, 65535)
    )
    certificate: str = setting("", "PEM file", reload=True)
    private_key: str = setting("", "PEM file", reload=True)
    tls_mode: Literal["modern", "intermediate"] = setting("intermediate", "modern | intermediate")
    auth_timeout: int = setting(30, "seconds, 1..60", between(1, 60), reload=True)
    auth_failures_per_minute: int = setting(
        20,
        "per address and token before the answer takes 10 s; 0 = no limit",
        between(0, 2**31 - 1),
        reload=True,
    )
    max_clients: int = setting(50, "", _COUNT, reload=True)
    max_message_size: int = setting(65536, "bytes", _COUNT, reload=True)
    outbox_size: int = setting(256, "messages that wait for one client", _COUNT, reload=True)
    outbox_bytes: int = setting(4194304, "bytes that wait for one client", _COUNT, reload=True)
    outbox_bytes_total: int = setting(33554432, "bytes that wait for all clients together", _COUNT)
    max_handshakes: int = setting(64, "connections that are not yet WebSockets", _COUNT)
    max_unauthenticated: int = setting(32, "the oldest of the largest network goes", _COUNT)
    handshake_timeout: int = setting(10, "seconds", _SECONDS, reload=True)
    heartbeat: int = setting(
        150, "seconds idle before a ping; twice that ends the session", _SECONDS, reload=True
    )
    origins: tuple[str, ...] = setting((), "empty = any", reload=True)
    trusted_proxies: tuple[str, ...] = setting(
        (), 'networks whose X-Forwarded-For is believed, e.g. ["127.0.0.1"]', networks, reload=True
    )
    async_messages: bool = setting(True, "asynchronous messages go to all sessions", reload=True)

    def __attrs_post_init__(self) -> None:
        """Refuse listeners that cannot be opened or that nobody can reach."""
        if self.port is None and self.tls_port is None:
            raise ImpossibleValueError(
                "port", "is off and so is tls_port: nobody could connect", "give one of them a port"
            )
        if self.tls_port is not None and not (self.certificate and self.private_key):
            raise ImpossibleValueError(
                "tls_port",
                "needs a certificate and its private_key",
                f'name both files, or write tls_port = "{OFF}"',
            )
        if self.port and self.port == self.tls_port:
            raise ImpossibleValueError(
                "tls_port", f"is {self.tls_port} like port", "give each its own"
            )


@frozen
class Queue:
    """How many requests may wait, and how long those in the background at most."""

    management_capacity: int = setting(32, "requests; 0 = refuse all", _CAPACITY, reload=True)
    network_capacity: int = setting(
        32, "requests that wait; 0 = refuse all", _CAPACITY, reload=True
    )
    background_wait: float = setting(
        10.0,
        "seconds after which a waiting background job is served next",
        between(0.001, 86400),
        reload=True,
    )


@frozen
class Tasks:
    """Tasks on a schedule."""

    answers_to_all: bool = setting(
        False, "answers go to all WebSocket clients, not only to those with the owner's token"
    )


@frozen
class Spi:
    """A module on the SPI bus."""

    board: BoardName = setting("raspberry-pi", "preset; the keys below override it")
    mode: Literal["fast", "slow"] = setting("fast", "fast | slow")
    gpio_chip: str = setting(AUTO, "e.g. /dev/gpiochip0; auto = by the board's label", not_empty)
    power_enable_pin: int = by_board(
        lambda spi: BOARDS[spi.board].power, "line of the chip; -1 = none", _PIN
    )
    bus_enable_pin: int = by_board(lambda spi: BOARDS[spi.board].bus, "", _PIN)
    programming_switch_pin: int = by_board(
        lambda spi: BOARDS[spi.board].programming, "held low: never programming mode", _PIN
    )


@frozen
class Uart:
    """A module on a serial line."""

    baud_rate: int = setting(57600, "as configured in the module", _BAUD_RATE)
    board: BoardName = setting("none", "preset whose pins switch the module; none = always on")


@frozen
class Tcp:
    """A module, or a simulated mesh, behind a TCP socket."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: int = setting(10000, "", between(1, 65535))


def _device_of(port: Any) -> str:
    """The device of the board; a line without a board has no usual one."""
    if port.kind == "uart" and port.uart.board != NONE:
        return BOARDS[port.uart.board].uart_device
    return BOARDS[port.spi.board if port.kind == "spi" else NONE].spi_device


@frozen
class Port:
    """The way to the coordinator."""

    kind: Literal["spi", "uart", "cdc", "tcp", "simulator"] = setting(
        "spi", "spi | uart | cdc | tcp | simulator"
    )
    spi: Spi = Spi()
    uart: Uart = Uart()
    tcp: Tcp = Tcp()
    device: str = by_board(_device_of, "spi, uart, cdc")
    trace: str = setting(
        "",
        "file that receives every frame with its time, JSON lines; at 8 MiB a new one begins",
    )
    trace_keys: bool = setting(False, "keys of the network stand in the trace too")

    def __attrs_post_init__(self) -> None:
        """Refuse a device that is plainly of another kind."""
        example = {"spi": "/dev/spidev0.0", "uart": "/dev/ttyS0", "cdc": "/dev/ttyACM0"}.get(
            self.kind
        )
        if example is None:
            return
        of_spi = self.device.startswith("/dev/spidev")
        of_serial = self.device.startswith("/dev/tty")
        if not self.device or (of_serial if self.kind == "spi" else of_spi):
            raise ImpossibleValueError(
                "device",
                f'is "{self.device}", which is no device of kind {self.kind}',
                f'for example device = "{example}"',
            )


@frozen
class Simulator:
    """The simulated mesh behind a port of kind simulator."""

    nodes: int = setting(12, "a generated mesh of so many nodes, 1..239, or", between(1, 239))
    network: str = setting("", "a file that describes one, see simulated-network.toml")
    seed: int = setting(1, "the same seed gives the same mesh", between(0, 2**31 - 1))
    speed: float = setting(
        1.0, "1 = real air time, 10 = ten times faster, 0 = no waiting", between(0, 10000)
    )
    loss: float = setting(0.0, "probability that a node misses a frame, 0..1", between(0, 1))


@frozen
class SensorData:
    """How the sensor worker starts the first time."""

    auto_run: bool = setting(False, "start reading when the gateway starts", reload=True)
    period: int = setting(10, "minutes", _COUNT, reload=True)
    retry_period: int = setting(1, "minutes", _COUNT, reload=True)
    async_reports: bool = setting(True, "report each reading to the clients", reload=True)


@frozen
class Database:
    """What is enumerated without being asked, and what answers carry of it."""

    enumerate_on_launch: bool = setting(False)
    enumerate_after_bonding: bool = setting(True)
    annotate_metadata: bool = setting(False, "answers carry the metadata of their device")
    products: str = setting("", "optional catalogue: HWPID -> manufacturer, product, breakdowns")


@frozen
class Vault:
    """Where snapshots of the gateway are kept, and when they are made."""

    device: str = setting(
        "", 'NOR flash at a chip select, e.g. "/dev/spidev0.1"; with the simulator: a file'
    )
    frequency: int = setting(1_000_000, "Hz, the fastest clock for the flash", _FLASH_CLOCK)
    flash_size: int = setting(
        0, "bytes of the flash that are used, from its start; 0 = all", between(0, 2**31 - 1)
    )
    generations: int = setting(10, "snapshots kept as files in the state directory", _COUNT)
    schedule: int = setting(
        24, "hours between looks for what has changed; 0 = only after bonding", between(0, 8760)
    )
    nodes: bool = setting(False, "each snapshot also holds every node: seconds on air per node")
    passphrase_file: str = setting("", "its first line encrypts the snapshots; empty = plain")
    auto_restore: bool = setting(False, "an empty database is restored when the gateway starts")


@frozen
class Monitor:
    """The port on which anybody on this machine may watch the gateway's state."""

    port: ListenPort | None = setting(
        None, "e.g. 1438, without authentication, on 127.0.0.1", _TCP_PORT
    )
    period: int = setting(10, "seconds between messages when nothing changes", _SECONDS)


@frozen
class Http:
    """HTTP for health, metrics and scripts; certificate and tls_mode are those of [websocket]."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: ListenPort | None = setting(
        1339, '0 = any free port, as with websocket.port = 0; "off" = none', _TCP_PORT
    )
    tls_port: ListenPort | None = setting(None, "with the certificate of [websocket]", _TCP_PORT)
    hosts: tuple[str, ...] = setting(
        (), "further names by which the gateway may be asked", reload=True
    )
    metrics_public: bool = setting(False, "metrics for everybody without a token", reload=True)


@frozen
class History:
    """Values of years, kept in a file of its own where HTTP or MQTT is on."""

    enabled: bool = setting(True)
    path: str = setting("", "the file; empty = history.db in the state directory")
    max_size: str = setting("256MB", "of the file; the oldest values go first", size, reload=True)


@frozen
class Mqtt:
    """A broker: the JSON API, topics for people and dashboards, and Home Assistant."""

    url: str = setting(OFF, 'e.g. "mqtt://127.0.0.1:1883", "mqtts://broker:8883"', reload=True)
    version: int = setting(5, "5, or 4 which is MQTT 3.1.1", one_of(4, 5), reload=True)
    instance: str = setting("MqttMessaging", "its name in messagingList", not_empty, reload=True)
    gateway: str = setting("", "id in topics; empty = a random one that stays", reload=True)
    prefix: str = setting("iqrf", "what all topics begin with", reload=True)
    client_id: str = setting("", "empty = iqrf-GATEWAY", reload=True)
    username: str = setting("", reload=True)
    password_file: str = setting("", "its first line is the password", reload=True)
    ca: str = setting("", "PEM file; empty = what the system trusts", reload=True)
    certificate: str = setting("", "PEM file, to show who we are", reload=True)
    private_key: str = setting("", "PEM file", reload=True)
    keepalive: int = setting(20, "seconds", between(5, 3600), reload=True)
    commands: Literal["auto", "off", "set", "api"] = setting(
        "auto", "off | set | api; auto = set with home_assistant, else off", reload=True
    )
    scope: Literal["read", "control", "manage"] = setting(
        "control", "what requests may do: read | control | manage", reload=True
    )
    service: bool = setting(False, "requests have the service permission too", reload=True)
    require_token: bool = setting(False, "each request has to bear an API token", reload=True)
    async_messages: bool = setting(True, "asynchronous messages go to event", reload=True)
    request_topic: str = setting("", 'of the older gateway, e.g. "Iqrf/DpaRequest"', reload=True)
    response_topic: str = setting("", 'of the older gateway, e.g. "Iqrf/DpaResponse"', reload=True)
    home_assistant: bool = setting(False, "tell Home Assistant of all devices", reload=True)
    discovery_prefix: str = setting("homeassistant", "as Home Assistant is told", reload=True)
    outbox: int = setting(
        1000, "events that wait while the broker is away", between(1, 100_000), reload=True
    )
    backfill: int = setting(
        24,
        "hours of values that are published after an outage; 0 = none",
        between(0, 8760),
        reload=True,
    )

    @property
    def broker(self) -> BrokerUrl | None:
        """Where the broker is; None without MQTT."""
        return None if self.url == OFF else parse_url(self.url)

    @property
    def accepts(self) -> str:
        """What commands are taken: off, set or api."""
        if self.commands != "auto":
            return self.commands
        return "set" if self.home_assistant else OFF

    def __attrs_post_init__(self) -> None:
        """Refuse addresses and topics that cannot be."""
        try:
            _ = self.broker
        except ValueError as error:
            example = 'url = "mqtt://127.0.0.1:1883"'
            raise ImpossibleValueError("url", str(error), f"for example {example}") from None
        for name in ("prefix", "discovery_prefix"):
            if not PREFIX.fullmatch(getattr(self, name)):
                raise ImpossibleValueError(name, "must be levels of letters, digits, - and _")
        if self.gateway and not GATEWAY.fullmatch(self.gateway):
            raise ImpossibleValueError("gateway", "must be 1 to 32 of a-z, 0-9, - and _")
        if self.certificate and not self.private_key:
            raise ImpossibleValueError("private_key", "is missing; certificate needs it")
        if bool(self.request_topic) != bool(self.response_topic):
            missing = "response_topic" if self.request_topic else "request_topic"
            raise ImpossibleValueError(missing, "is missing: both topics or none")
        if any(sign in self.response_topic for sign in "+#"):
            raise ImpossibleValueError("response_topic", "must not have wildcards")
        if self.request_topic and matches(self.request_topic, self.response_topic):
            raise ImpossibleValueError(
                "response_topic", "belongs to request_topic: answers would come back as requests"
            )


@frozen
class Log:
    """What is logged on stderr, and how."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "debug | info | warning | error", reload=True
    )
    areas: tuple[str, ...] = setting(
        (), 'areas with a level of their own: ["port=debug"]', areas, reload=True
    )
    json: bool = setting(False, "one JSON object per line", reload=True)

    @property
    def levels(self) -> Mapping[str, str]:
        """The areas with a level of their own, and the level."""
        return dict(text.split("=") for text in self.areas)


@frozen
class Config:
    """Everything the gateway is told; `origins` says where a value that is no default came from."""

    gateway: Gateway = Gateway()
    websocket: WebSocket = WebSocket()
    queue: Queue = Queue()
    tasks: Tasks = Tasks()
    port: Port = Port()
    simulator: Simulator = Simulator()
    sensor_data: SensorData = field(
        default=SensorData(),
        metadata={"comment": "first-start values; afterwards iqrfSensorData_SetConfig owns them"},
    )
    database: Database = Database()
    vault: Vault = Vault()
    monitor: Monitor = Monitor()
    http: Http = Http()
    history: History = History()
    mqtt: Mqtt = Mqtt()
    log: Log = Log()
    origins: Mapping[str, str] = field(
        factory=dict, eq=False, repr=False, kw_only=True, metadata={NO_MEMBER: True}
    )
