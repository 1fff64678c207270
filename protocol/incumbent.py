"""The configuration of an IQRF Gateway Daemon 2.x as settings of ours: what is taken, what left.

Its configuration is a directory: config.json lists components, and `iqrf__<Component>.json` holds
the settings of an instance (the daemon's configuration schemas).
"""

from collections.abc import Callable, Mapping

from attrs import define, field

Object = Mapping[str, object]

PORTS = {
    "iqrf::IqrfSpi": "spi",
    "iqrf::IqrfUart": "uart",
    "iqrf::IqrfCdc": "cdc",
    "iqrf::IqrfTcp": "tcp",
}
"""Components that are the way to the coordinator, and the kind of port that they mean."""

_BOARDS: Mapping[tuple[object, ...], str] = {
    # device, power, bus, programming: the presets that its web interface offers.
    ("/dev/spidev0.0", 23, 7, 22): "raspberry-pi",
    ("/dev/spidev1.0", 19, 10, 3): "orange-pi-zero",
}

_RASPBERRY_PI_POWER = 23

_LOOPBACK, _ALL = "127.0.0.1", "*"


@define
class Translation:
    """Settings by their dotted key, where each came from, and what was left for which reason."""

    settings: dict[str, object] = field(factory=dict)
    taken: list[str] = field(factory=list)
    left: list[str] = field(factory=list)

    def take(self, key: str, value: object, source: str) -> None:
        """Have a setting."""
        self.settings[key] = value
        self.taken.append(f"{key} from {source}")

    def leave(self, source: str, reason: str) -> None:
        """Tell what was not taken."""
        self.left.append(f"{source}: {reason}")


def translate(files: Mapping[str, object]) -> Translation:
    """The settings that the files of a configuration directory (name -> JSON) amount to."""
    translation = Translation()
    enabled = _enabled(files.get("config.json"))
    for name, content in sorted(files.items()):
        if name == "config.json":
            continue
        if not isinstance(content, dict):
            translation.leave(name, "it is no object")
            continue
        component = str(content.get("component", ""))
        if component not in _COMPONENTS:
            translation.leave(name, f"nothing here corresponds to {component or 'it'}")
        elif not enabled.get(component, True):
            translation.leave(name, f"{component} is disabled")
        else:
            _COMPONENTS[component](translation, name, content)
    return translation


def _enabled(content: object) -> dict[str, bool]:
    """Which components are switched on; one that is not listed is taken to be."""
    components = content.get("components") if isinstance(content, dict) else None
    return {
        str(component.get("name")): component.get("enabled") is not False
        for component in (components if isinstance(components, list) else ())
        if isinstance(component, dict)
    }


def _port(translation: Translation, name: str, content: Object) -> None:
    kind = PORTS[str(content["component"])]
    if "port.kind" in translation.settings:
        translation.leave(name, f"the port is {translation.settings['port.kind']} already")
        return
    translation.take("port.kind", kind, name)
    members = {"address": ("port.tcp.host", str), "port": ("port.tcp.port", int)}
    if kind != "tcp":
        members = {"IqrfInterface": ("port.device", str)}
    if kind == "uart":
        members["baudRate"] = ("port.uart.baud_rate", int)
    for member, (key, type_) in members.items():
        _member(translation, name, content, member, key, kind=type_)
    if kind == "spi":
        _pins(translation, name, content)
    elif kind == "uart" and any(_pin(content, member) != -1 for member in _PINS):
        translation.leave(name, "the pins: choose their board with port.uart.board")


_PINS = {
    "powerEnableGpioPin": "port.spi.power_enable_pin",
    "busEnableGpioPin": "port.spi.bus_enable_pin",
    "pgmSwitchGpioPin": "port.spi.programming_switch_pin",
}

_BUS_PINS = ("spiEnableGpioPin", "uartEnableGpioPin", "i2cEnableGpioPin")


def _pins(translation: Translation, name: str, content: Object) -> None:
    pins = {member: _pin(content, member) for member in _PINS}
    board = _BOARDS.get((str(content.get("IqrfInterface")), *pins.values()))
    if board is not None:
        translation.take("port.spi.board", board, f"{name}, whose pins are those of this board")
        return
    # A pin that is the default counts as left out, so it has to be the pin of the board as well.
    base = "raspberry-pi" if pins["powerEnableGpioPin"] == _RASPBERRY_PI_POWER else "none"
    translation.take("port.spi.board", base, f"{name}, whose pins are of no known board")
    for member, pin in pins.items():
        if pin != -1:
            translation.take(_PINS[member], pin, f"{name}, {member}")
    if any(_pin(content, member) != -1 for member in _BUS_PINS):
        translation.leave(name, "one pin per bus: choose their board with port.spi.board")


def _pin(content: Object, member: str) -> int:
    value = content.get(member, -1)
    # Numbers of sysfs start at 512 on kernels since 6.6; ours are those of the chip's lines.
    return -1 if not isinstance(value, int) or value < 0 else value % 512


def _websocket(translation: Translation, name: str, content: Object) -> None:
    if "websocket.host" in translation.settings:
        translation.leave(name, "there is one place for WebSocket clients, and it is taken")
        return
    local = content.get("acceptOnlyLocalhost") is True
    translation.take("websocket.host", _LOOPBACK if local else _ALL, f"{name}, acceptOnlyLocalhost")
    _listeners(translation, name, content)
    for member, key, type_ in (
        ("authTimeout", "websocket.auth_timeout", int),
        ("maxClients", "websocket.max_clients", int),
        ("acceptAsyncMsg", "websocket.async_messages", bool),
    ):
        _member(translation, name, content, member, key, kind=type_)


def _listeners(translation: Translation, name: str, content: Object) -> None:
    mode = content.get("transportMode", "plain")
    if mode == "tls":
        translation.take("websocket.port", "off", f"{name}, transportMode")
    else:
        _member(translation, name, content, "port", "websocket.port", kind=int)
    if mode not in {"tls", "both"}:
        return
    for member, key in (("cert", "certificate"), ("privKey", "private_key")):
        _member(translation, name, content, member, f"websocket.{key}", kind=str)
    _member(translation, name, content, "tlsPort", "websocket.tls_port", kind=int)
    if content.get("tlsMode") == "old":
        translation.leave(name, "tlsMode old: clients need TLS 1.2")
    else:
        _member(translation, name, content, "tlsMode", "websocket.tls_mode", kind=str)


def _splitter(translation: Translation, name: str, content: Object) -> None:
    for member, key, type_ in (
        ("insId", "gateway.instance_id", str),
        ("managementQueueCapacity", "queue.management_capacity", int),
        ("networkQueueCapacity", "queue.network_capacity", int),
    ):
        _member(translation, name, content, member, key, kind=type_)
    if content.get("messagingList"):
        translation.leave(name, "messagingList: websocket.async_messages says who hears what")


def _sensor_data(translation: Translation, name: str, content: Object) -> None:
    for member, key, type_ in (
        ("autoRun", "sensor_data.auto_run", bool),
        ("period", "sensor_data.period", int),
        ("retryPeriod", "sensor_data.retry_period", int),
        ("asyncReports", "sensor_data.async_reports", bool),
    ):
        _member(translation, name, content, member, key, kind=type_)
    if content.get("messagingList"):
        translation.leave(name, "messagingList: set it with iqrfSensorData_SetConfig")


def _database(translation: Translation, name: str, content: Object) -> None:
    for member, key in (
        ("enumerateOnLaunch", "database.enumerate_on_launch"),
        ("autoEnumerateBeforeInvoked", "database.enumerate_after_bonding"),
        ("metadataToMessages", "database.annotate_metadata"),
    ):
        _member(translation, name, content, member, key, kind=bool)


def _monitor(translation: Translation, name: str, content: Object) -> None:
    for member, key in (("port", "monitor.port"), ("reportPeriod", "monitor.period")):
        _member(translation, name, content, member, key, kind=int)
    if content.get("acceptOnlyLocalhost") is not True:
        translation.leave(name, "its port is for this machine only")
    if content.get("transportMode", "plain") != "plain":
        translation.leave(name, "its port has no TLS")


def _member(
    translation: Translation, name: str, content: Object, member: str, key: str, *, kind: type
) -> None:
    """Take a member, if it is there and is what it should be."""
    if member not in content:
        return
    value = content[member]
    if type(value) is kind:
        translation.take(key, value, f"{name}, {member}")
    else:
        translation.leave(name, f"{member} is no {kind.__name__}")


_COMPONENTS: Mapping[str, Callable[[Translation, str, Object], None]] = {
    **dict.fromkeys(PORTS, _port),
    "iqrf::WebsocketMessaging": _websocket,
    "iqrf::JsonSplitter": _splitter,
    "iqrf::IqrfSensorData": _sensor_data,
    "iqrf::IqrfDb": _database,
    "iqrf::MonitorService": _monitor,
}
