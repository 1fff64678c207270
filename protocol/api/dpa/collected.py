"""The FRCs of the standards: iqrfSensor_Frc, iqrfLight_Frc*, iqrfDali_Frc.

Each is up to two transactions, the FRC and its extra result, whose bytes are told node by node.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from attrs import evolve, field, frozen

from protocol.api.dpa import breakdowns
from protocol.api.dpa.collected_items import (
    dali_answer,
    in_order,
    ldi_answer,
    sensor_value,
    voltage,
)
from protocol.api.dpa.command import FAMILY as COMMANDS
from protocol.api.dpa.command import Addressed, AddressedOnly, Answered
from protocol.api.dpa.layout import PData
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer, Message
from protocol.dpa import frc
from protocol.dpa.errors import status_text
from protocol.dpa.fields import octets
from protocol.dpa.packet import ANY_HWPID, COORDINATOR, MAX_NODE, Request
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT, FRC_SEND, FRC_SEND_SELECTIVE, FrcAnswer
from protocol.dpa.transaction import Outcome
from protocol.errors import LocalProtocolError, ProtocolError
from protocol.network.network import Network
from protocol.standard import light
from protocol.standard.sensor import Question, Sleep
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.json import JsonObject

_FAILED = 1
_ANSWER = 0x80
_UNKNOWN = -1


def failure(cause: str) -> ServiceError:
    """Whatever went wrong has one status here."""
    return ServiceError(_FAILED, status_text(_FAILED), cause)


FAMILY = evolve(
    COMMANDS,
    about="One FRC of a standard, with its extra result: a value of each node, in the order of "
    "addresses, the first of address 0. Any failure is status 1, with the cause in "
    "`rsp.errorStr`.",
    annotated=False,
    cause_always=True,
    failure=lambda error: failure(str(error)),
)


def _nodes(param: Any) -> tuple[int, ...]:
    """The selected nodes, ascending; raises MemberError."""
    nodes: list[int] = param.get("selectedNodes") or []
    for node in nodes:
        Range(1, MAX_NODE)(node)
    return tuple(sorted(set(nodes)))


@frozen(eq=False)
class Collection:
    """How a message becomes an FRC, and what the nodes said its result.

    `command` and `user_data` make the FRC of `param`. The result has an array `key` of what `item`
    makes of `param` and of the raw value of a node; with `extFormat` it is the member `item_key`
    of an object about the node. `echo` is a member of `param` that is repeated. `explain` adds to
    an item what is known of the node in the network.
    """

    command: Callable[[Any], int]
    user_data: Callable[[Any], bytes]
    key: str
    item_key: str
    item: Callable[[Any, int], object]
    echo: str | None = field(default=None)
    explain: Callable[[Any, int, Any, Network], Any] | None = field(default=None)

    def begin(self, asked: Addressed[Any]) -> Request:
        """The FRC, always for the coordinator; raises ServiceError."""
        param, hwpid = asked.param, _hwpid(asked)
        try:
            nodes = _nodes(param)
            selected = frc.bitmap(nodes) if nodes else b""
            pdata = octets(FRC=self.command(param)) + selected + self.user_data(param)
            return Request(COORDINATOR, FRC_SEND.pnum, _pcmd(asked), pdata, hwpid)
        except (MemberError, LocalProtocolError) as error:
            raise failure(f"Driver request failure: {error}") from None

    @staticmethod
    def extra(asked: Addressed[Any]) -> Request | None:
        """The request for the extra result, if it is wanted."""
        if asked.param.get("getExtraResult") is False:
            return None
        return Request(COORDINATOR, *FRC_EXTRA_RESULT.key, b"", _hwpid(asked))

    def finish(
        self,
        message: Message,
        asked: Addressed[Any],
        outcomes: Iterable[Outcome],
        network: Network,
        *,
        annotate: bool,
    ) -> Answer:
        """The answer; raises ServiceError for whatever went wrong."""
        first, *rest = outcomes
        if first.response is None or first.status:
            raise failure(f"No Frc response: {status_text(first.status)}")
        if any(outcome.status or outcome.response is None for outcome in rest):
            raise failure("No Frc Extra response")
        try:
            data = FrcAnswer.decode(first.response.pdata).data
            for outcome in rest:
                assert outcome.response is not None
                data += FRC_EXTRA_RESULT.decode(outcome.response.pdata)
            values = self._values(asked.param, data, network)
        except ProtocolError as error:
            raise failure(f"Driver response failure: {error}") from None
        if asked.param.get("extFormat"):
            about = partial(self._about, network, annotate=annotate)
            result: dict[str, object] = {self.key: [about(*pair) for pair in values]}
        else:
            result = {self.key: [value for _, value in values]}
        if self.echo:
            result[self.echo] = asked.param[self.echo]
        if nodes := asked.param.get("selectedNodes"):
            result["selectedNodes"] = list(dict.fromkeys(nodes))
        response = first.response
        header = _header(asked, response.hwpid, response.encode()[6], response.dpa_value)
        return message.answer({**header, "result": result})

    def failed(self, asked: Addressed[Any]) -> JsonObject:
        """`rsp` of a failure."""
        return _header(asked, _UNKNOWN, _UNKNOWN, _UNKNOWN)

    def _values(self, param: Any, data: bytes, network: Network) -> list[tuple[int, object]]:
        """What the nodes said, by address and in that order."""
        width, nodes = frc.width_of(self.command(param)), _nodes(param)
        highest = width.capacity if len(data) > frc.FRC_DATA else width.without_extra
        if not nodes:
            raw = {0: 0, **frc.unpack(width, range(1, highest + 1), data, selective=False)}
        elif max(frc.slots(width, nodes).values()) > highest:
            raise LocalProtocolError("the answer has no room for so many nodes")
        else:
            raw = frc.unpack(width, nodes, data)
        items = [(node, self.item(param, value)) for node, value in raw.items()]
        if self.explain is None:
            return items
        return [(node, self.explain(param, node, item, network)) for node, item in items]

    def _about(
        self, network: Network, address: int, value: object, *, annotate: bool
    ) -> JsonObject:
        device = network.get(address) if address else None
        product = device.product if device else None
        metadata = {"metaData": device.metadata if device else None} if annotate else {}
        about = {
            "nAdr": address,
            "mid": device.mid if device else None,
            "hwpid": product.identity.hwpid if product else None,
            self.item_key: value,
        }
        return in_order(about | metadata)


def _hwpid(asked: Addressed[Any]) -> int:
    return ANY_HWPID if asked.hwpid < 0 else asked.hwpid


def _pcmd(asked: Addressed[Any]) -> int:
    return (FRC_SEND_SELECTIVE if asked.param.get("selectedNodes") else FRC_SEND).pcmd


def _header(asked: Addressed[Any], hwpid: int, rcode: int, dpa_value: int) -> dict[str, object]:
    return {
        "nAdr": asked.nadr,
        "pnum": FRC_SEND.pnum,
        "pcmd": _pcmd(asked) | _ANSWER,
        "hwpId": hwpid,
        "rCode": rcode,
        "dpaVal": dpa_value,
    }


def _question(param: Any) -> bytes:
    """User data of a sensor FRC: bits 5 to 7 of the index choose a part of the value."""
    index, after = param["sensorIndex"], param.get("sleepAfterFrc")
    if after is not None and not {"time", "control"} <= after.keys():
        raise MemberError("sleepAfterFrc must have time and control")
    sleep = Sleep(after["time"], after["control"]) if after is not None else None
    Range(0, 0xFF)(index)
    return Question(param["sensorType"], index & 0x1F, index >> 5, sleep).encode()


def _row(
    name: str, about: str, collection: Collection, asked: str, told: str, *, example: JsonObject
) -> Row:
    param = PData(f"{asked}{_COMMON}", open_to_extras=False)
    result = PData(f"{told}, {_SELECTED}", open_to_extras=False, is_result=True)
    addressed, answered = (AddressedOnly, Answered)  # generic in what are no classes
    return Row(
        FAMILY,
        name,
        about,
        _of(addressed, param),
        _of(answered, result),
        example={"nAdr": 0, "param": example},
        failed=collection.failed,
        closed=True,
    )


def _of(generic: Any, argument: object) -> Any:
    return generic[argument]


_SELECTED = "selectedNodes?:bits30 as asked for"
_COMMON = (
    "selectedNodes?:bits30 addresses; all without them, "
    "getExtraResult?:switch also read the rest of the answer; unless it is false, "
    "extFormat?:switch tell MID and HWPID of each node too"
)
_COMMAND = "command!:u16 for the lamp"

COLLECTIONS: dict[Row, Collection] = {
    _row(
        "Sensor_Frc",
        "Read a sensor of many nodes.",
        sensors := Collection(
            lambda param: int(param["frcCommand"]),
            _question,
            "sensors",
            "sensor",
            sensor_value,
            "sensorIndex",
            breakdowns.of_collected,
        ),
        "sensorType!:u8 type of the sensor, sensorIndex!:u8 which of those of the type, "
        "frcCommand!:u8 how it is read, sleepAfterFrc?:sleep go to sleep afterwards, ",
        "sensors:collected_sensors, sensorIndex:u8 as asked for",
        example={"sensorType": 1, "sensorIndex": 0, "frcCommand": 144},
    ): sensors,
    _row(
        "Light_FrcLdiSend",
        "Send a command to many lamps.",
        lamps := Collection(
            lambda _: frc.LIGHT_SEND_LDI,
            lambda param: light.ldi_user_data(param["command"]),
            "answers",
            "answer",
            ldi_answer,
            "command",
        ),
        f"{_COMMAND}, ",
        f"answers:collected_answers, {_COMMAND}",
        example={"command": 65424},
    ): lamps,
    _row(
        "Light_FrcLaiRead",
        "Read the analogue output of many lamps.",
        voltages := Collection(
            lambda _: frc.LIGHT_READ_LAI,
            lambda _: light.LAI_USER_DATA,
            "voltages",
            "voltage",
            voltage,
        ),
        "",
        "voltages:collected_voltages",
        example={},
    ): voltages,
    _row(
        "Dali_Frc",
        "Send a DALI command to many lamps.",
        dali := evolve(lamps, item=dali_answer),
        f"{_COMMAND}, ",
        f"answers:collected_answers, {_COMMAND}",
        example={"command": 65424},
    ): dali,
}
"""The four messages, each with how it is carried out."""

ROWS = tuple(COLLECTIONS)
