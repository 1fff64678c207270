"""What an old gateway did that this one does not: told first, for somebody may depend on it."""

from collections.abc import Callable, Mapping

from iqrf_trio.config.incumbent.translation import Object, Translation


def udp(translation: Translation, name: str, content: Object) -> None:
    """The channel of the IQRF IDE."""
    port = f" on port {content['LocalPort']}" if "LocalPort" in content else ""
    translation.lost.append(f"UDP: the IQRF IDE cannot connect{port}; {name}")


def mq(translation: Translation, name: str, content: Object) -> None:
    """Messages by POSIX queues."""
    queues = [str(content[member]) for member in _QUEUES if content.get(member)]
    about = f" {' and '.join(queues)}" if queues else ""
    translation.lost.append(f"POSIX message queues:{about or ' they'} are not served; {name}")


_QUEUES = ("LocalMqName", "RemoteMqName")

LOSSES: Mapping[str, Callable[[Translation, str, Object], None]] = {
    "iqrf::UdpMessaging": udp,
    "iqrf::MqMessaging": mq,
}
