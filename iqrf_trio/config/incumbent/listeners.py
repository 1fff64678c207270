"""WebSocket listeners and the monitor of an old gateway.

Since 2.7 the component that serves clients has its listener's settings itself. Before, they stood
in a file of `shape::WebsocketCppService`, which the component names by port or by instance.
What a file does not say clearly is taken in the narrow sense: no listener opens wider than it was.
"""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from iqrf_trio.config.incumbent.translation import Object, Translation

SERVICE = "shape::WebsocketCppService"
"""Component of the versions before 2.7 that opens a port."""

_LOOPBACK, _ALL = "127.0.0.1", "*"
_OWN_LISTENER = {"port", "acceptOnlyLocalhost", "transportMode"}


@frozen
class Services:
    """The files of SERVICE: their content by the file's name, and which of them found a user."""

    _files: Mapping[str, Object]
    _used: set[str] = field(factory=set, init=False)

    def of(self, content: Object) -> tuple[str, Object] | None:
        """Name and content of the file that `content` (a component's) asks for, if there is one."""
        for target in _targets(content):
            for name, service in self._files.items():
                if all(service.get(member) == value for member, value in target.items()):
                    self._used.add(name)
                    return name, service
        return None

    @property
    def unused(self) -> list[str]:
        """The files that nobody asked for."""
        return [name for name in self._files if name not in self._used]


def websocket(translation: Translation, name: str, content: Object, services: Services) -> None:
    """The settings of `[websocket]`; the first component that serves clients wins."""
    translation.member(name, content, "acceptAsyncMsg", "websocket.async_messages", kind=bool)
    if _OWN_LISTENER & content.keys():
        _host(translation, name, content)
        _listeners(translation, name, content)
        for member, key in (
            ("authTimeout", "websocket.auth_timeout"),
            ("maxClients", "websocket.max_clients"),
        ):
            translation.member(name, content, member, key, kind=int)
    elif found := services.of(content):
        _host(translation, *found)
        _service(translation, *found)
    else:
        translation.take("websocket.host", _LOOPBACK, f"{name}, which names no listener")


def monitor(translation: Translation, name: str, content: Object, services: Services) -> None:
    """The settings of `[monitor]`."""
    translation.member(name, content, "reportPeriod", "monitor.period", kind=int)
    listener, port = (name, content), "port"
    if not _OWN_LISTENER & content.keys():
        found = services.of(content)
        if found is None:
            return
        listener, port = found, "WebsocketPort"
    name, content = listener
    translation.member(name, content, port, "monitor.port", kind=int)
    if content.get("acceptOnlyLocalhost") is not True:
        translation.leave(name, "its port is for this machine only")
    if content.get("transportMode", "plain") != "plain" or content.get("tlsEnabled") is True:
        translation.leave(name, "its port has no TLS")


def _targets(content: Object) -> Iterator[Object]:
    """What the required interfaces of a component ask for."""
    interfaces = content.get("RequiredInterfaces")
    for interface in interfaces if isinstance(interfaces, list) else ():
        target = interface.get("target") if isinstance(interface, dict) else None
        if isinstance(target, dict) and target:
            yield target


def _host(translation: Translation, name: str, content: Object) -> None:
    """Who may connect: everybody only where the file says so."""
    everybody = content.get("acceptOnlyLocalhost") is False
    source = f"{name}, acceptOnlyLocalhost"
    translation.take("websocket.host", _ALL if everybody else _LOOPBACK, source)
    if "acceptOnlyLocalhost" not in content:
        translation.leave(name, 'acceptOnlyLocalhost is missing: websocket.host = "*" lets all in')


def _listeners(translation: Translation, name: str, content: Object) -> None:
    """The ports of version 2.7: one plain, one with TLS."""
    mode = content.get("transportMode", "plain")
    if mode == "tls":
        translation.take("websocket.port", "off", f"{name}, transportMode")
    else:
        translation.member(name, content, "port", "websocket.port", kind=int)
    if mode in {"tls", "both"}:
        _tls(translation, name, content, ("tlsPort", "cert", "privKey"))


def _service(translation: Translation, name: str, content: Object) -> None:
    """The one port of a version before 2.7, plain or with TLS."""
    if content.get("tlsEnabled") is True:
        translation.take("websocket.port", "off", f"{name}, tlsEnabled")
        _tls(translation, name, content, ("WebsocketPort", "certificate", "privateKey"))
    else:
        translation.member(name, content, "WebsocketPort", "websocket.port", kind=int)


def _tls(
    translation: Translation, name: str, content: Object, members: tuple[str, str, str]
) -> None:
    """The port with TLS, whose port, certificate and key stand in these members."""
    port, certificate, key = members
    translation.member(name, content, certificate, "websocket.certificate", kind=str)
    translation.member(name, content, key, "websocket.private_key", kind=str)
    translation.member(name, content, port, "websocket.tls_port", kind=int)
    if content.get("tlsMode") == "old":
        translation.leave(name, "tlsMode old: clients need TLS 1.2")
    else:
        translation.member(name, content, "tlsMode", "websocket.tls_mode", kind=str)


def without_tls(translation: Translation, source: str, reason: str) -> None:
    """Do without the port with TLS. Where it was the only one, a plain one is for this machine."""
    for key in ("certificate", "private_key", "tls_port", "tls_mode"):
        translation.drop(f"websocket.{key}")
    consequence = "there will be no TLS"
    if translation.settings.get("websocket.port") == "off":
        translation.drop("websocket.port")
        translation.settings["websocket.host"] = _LOOPBACK
        consequence += ", and the plain port is for this machine only"
    translation.leave(source, f"{reason}; {consequence}")
