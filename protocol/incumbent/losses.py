"""What an old gateway did that this one does not: told first, for somebody may depend on it."""

from collections.abc import Callable, Iterator, Mapping

from protocol.incumbent.translation import Object, Translation


def udp(translation: Translation, name: str, content: Object) -> None:
    """The channel of the IQRF IDE."""
    port = f" on port {content['LocalPort']}" if "LocalPort" in content else ""
    translation.lost.append(f"UDP: the IQRF IDE cannot connect{port}; {name}")


def mq(translation: Translation, name: str, content: Object) -> None:
    """Messages by POSIX queues."""
    queues = [str(content[member]) for member in _QUEUES if content.get(member)]
    about = f" {' and '.join(queues)}" if queues else ""
    translation.lost.append(f"POSIX message queues:{about or ' they'} are not served; {name}")


def tasks(files: Mapping[str, object]) -> Iterator[str]:
    """Each of the scheduler's tasks (file name -> JSON): what it was called, when it ran, what
    it sent."""
    for name, content in sorted(files.items()):
        if not isinstance(content, dict):
            yield f"task in {name}: it is no object"
            continue
        label = content.get("description") or content.get("taskId") or name
        stopped = ", switched off" if content.get("enabled") is False else ""
        yield f"task {label}: {_when(content.get('timeSpec'))}, {_what(content)}{stopped}; {name}"


def _when(spec: object) -> str:
    if not isinstance(spec, dict):
        return "at no known time"
    if spec.get("periodic") is True:
        return f"every {spec.get('period')} s"
    if spec.get("exactTime") is True:
        return f"at {spec.get('startTime')}"
    cron = spec.get("cronTime")
    return f"cron {' '.join(map(str, cron)) if isinstance(cron, list) else cron}"


def _what(content: Object) -> str:
    """The types of the messages that the task sends."""
    items = content.get("task")
    sent = []
    for item in items if isinstance(items, list) else [items]:
        message = item.get("message") if isinstance(item, dict) else None
        if isinstance(message, dict) and "mType" in message:
            sent.append(str(message["mType"]))
    return ", ".join(sent) or "no known message"


_QUEUES = ("LocalMqName", "RemoteMqName")

LOSSES: Mapping[str, Callable[[Translation, str, Object], None]] = {
    "iqrf::UdpMessaging": udp,
    "iqrf::MqMessaging": mq,
}
