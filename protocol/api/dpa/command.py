"""A DPA command as a message: one transaction, its PDATA told member by member."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, NotRequired, TypedDict, TypeVar

from attrs import evolve, field, frozen

from protocol.api.dpa.layout import PData
from protocol.api.errors import ServiceError
from protocol.api.family import Extra, Family, Row, Transaction
from protocol.api.message import Answer, Message, Style
from protocol.auth.rights import CONTROL, Rights
from protocol.dpa.call import Command
from protocol.dpa.errors import BadRequestError, BadResponseError, status_text
from protocol.dpa.packet import ANY_HWPID, BROADCAST, Request, Response
from protocol.dpa.pnum import BINARY_OUTPUT, COORDINATOR_PNUM, FRC, LIGHT, UART
from protocol.dpa.transaction import Outcome
from protocol.errors import LocalProtocolError
from protocol.network.network import Network
from protocol.queue.lanes import Lane
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.json import JsonObject
from protocol.strict.shape import json_name

P = TypeVar("P")
R = TypeVar("R")

Numbers = tuple[int, int]
"""PNUM and PCMD."""

NOT_EXPECTED = 256
"""Status of a broadcast that was confirmed: nobody answers it."""

_UNKNOWN = -1
"""In place of what only a response could tell."""

_ANSWER = 0x80
_ASYNCHRONOUS = 0x80


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


@frozen
class AddressedOnly(Addressed[P]):
    """The same where members that nobody knows are refused."""

    open_to_extras: ClassVar[bool] = False


class Answered(TypedDict, Generic[R]):
    """What came back; the members after `pcmd` are -1 where nothing did."""

    nAdr: Annotated[int, "as asked for"]
    pnum: Annotated[int, "peripheral"]
    pcmd: Annotated[int, "command, with bit 7 set"]
    hwpId: Annotated[int, "hardware profile of the device"]
    rCode: Annotated[int, "response code, 0 for success"]
    dpaVal: Annotated[int, "DpaValue"]
    result: NotRequired[R]
    errorStr: NotRequired[Annotated[str, "the cause of a failure; in verbose answers"]]


FAMILY = Family(
    prefix="iqrf",
    about="One command of DPA for a device. Status 256: a broadcast went out, nobody answers it. "
    "Status -6: a member of `param` has a value that cannot be sent, and nothing was sent.",
    lane=Lane.NETWORK,
    style=Style.DPA,
    rights=CONTROL,
    closed=False,
    extras=frozenset({Extra.TIMEOUT}),
    annotated=True,
    cause_in_rsp=True,
)


def _as_given(param: JsonObject) -> JsonObject:
    return param


def _understood(request: Request, _network: Network) -> Request:
    return request


@frozen(eq=False)
class _Exchange:
    """How the parameters of one message become a request, and a response its result.

    `command` are the numbers, or makes them of `param`. `given` is `param` as the layout has it;
    it raises MemberError for members that do not go together. `echo` names members of `param` that
    stand behind those of the result. Requests that are refused have no numbers where `unnamed`.
    """

    command: Command[Any] | Callable[[JsonObject], Numbers]
    asked: PData
    told: PData
    given: Callable[[JsonObject], JsonObject] = _as_given
    echo: tuple[str, ...] = ()
    unnamed: bool = False

    def begin(self, asked: Addressed[JsonObject]) -> Request:
        """The request; raises ServiceError for values that cannot be sent."""
        hwpid = ANY_HWPID if asked.hwpid < 0 else asked.hwpid
        try:
            pdata = self.asked.encode(self.given(asked.param))
            pnum, pcmd = self._numbers(asked.param)
            return Request(asked.nadr, pnum, pcmd, pdata, hwpid)
        except (MemberError, LocalProtocolError) as error:
            path = getattr(error, "path", "")
            told = f"data.req.param{path}: {error}"
            raise ServiceError(BadRequestError.code, told) from None

    def finish(self, message: Message, asked: Addressed[JsonObject], outcome: Outcome) -> Answer:
        """The answer that tells what came of the transaction."""
        request, response = outcome.request, outcome.response
        rsp: dict[str, object] = {
            "nAdr": asked.nadr,
            "pnum": request.pnum,
            "pcmd": request.pcmd | _ANSWER,
            "hwpId": response.hwpid if response else _UNKNOWN,
            "rCode": _code(response) if response else _UNKNOWN,
            "dpaVal": response.dpa_value if response else _UNKNOWN,
        }
        status, cause = outcome.status, "rcode error" if outcome.status > 0 else ""
        if response is None and status == 0 and asked.nadr == BROADCAST:
            answer = message.answer(rsp, NOT_EXPECTED)
            return evolve(answer, status_str="No network response expected.")
        if status == 0 and response is not None:
            try:
                rsp["result"] = self._result(asked.param, response.pdata)
            except BadResponseError as error:
                status, cause = error.status, str(error)
        if cause and message.verbose:
            rsp["errorStr"] = cause
        return message.answer(rsp, status, status_text(status))

    def failed(self, asked: Addressed[JsonObject]) -> JsonObject:
        """`rsp` of a request that was not sent."""
        try:
            pnum, pcmd = (None, 0) if self.unnamed else self._numbers(asked.param)
        except MemberError:
            pnum, pcmd = None, 0
        return {
            "nAdr": asked.nadr,
            "pnum": _UNKNOWN if pnum is None else pnum,
            "pcmd": _UNKNOWN if pnum is None else pcmd | _ANSWER,
            "hwpId": _UNKNOWN,
            "rCode": _UNKNOWN,
            "dpaVal": _UNKNOWN,
        }

    def _numbers(self, param: JsonObject) -> Numbers:
        if isinstance(self.command, Command):
            return self.command.key
        try:
            return self.command(param)
        except KeyError as missing:
            raise MemberError(f"{missing.args[0]} must be there") from None

    def _result(self, param: JsonObject, pdata: bytes) -> JsonObject:
        result = self.told.decode(pdata)
        for name in self.echo:
            if param.get(name) is not None:
                result[name] = param[name]
        return result


def _code(response: Response) -> int:
    """The response code as it stands in the frame, with its flag."""
    return response.rcode | (_ASYNCHRONOUS if response.asynchronous else 0)


def command_row(
    name: str,
    command: Command[Any] | Callable[[JsonObject], Numbers],
    about: str,
    asked: str = "",
    told: str = "",
    *,
    example: JsonObject | None = None,
    rights: Rights = CONTROL,
    given: Callable[[JsonObject], JsonObject] = _as_given,
    echo: str = "",
    fit: Callable[[Request, Network], Request] = _understood,
    explain: Callable[[Answer, Any, Network], Answer] | None = None,
    closed: bool = False,
    closed_param: bool = False,
    unnamed: bool = False,
) -> Row:
    """The row of a command: `asked` and `told` are its PDATA in the notation of `layout`.

    `echo` are members of `param` that are repeated in the result, in the same notation. `example`
    is a good `param`. `closed` says whether members are refused that nobody knows, `closed_param`
    whether those of `param` too. The others are told in `_Exchange` and `Transaction`.
    """
    param = PData(asked, open_to_extras=not closed_param)
    repeated = PData(echo)
    result = PData(
        ", ".join(part for part in (told, echo) if part), open_to_extras=False, is_result=True
    )
    exchange = _Exchange(
        command,
        param,
        PData(told, is_result=True),
        given,
        tuple(each.name for each in repeated.members),
        unnamed,
    )
    addressed: Any = AddressedOnly if closed else Addressed
    answered: Any = Answered
    return Row(
        FAMILY,
        name,
        about,
        addressed[param],
        answered[result],
        example={"nAdr": _usual_address(command), "param": example or {}},
        failed=exchange.failed,
        transaction=Transaction(exchange.begin, exchange.finish, fit, explain),
        rights=rights,
        closed=closed,
    )


_USUAL_ADDRESS = {COORDINATOR_PNUM: 0, FRC: 0, UART: 2, BINARY_OUTPUT: 3, LIGHT: 4}
"""The device of examples by PNUM: in generated meshes node 2 has a
serial line, 3 is a relay, 4 a lamp."""


def _usual_address(command: Command[Any] | Callable[[JsonObject], Numbers]) -> int:
    return _USUAL_ADDRESS.get(command.pnum, 1) if isinstance(command, Command) else 1
