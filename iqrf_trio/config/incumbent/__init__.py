"""The configuration of an IQRF Gateway Daemon 2.x as settings of ours: what is taken, what left.

Its configuration is a directory: config.json lists components, and `<Component>.json` with `__` for
`::` holds the settings of an instance (the daemon's configuration schemas).
"""

from collections.abc import Callable, Mapping
from functools import partial

from iqrf_trio.config.incumbent import listeners
from iqrf_trio.config.incumbent.listeners import without_tls
from iqrf_trio.config.incumbent.losses import LOSSES
from iqrf_trio.config.incumbent.mqtt import mqtt
from iqrf_trio.config.incumbent.port import PORTS, port
from iqrf_trio.config.incumbent.translation import Object, Translation

__all__ = ["PORTS", "Translation", "translate", "without_tls"]

Take = Callable[[Translation, str, Object], None]


def translate(files: Mapping[str, object]) -> Translation:
    """The settings that the files of a configuration directory (name -> JSON) amount to."""
    translation = Translation()
    enabled = _enabled(files.get("config.json"))
    services = listeners.Services(
        {
            name: content
            for name, content in sorted(files.items())
            if isinstance(content, dict) and _component(content) == listeners.SERVICE
            if enabled.get(listeners.SERVICE, True)
        }
    )
    components = _components(services)
    for name, content in sorted(files.items()):
        if name == "config.json":
            continue
        if not isinstance(content, dict):
            translation.leave(name, "it is no object")
            continue
        component = _component(content)
        if component not in components:
            translation.leave(name, f"{component or 'it'} has no settings here")
        elif not enabled.get(component, True):
            translation.leave(name, f"{component} is disabled")
        else:
            components[component](translation, name, content)
    for name in services.unused:
        translation.leave(name, "no component uses this listener")
    return translation


def _component(content: Object) -> str:
    return str(content.get("component", ""))


def _enabled(content: object) -> dict[str, bool]:
    """Which components are switched on; one that is not listed is taken to be."""
    components = content.get("components") if isinstance(content, dict) else None
    return {
        str(component.get("name")): component.get("enabled") is not False
        for component in (components if isinstance(components, list) else ())
        if isinstance(component, dict)
    }


def _websocket(
    translation: Translation, name: str, content: Object, services: listeners.Services
) -> None:
    if "websocket.host" in translation.settings:
        translation.leave(name, "there is one place for WebSocket clients, and it is taken")
    else:
        listeners.websocket(translation, name, content, services)


def _splitter(translation: Translation, name: str, content: Object) -> None:
    for member, key, type_ in (
        ("insId", "gateway.instance_id", str),
        ("managementQueueCapacity", "queue.management_capacity", int),
        ("networkQueueCapacity", "queue.network_capacity", int),
    ):
        translation.member(name, content, member, key, kind=type_)
    if content.get("messagingList"):
        translation.leave(name, "messagingList: websocket.async_messages says who hears what")


def _sensor_data(translation: Translation, name: str, content: Object) -> None:
    for member, key, type_ in (
        ("autoRun", "sensor_data.auto_run", bool),
        ("period", "sensor_data.period", int),
        ("retryPeriod", "sensor_data.retry_period", int),
        ("asyncReports", "sensor_data.async_reports", bool),
    ):
        translation.member(name, content, member, key, kind=type_)
    if content.get("messagingList"):
        translation.leave(name, "messagingList: set it with iqrfSensorData_SetConfig")


def _database(translation: Translation, name: str, content: Object) -> None:
    for member, key in (
        ("enumerateOnLaunch", "database.enumerate_on_launch"),
        ("autoEnumerateBeforeInvoked", "database.enumerate_after_bonding"),
        ("metadataToMessages", "database.annotate_metadata"),
    ):
        translation.member(name, content, member, key, kind=bool)


def _info(translation: Translation, name: str, content: Object) -> None:
    """What versions before 2.7 had in place of IqrfDb."""
    for member, key in (
        ("enumAtStartUp", "database.enumerate_on_launch"),
        ("metaDataToMessages", "database.annotate_metadata"),
    ):
        translation.member(name, content, member, key, kind=bool)
    if content.get("enumPeriod"):
        translation.leave(name, "enumPeriod: the network is enumerated after it changed")


def _components(services: listeners.Services) -> Mapping[str, Take]:
    """What is made of the file of each component that has a counterpart, or is missed."""
    return {
        **dict.fromkeys(PORTS, port),
        **LOSSES,
        **dict.fromkeys(("iqrf::MqttMessaging", "iqrf::BufferedMqttMessaging"), mqtt),
        "iqrf::WebsocketMessaging": partial(_websocket, services=services),
        "iqrf::MonitorService": partial(listeners.monitor, services=services),
        listeners.SERVICE: _by_its_user,
        "iqrf::JsonSplitter": _splitter,
        "iqrf::IqrfSensorData": _sensor_data,
        "iqrf::IqrfDb": _database,
        "iqrf::IqrfInfo": _info,
    }


def _by_its_user(_translation: Translation, _name: str, _content: Object) -> None:
    """A listener's file is read with that of the component which uses it."""
