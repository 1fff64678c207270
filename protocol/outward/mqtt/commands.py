"""Commands from people and dashboards: payloads to requests of the JSON API, answers to results."""

from collections.abc import Mapping

import orjson
from attrs import frozen

from protocol.network.network import Device, Network
from protocol.outward.mqtt.topics import Act, Command, GatewayCommand
from protocol.strict.json import JsonObject

MAX_PAYLOAD = 1024
"""Bytes of a command; a name of a device is the longest."""

MAX_NAME = 64
"""Characters of a name."""

_FULL_VOLTS = 10.0
"""What an analogue light takes for full brightness."""

_TEN_SECONDS = 3
"""Os_Indicate: the LED is on for ten seconds."""


class CommandError(Exception):
    """A command that cannot be carried out; the text says why."""


@frozen
class Order:
    """A request of the JSON API in place of a command.

    `of` and `wanted` name the command in its result, `id` is what the payload called it.
    """

    mtype: str
    req: JsonObject | None
    of: str
    wanted: object = None
    id: str | None = None

    def message(self, msg_id: str) -> bytes:
        """The request as text."""
        data: dict[str, object] = {"msgId": msg_id}
        if self.req is not None:
            data["req"] = self.req
        return orjson.dumps({"mType": self.mtype, "data": data})


def order(command: Command, payload: bytes, network: Network) -> Order:
    """What a command means. Raises CommandError."""
    if len(payload) > MAX_PAYLOAD:
        raise CommandError(f"the payload has more than {MAX_PAYLOAD} bytes")
    if isinstance(command, GatewayCommand):
        return _of_gateway(command, payload)
    node = next((each for each in network.nodes if each.mid == command.mid), None)
    if node is None:
        raise CommandError(f"no node has the MID {command.mid:08x}")
    match command.act:
        case Act.OUTPUT:
            return _output(node, command.output, payload)
        case Act.LIGHT:
            return _light(node, payload)
        case Act.NAME:
            return _name(node, _text(payload))
        case Act.IDENTIFY:
            req = {"nAdr": node.address, "param": {"control": _TEN_SECONDS}}
            return Order("iqrfEmbedOs_Indicate", req, command.told)


def result(
    of: str, wanted: object, status: int, status_str: str, own_id: str | None = None
) -> bytes:
    """What became of a command; `own_id` is what its payload called it."""
    told = {"of": of, "wanted": wanted, "status": status, "statusStr": status_str}
    return orjson.dumps(told if own_id is None else told | {"id": own_id})


def _of_gateway(command: GatewayCommand, payload: bytes) -> Order:
    match command:
        case GatewayCommand.READ:
            return Order("iqrfSensorData_Invoke", None, command.told)
        case GatewayCommand.ENUMERATE:
            return Order("iqrfDb_Enumerate", {"standards": True}, command.told)
        case GatewayCommand.READING:
            on = _on(_text(payload))
            mtype = f"iqrfSensorData_{'Start' if on else 'Stop'}"
            return Order(mtype, None, command.told, _said(on))


def _output(node: Device, number: int, payload: bytes) -> Order:
    """ON, OFF, or {"state": "ON", "time": 60, "id": "..."} with a time in seconds."""
    if number >= node.binary_outputs:
        raise CommandError(f"the node has {node.binary_outputs} outputs")
    given = _object(payload, "state", "time", "id")
    on = _on(given.get("state") if given else _text(payload))
    item: dict[str, object] = {"index": number, "state": on}
    if given and "time" in given:
        item["time"] = _time(given["time"])
        if not on:
            raise CommandError("only what is switched on has a time")
    req = {"nAdr": node.address, "param": {"binOuts": [item]}}
    of = f"output/{number}"
    return Order("iqrfBinaryoutput_SetOutput", req, of, _said(on), _id(given))


def _light(node: Device, payload: bytes) -> Order:
    """{"state": "ON", "brightness": 40} with percent, as Home Assistant sends it; or ON, OFF."""
    if not node.light:
        raise CommandError("the node is no light")
    # Home Assistant may send a transition, which no light of the standard has.
    given = _object(payload, "state", "brightness", "id", "transition")
    on = _on(given.get("state", "ON") if given else _text(payload))
    brightness = given.get("brightness", 100) if given else 100
    if not isinstance(brightness, int | float) or isinstance(brightness, bool):
        raise CommandError("brightness has to be a number from 0 to 100")
    if not 0 <= brightness <= 100:
        raise CommandError("brightness has to be 0 to 100")
    percent = round(brightness) if on else 0
    volts = round(_FULL_VOLTS * percent / 100, 3)
    req = {"nAdr": node.address, "param": {"voltage": volts}}
    wanted = {"state": _said(percent > 0), "brightness": percent}
    return Order("iqrfLight_SetLai", req, "light", wanted, _id(given))


def _name(node: Device, text: str) -> Order:
    """The name as text; an empty one takes the name away. Other metadata stays."""
    name = text.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise CommandError(f"a name has at most {MAX_NAME} characters, all of them printable")
    metadata = {key: value for key, value in (node.metadata or {}).items() if key != "name"}
    if name:
        metadata["name"] = name
    device = {"address": node.address, "metadata": metadata}
    return Order("iqrfDb_SetDeviceMetadata", {"devices": [device]}, "name", name)


def named(payload: bytes) -> str | None:
    """What a payload calls itself, also one that is no command."""
    try:
        return _id(_parsed(payload)) if len(payload) <= MAX_PAYLOAD else None
    except CommandError:
        return None


def _object(payload: bytes, *members: str) -> Mapping[str, object] | None:
    """The payload as an object, None where it is a word. Raises CommandError.

    A member that nobody knows may be one that was misspelt: without its time an output stays on.
    """
    found = _parsed(payload)
    if unknown := sorted((found or {}).keys() - set(members)):
        known = ", ".join(members)
        raise CommandError(f"the member {unknown[0]!r} is not known; known are: {known}")
    return found


def _parsed(payload: bytes) -> Mapping[str, object] | None:
    if not payload.lstrip().startswith(b"{"):
        return None
    try:
        found: Mapping[str, object] = orjson.loads(payload)
    except ValueError:
        raise CommandError("the payload is no JSON") from None
    return found


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise CommandError("the payload is no UTF-8 text") from None


def _on(value: object) -> bool:
    if isinstance(value, str) and value.strip().upper() in {"ON", "OFF"}:
        return value.strip().upper() == "ON"
    if isinstance(value, bool):
        return value
    raise CommandError("the state has to be ON or OFF")


def _time(value: object) -> int:
    """Seconds as SetOutput takes them: up to 127, beyond that whole minutes up to 127 of them."""
    if isinstance(value, int) and not isinstance(value, bool) and _is_time(value):
        return value
    raise CommandError("time has to be 1 to 127 s, or whole minutes up to 7620 s")


def _is_time(seconds: int) -> bool:
    return 1 <= seconds <= 127 or (seconds % 60 == 0 and 60 <= seconds <= 127 * 60)


def _said(on: bool) -> str:
    return "ON" if on else "OFF"


def _id(given: Mapping[str, object] | None) -> str | None:
    if given is None or "id" not in given:
        return None
    found = given["id"]
    if not isinstance(found, str):
        raise CommandError("id has to be a text")
    return found[:MAX_NAME]
