"""DPA commands as messages (iqrfEmbed*, iqrfSensor_* ...): one transaction each, member by member.

A row is a command, the class of `param` with how it becomes PDATA, and the class of `result` with
how it is made of what the command's layout reads.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, NotRequired, TypedDict, TypeVar

from attrs import evolve, field, frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Extra, Family, Row, Transaction
from protocol.api.members import Range
from protocol.api.message import Answer, Message, Style
from protocol.api.shape import json_name
from protocol.auth.rights import CONTROL, Rights
from protocol.dpa.call import Command
from protocol.dpa.errors import EXCLUSIVE_ACCESS, BadRequestError, BadResponseError, status_text
from protocol.dpa.packet import ANY_HWPID, BROADCAST, Request
from protocol.dpa.transaction import Outcome
from protocol.errors import LocalProtocolError
from protocol.network.network import JsonObject
from protocol.queue.lanes import Lane

P = TypeVar("P")
R = TypeVar("R")

_NOT_EXPECTED = 256
"""Status of a broadcast that was confirmed: nobody answers it."""

_UNKNOWN = -1
"""In place of what only a response could tell."""

_ANSWER = 0x80

_NOT_ASKED = frozenset({-2, -3, -4, EXCLUSIVE_ACCESS})
"""Statuses of requests that the device was not asked, or not to the end: queue, abort, port."""


@frozen
class NoParam:
    """`param` of a command without data: an object, whatever is in it."""

    open_to_extras: ClassVar[bool] = True


@frozen
class Addressed(Generic[P]):
    """A command for a device."""

    open_to_extras: ClassVar[bool] = True

    param: P
    nadr: Annotated[int, Range(0, 0xFF), "network address; 0 coordinator, 255 all nodes"] = field(
        metadata=json_name("nAdr"), kw_only=True
    )
    hwpid: Annotated[int, Range(None, 0xFFFF), "hardware profile; a negative one means any"] = (
        field(default=ANY_HWPID, metadata=json_name("hwpId"), kw_only=True)
    )


class NoResult(TypedDict):
    """`result` of a command whose response has no data."""


class Answered(TypedDict, Generic[R]):
    """What came back; the members after `pcmd` are -1 where nothing did."""

    nAdr: Annotated[int, "as asked for"]
    pnum: Annotated[int, "peripheral"]
    pcmd: Annotated[int, "command, with bit 7 set; without it where the request was not sent"]
    hwpId: Annotated[int, "hardware profile of the device"]
    rCode: Annotated[int, "response code, 0 for success"]
    dpaVal: Annotated[int, "DpaValue"]
    result: NotRequired[R]
    errorStr: NotRequired[Annotated[str, "the cause of a failure; in verbose answers"]]


def _nothing(_param: object) -> bytes:
    return b""


def _no_result(_value: object) -> JsonObject:
    return {}


FAMILY = Family(
    prefix="iqrf",
    about="One command of DPA for a device. Status 256: a broadcast went out, nobody answers it.",
    lane=Lane.NETWORK,
    style=Style.DPA,
    rights=CONTROL,
    closed=False,
    extras=frozenset({Extra.TIMEOUT}),
    annotated=True,
)


def command_row(
    name: str,
    about: str,
    command: Command[Any],
    param: Any = NoParam,
    result: Any = NoResult,
    *,
    example: JsonObject,
    pdata: Callable[[Any], bytes] = _nothing,
    tell: Callable[[Any], JsonObject] = _no_result,
    rights: Rights = CONTROL,
) -> Row:
    """The row of a command.

    `pdata` makes the data of the request of `param`, and raises LocalProtocolError for values
    that cannot be sent; `tell` makes `result` of what the command reads in the response.
    """

    def begin(asked: Addressed[Any]) -> Request:
        hwpid = ANY_HWPID if asked.hwpid < 0 else asked.hwpid
        try:
            return command.call(asked.nadr, pdata(asked.param), hwpid=hwpid).request
        except LocalProtocolError as error:
            raise ServiceError(BadRequestError.code, str(error)) from None

    def finish(message: Message, asked: Addressed[Any], outcome: Outcome) -> Answer:
        answer = message.answer(_header(command, asked, outcome), outcome.status)
        if outcome.response is None and outcome.status == 0 and asked.nadr == BROADCAST:
            return evolve(answer, status=_NOT_EXPECTED, status_str="No network response expected.")
        if outcome.status != 0 or outcome.response is None:
            cause = "rcode error" if outcome.status > 0 else ""
            return _failed(answer, outcome.status, cause, verbose=message.verbose)
        try:
            told = tell(command.decode(outcome.response.pdata))
        except BadResponseError as error:
            return _failed(answer, error.status, str(error), verbose=message.verbose)
        return evolve(answer, rsp={**(answer.rsp or {}), "result": told})

    return Row(
        FAMILY,
        name,
        about,
        Addressed[param],
        Answered[result],
        example=example,
        failed=lambda asked: _header(command, asked, None),
        transaction=Transaction(begin, finish),
        rights=rights,
    )


def _header(command: Command[Any], asked: Addressed[Any], outcome: Outcome | None) -> JsonObject:
    response = outcome.response if outcome else None
    was_asked = outcome is not None and outcome.status not in _NOT_ASKED
    return {
        "nAdr": asked.nadr,
        "pnum": command.pnum,
        "pcmd": command.pcmd | _ANSWER if was_asked else command.pcmd,
        "hwpId": response.hwpid if response else _UNKNOWN,
        "rCode": response.encode()[6] if response else _UNKNOWN,
        "dpaVal": response.dpa_value if response else _UNKNOWN,
    }


def _failed(answer: Answer, status: int, cause: str, *, verbose: bool) -> Answer:
    shown = {"errorStr": cause} if cause and verbose else {}
    rsp = {**(answer.rsp or {}), **shown}
    return evolve(answer, rsp=rsp, status=status, status_str=status_text(status))


ROWS: tuple[Row, ...] = ()
