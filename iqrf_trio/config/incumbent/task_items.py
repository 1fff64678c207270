"""What a task of an IQRF Gateway Daemon sends, and as which messaging, as it is said here."""

from collections.abc import Mapping

from attrs import field, frozen

from iqrf_trio.config.incumbent.translation import Object, UnfitError
from protocol.api.errors import RequestError
from protocol.api.registry import row_of
from protocol.auth.rights import MANAGE, Rights

_KINDS = {
    "iqrf::WebsocketMessaging": "ws",
    "iqrf::MqttMessaging": "mqtt",
    "iqrf::BufferedMqttMessaging": "mqtt",
}
"""Components that tasks can send messages as, and their type here."""

_OUR_WEBSOCKET = "WebsocketMessaging"


@frozen
class Messagings:
    """The messagings of the old gateway and ours.

    `kinds`: the type of each instance of the old gateway. `broker`: the instance of our MQTT
    messaging, None where there is none.
    """

    broker: str | None
    kinds: Mapping[str, str] = field(factory=dict)

    @classmethod
    def of(cls, configuration: Mapping[str, object], broker: str | None) -> "Messagings":
        """Those in the files (name -> JSON) of the old gateway's configuration."""
        objects = [each for each in configuration.values() if isinstance(each, dict)]
        kinds = {
            str(each.get("instance", "")): _KINDS[str(each.get("component"))]
            for each in objects
            if str(each.get("component")) in _KINDS
        }
        return cls(broker, kinds)

    def ours(self, given: object) -> Object | None:
        """What is used here in place of a messaging, None where there is nothing like it."""
        if isinstance(given, dict):
            kind, instance = given.get("type"), given.get("instance")
        else:
            instance = str(given)
            kind = self.kinds.get(instance)
        if kind == "ws":
            return {"type": "ws", "instance": _OUR_WEBSOCKET}
        return {"type": "mqtt", "instance": instance} if kind == "mqtt" else None

    def is_absent(self, messaging: Object) -> bool:
        """Whether this one of ours does not exist (yet): its answers go nowhere."""
        return messaging["type"] == "mqtt" and messaging["instance"] != self.broker


def items(given: object, messagings: Messagings, notes: list[str]) -> object:
    """The messages of a task with messagings of ours; `notes` gets what is left of them.

    Raises UnfitError where nothing of the task can be sent here.
    """
    if not isinstance(given, list):
        return _item(given, messagings, notes)
    fit, unfit = list[object](), list[str]()
    for each in given:
        try:
            fit.append(_item(each, messagings, notes))
        except UnfitError as error:
            unfit.append(str(error))
    if unfit and not fit:
        raise UnfitError("; ".join(dict.fromkeys(unfit)))
    notes += [f"one of its messages is left out: {each}" for each in unfit]
    return fit


def _item(given: object, messagings: Messagings, notes: list[str]) -> object:
    """One message. What is no object, or lacks a member, is left to whoever checks the task."""
    if not isinstance(given, dict) or not {"message", "messaging"} <= given.keys():
        return given
    _check_answered(given["message"])
    wanted = given["messaging"]
    ours, unknown = list[Object](), list[str]()
    for each in wanted if isinstance(wanted, list) else [wanted]:
        messaging = messagings.ours(each)
        if messaging is None:
            unknown.append(_name(each))
        elif messaging not in ours:
            ours.append(messaging)
    if unknown and not ours:
        raise UnfitError(f"there is no messaging like {', '.join(unknown)} here")
    notes += [f"it is not sent as {each}, there is nothing like it" for each in unknown]
    notes += [
        f"its answers for MQTT go nowhere, there is no messaging {each['instance']}"
        for each in ours
        if messagings.is_absent(each)
    ]
    return given | {"messaging": ours}


def _name(messaging: object) -> str:
    if isinstance(messaging, dict):
        return f"{messaging.get('type')} {messaging.get('instance')}"
    return str(messaging)


def _check_answered(message: object) -> None:
    """Raise UnfitError for a message that would be refused each time."""
    mtype = message.get("mType") if isinstance(message, dict) else None
    try:
        row = row_of(str(mtype))
    except RequestError as error:
        raise UnfitError(str(error)) from None
    if isinstance(row.rights, Rights) and MANAGE.missing(row.rights):
        raise UnfitError(f"{mtype} takes the service permission, which imported tasks have not")
