"""What messages of one family have in common, and a row per message: all that is declared of it.

From its row follow the reader of the request, the answer that says that it failed, who carries it
out, its chapter in docs/api.md, its schemas, the help and completion of `call`, and its tests.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

import attrs
from attrs import field, frozen

from protocol.api.converter import reader
from protocol.api.errors import UNKNOWN_MSG_ID, ServiceError, UnsupportedTypeError
from protocol.api.message import Answer, Message, Style
from protocol.api.plain import NotPlainError, parameters_in
from protocol.auth.rights import Rights
from protocol.dpa.errors import DpaError, status_text
from protocol.dpa.packet import MAX_NODE, Request
from protocol.dpa.transaction import Outcome
from protocol.iqmesh.plan import Service
from protocol.network.network import Network
from protocol.queue.lanes import Lane, Priority
from protocol.strict.checks import AtMost, Range
from protocol.strict.json import JsonObject

P = TypeVar("P")

_VERSIONS = ("1.0.0", "1.0", "1")
"""The spellings of the one version that messages have, for `ver`."""


class Extra(Enum):
    """A member that `data` may have beside `msgId`, `req` and `returnVerbose`, by its name."""

    TIMEOUT = "timeout"
    """How long the DPA transaction may take, in ms."""

    REPEAT = "repeat"
    """How often a transaction is repeated that failed."""

    PROGRESS = "progress"
    """Whether answers in between tell how far it is."""

    DRY_RUN = "dryRun"
    """Whether only to tell what there is to do."""

    NODES = "nodes"
    """The network addresses that the service is to deal with; others are left alone."""


_EXTRA_TYPES: Mapping[Extra, Any] = {
    Extra.TIMEOUT: int | None,
    Extra.REPEAT: Annotated[int, Range(0, 255)] | None,
    Extra.PROGRESS: bool | None,
    Extra.DRY_RUN: bool | None,
    Extra.NODES: Annotated[tuple[Annotated[int, Range(1, MAX_NODE)], ...], AtMost(MAX_NODE)] | None,
}

_EXTRA_NAMES: Mapping[Extra, str] = {Extra.DRY_RUN: "dry_run"}
"""What the members are called in Python, where that differs."""


def told_by_its_code(error: DpaError) -> ServiceError:
    """A failed transaction as most families tell it: its own status and text."""
    return ServiceError(error.status, status_text(error.status))


@frozen(eq=False, kw_only=True)
class Family:
    """Messages that belong together; a row may say otherwise of lane, priority, rights, closed.

    `prefix` is what their types begin with. `style` is the order of members in answers. In `closed`
    messages members that nobody knows are refused. `extras` are what `data` may have besides.
    `failure` makes of a failed transaction what this family says of it: the codes differ.
    `rights_asked_by_handler`: missing rights are told in an own way, in an own order of checks.
    `annotated` answers carry the metadata of the device that was addressed, where that is wanted.
    With `cause_in_rsp` verbose answers have the cause of a failure in `rsp`, not beside it; with
    `cause_always` the others too.
    """

    prefix: str
    about: str
    lane: Lane
    style: Style
    rights: Rights
    priority: Priority = Priority.INTERACTIVE
    closed: bool = True
    extras: frozenset[Extra] = frozenset()
    failure: Callable[[DpaError], ServiceError] = told_by_its_code
    annotated: bool = False
    cause_in_rsp: bool = False
    cause_always: bool = False
    rights_asked_by_handler: bool = False


def _as_it_is(request: Request, _network: Network) -> Request:
    return request


@frozen(eq=False)
class Transaction(Generic[P]):
    """A message that is one DPA transaction: how it begins, and what comes of it. Both are pure.

    `begin` makes the DPA request of the parameters; it raises ServiceError for what cannot be
    sent. `finish` makes the answer of the outcome, whatever that is. `fit` makes of the request
    what the coordinator of the known network understands, where versions of DPA differ. `explain`
    adds to an answer what is known of the device in the network.
    """

    begin: Callable[[P], Request]
    finish: Callable[[Message, P, Outcome], Answer]
    fit: Callable[[Request, Network], Request] = _as_it_is
    explain: Callable[[Answer, P, Network], Answer] | None = None


@frozen(eq=False)
class NetworkService(Generic[P]):
    """A message that is a network service: how it begins, and what is told of it. All are pure.

    `begin` makes the service of the parameters, `rehearse` its dry run where there is one. `finish`
    makes `rsp` of as much as it knows by then, None where there is none; with `own` it has members
    that only this gateway sends.

    `interim` makes `rsp` of what the service says in between, for everybody. `verbose_only` are
    members of `rsp` that only verbose answers have. `repeat` is how often a transaction is
    repeated that failed, where the parameters say it. Before a service that changes many bonds a
    `snapshot` is kept; where that depends on the parameters, a function says it. `choose` tells the
    service which nodes alone it is to deal with.
    """

    begin: Callable[[P], Service]
    finish: Callable[[P, Any, bool], JsonObject | None]
    rehearse: Callable[[P], Service] | None = None
    interim: Callable[[Any], JsonObject] | None = None
    verbose_only: frozenset[str] = frozenset()
    repeat: Callable[[P], int] | None = None
    snapshot: bool | Callable[[P], bool] = False
    choose: Callable[[Any, frozenset[int]], None] | None = None


@frozen
class Final:
    """Which of several answers is the last one: in its `rsp` the member has this value.

    One with a status other than 0 is the last one too, but for services that answer `by_device`,
    where a device that failed ends nothing.
    """

    member: str
    value: object
    by_device: bool = False


def _no_result(_parameters: object) -> None:
    return None


@frozen(eq=False)
class Row:
    """One type of request.

    `about` is what it does, in a sentence. `parameters` is the class of `data.req`, None where
    there is no such member; `result` the class, or the union of classes, of `data.rsp`. `example`
    is a `data.req` that asks for something sensible.

    `extras` are what its `data` may have besides, by default those of the family.
    `failed` makes, of the parameters, the `rsp` that an answer has even when all failed. `rights`
    is what a request takes, or a function of the parameters. `final` is for requests with several
    answers. A `vital` request is never kept waiting by others of the management lane.

    What carries it out is a `transaction`, a `service` of the network, a `query` of the known
    network (a pure function), or, without any of them, a handler of the gateway.
    """

    family: Family
    name: str
    about: str
    parameters: Any = None
    result: Any = None
    example: JsonObject | None = field(default=None, kw_only=True)
    failed: Callable[[Any], JsonObject | None] = field(default=_no_result, kw_only=True)
    transaction: Transaction[Any] | None = field(default=None, kw_only=True)
    service: NetworkService[Any] | None = field(default=None, kw_only=True)
    query: Callable[[Network, Any], JsonObject] | None = field(default=None, kw_only=True)
    final: Final | None = field(default=None, kw_only=True)
    vital: bool = field(default=False, kw_only=True)
    extras: frozenset[Extra] = field(kw_only=True)
    lane: Lane = field(kw_only=True)
    priority: Priority = field(kw_only=True)
    rights: Rights | Callable[[Any], Rights] = field(kw_only=True)
    closed: bool = field(kw_only=True)
    mtype: str = field(init=False)

    @lane.default
    def _lane_of_family(self) -> Lane:
        return self.family.lane

    @extras.default
    def _extras_of_family(self) -> frozenset[Extra]:
        return self.family.extras

    @priority.default
    def _priority_of_family(self) -> Priority:
        return self.family.priority

    @rights.default
    def _rights_of_family(self) -> Rights:
        return self.family.rights

    @closed.default
    def _closed_as_family(self) -> bool:
        return self.family.closed

    @mtype.default
    def _make_mtype(self) -> str:
        return self.family.prefix + self.name

    @property
    def always_has_result(self) -> bool:
        """Whether even the answer of a failure has an `rsp`."""
        return self.failed is not _no_result

    def rights_for(self, parameters: object) -> Rights:
        """What the holder of a token needs to have the request carried out."""
        return self.rights if isinstance(self.rights, Rights) else self.rights(parameters)

    def failure(self, message: Message, parameters: object, error: ServiceError) -> Answer:
        """The answer of this type that says what `error` does."""
        rsp, cause = self.failed(parameters), error.error_str
        if self.family.cause_in_rsp:
            shown = cause and (message.verbose or self.family.cause_always)
            rsp = {**(rsp or {}), "errorStr": cause} if shown else rsp
            cause = None
        return message.answer(rsp, error.status, error.status_str, cause)

    def ends_with(self, data: Mapping[str, Any]) -> bool:
        """Whether the answer with this `data` (as JSON) is the last one to a request."""
        if "progress" in data:
            return False
        if self.final is None:
            return True
        rsp = data.get("rsp")
        rsp = rsp if isinstance(rsp, dict) else {}
        failed = data.get("status", 0) != 0
        if failed and not (self.final.by_device and self.final.member in rsp):
            return True
        return bool(rsp.get(self.final.member) == self.final.value)


@frozen(eq=False)
class Unasked:
    """A type of message that only the gateway sends; `data` is the class of all its members.

    Where `rsp` is given instead, the message has the form of an answer in the style.
    """

    mtype: str
    about: str
    rsp: Any = None
    data: Any = None
    style: Style = Style.SERVICE


def request_of(row: Row, message: Message) -> Any:
    """The `data.req` of `message` as `row.parameters`, None where its type has none.

    Raises InvalidRequestError with the path of the member that is not as it must be, and
    UnsupportedTypeError for a version (`ver`) that does not exist.
    """
    try:
        return parameters_in(message.document, _parameters_reader(row))
    except NotPlainError:
        pass
    return read_strictly(row, message)


def read_strictly(row: Row, message: Message) -> Any:
    """What `request_of` gives, by way of the whole message."""
    envelope = _reader(row)(message.document)
    if not row.closed and envelope.ver not in _VERSIONS:
        raise UnsupportedTypeError(f"{message.mtype}, version {envelope.ver}")
    return getattr(envelope.data, "req", None)


class _Open:
    __slots__ = ()
    open_to_extras = True


@cache
def _parameters_reader(row: Row) -> Callable[[object], Any] | None:
    return None if row.parameters is None else reader(row.parameters)


@cache
def _reader(row: Row) -> Callable[[object], Any]:
    """What reads a whole message, made when the first of its type comes."""
    data: dict[str, Any] = {
        "msg_id": field(type=str, default=UNKNOWN_MSG_ID),
        "return_verbose": field(type=bool, default=False),
    }
    for extra in sorted(row.extras, key=lambda extra: extra.value):
        data[_EXTRA_NAMES.get(extra, extra.value)] = field(type=_EXTRA_TYPES[extra], default=None)
    if row.parameters is not None:
        data["req"] = field(type=row.parameters)
    top: dict[str, Any] = {"m_type": field(type=str)}
    if not row.closed:
        top["ver"] = field(type=str, default=_VERSIONS[0])

    def make(name: str, members: dict[str, Any]) -> type:
        bases = () if row.closed else (_Open,)
        return attrs.make_class(name, members, bases=bases, frozen=True, kw_only=True)

    whole = make("Message", top | {"data": field(type=make("Data", data))})
    return reader(whole)
