"""The envelope: what all requests have in common on the way in, and all answers on the way out."""

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any

import attrs
import orjson
from attrs import field, frozen

from protocol.api import document
from protocol.api.auth import token_of
from protocol.api.converter import structure
from protocol.api.errors import (
    UNKNOWN_MSG_ID,
    InvalidRequestError,
    MissingMTypeError,
    RequestError,
    ServiceError,
    UnexpectedAuthError,
    UnsupportedTypeError,
)
from protocol.api.members import kind, whole
from protocol.auth.rights import Rights
from protocol.dpa.errors import DpaError, status_text
from protocol.network.network import JsonObject
from protocol.queue.lanes import Lane, Priority

ASYNC = "async"
"""`msgId` of most messages that nobody asked for."""

_OPTIONAL_INT: Any = int | None
_VERSIONS = ("1.0.0", "1.0", "1")
"""The spellings of the one version that messages have, for `ver`."""


class Style(Enum):
    """How an answer's members are ordered, and whether `statusStr` is always among them."""

    SERVICE = "rsp, status, statusStr, insId"
    DPA = "timeout, rsp, raw, errorStr, then insId, statusStr, status or status, insId"


@frozen
class Answer:
    """One answer to a request, or a message of that form which nobody asked for.

    `timeout` (ms, as the client gave it) and `raw` (one record per DPA transaction) show only in
    verbose answers. `status` 0 is success; `error_str` is for the families that have it.
    """

    mtype: str
    msg_id: str
    rsp: object | None = None
    status: int = 0
    status_str: str = "ok"
    error_str: str | None = None
    raw: tuple[JsonObject, ...] | None = None
    timeout: int | None = None


@frozen
class Message:
    """A request as it came: `mtype` is certain, all else unproven until `request_of`.

    `msg_id`, `verbose` and `timeout` (ms) are the members of `data` where they are of the right
    type, else their defaults, so that a refusal can be addressed.
    """

    mtype: str
    msg_id: str
    verbose: bool
    timeout: int | None
    document: JsonObject = field(repr=False)
    text: str | bytes = field(repr=False)

    def answer(self, rsp: object | None = None) -> Answer:
        """The answer of a request that succeeded."""
        return Answer(self.mtype, self.msg_id, rsp, timeout=self.timeout)


def _no_rsp(_request: object) -> None:
    return None


def _transaction_failed(error: DpaError) -> ServiceError:
    return ServiceError(error.status, status_text(error.status))


@frozen(eq=False)
class Entry:
    """What is known of one type of request, beside its handler.

    `request` is the class of `data.req`, None where there is no such member. `rsp_of_failure`
    makes, of the request, the `rsp` that the answer's schema demands even when all failed.
    `failure` makes of a failed transaction what this family says of it: the codes differ.
    `rights` is what a request takes; a function where that depends on its parameters.
    """

    mtype: str
    request: type | None
    lane: Lane
    style: Style
    rights: Rights | Callable[[Any], Rights]
    rsp_of_failure: Callable[[Any], object | None] = _no_rsp
    failure: Callable[[DpaError], ServiceError] = _transaction_failed
    timeout_allowed: bool = False
    closed: bool = True
    priority: Priority = Priority.INTERACTIVE

    def rights_for(self, request: object) -> Rights:
        """What the holder of a token needs to have `request` carried out."""
        return self.rights if isinstance(self.rights, Rights) else self.rights(request)

    def failed(self, message: Message, request: object, error: ServiceError) -> Answer:
        """The answer of this type that says what `error` does."""
        return attrs.evolve(
            message.answer(self.rsp_of_failure(request)),
            status=error.status,
            status_str=error.status_str,
            error_str=error.error_str,
        )


def parse(text: str | bytes) -> Message:
    """The message in `text`.

    Raises NotJsonError, UnexpectedAuthError, MissingMTypeError, or InvalidRequestError where the
    text is no object, `mType` no string, or something in it cannot be represented; the error
    bears the message's id where it has one.
    """
    read = document.read(text)
    value = read.value
    if token_of(value) is not None:
        raise UnexpectedAuthError
    if not isinstance(value, dict):
        raise InvalidRequestError(read.problem or f"message: must be an object, not {kind(value)}")
    data = value.get("data")
    data = data if isinstance(data, dict) else {}
    msg_id, timeout = data.get("msgId"), data.get("timeout")
    msg_id = msg_id if isinstance(msg_id, str) else UNKNOWN_MSG_ID
    if read.problem:
        raise _of(msg_id, InvalidRequestError(read.problem))
    return Message(
        mtype=_mtype(value, msg_id),
        msg_id=msg_id,
        verbose=data.get("returnVerbose") is True,
        timeout=whole(timeout),
        document=value,
        text=text,
    )


def _mtype(value: JsonObject, msg_id: str) -> str:
    mtype = value.get("mType")
    if isinstance(mtype, str):
        return mtype
    if "mType" in value:
        raise _of(msg_id, InvalidRequestError(f"mType: must be a string, not {kind(mtype)}"))
    raise _of(msg_id, MissingMTypeError())


def _of(msg_id: str, error: RequestError) -> RequestError:
    """`error`, as that of the message with this id."""
    error.msg_id = msg_id
    return error


def request_of(entry: Entry, message: Message) -> Any:
    """The `data.req` of `message` as `entry.request`, None where its type has no parameters.

    Raises InvalidRequestError with the path of the member that is not as it must be, and
    UnsupportedTypeError for a version (`ver`) that does not exist.
    """
    envelope = structure(message.document, _envelope(entry))
    if not entry.closed and envelope.ver not in _VERSIONS:
        raise UnsupportedTypeError(f"{message.mtype}, version {envelope.ver}")
    return getattr(envelope.data, "req", None)


class _Open:
    __slots__ = ()
    open_to_extras = True


@cache
def _envelope(entry: Entry) -> Any:
    """The class of the whole message, made of what the entry allows."""
    data: dict[str, Any] = {
        "msg_id": field(type=str, default=UNKNOWN_MSG_ID),
        "return_verbose": field(type=bool, default=False),
    }
    if entry.timeout_allowed:
        data["timeout"] = field(type=_OPTIONAL_INT, default=None)
    if entry.request is not None:
        data["req"] = field(type=entry.request)
    top: dict[str, Any] = {"m_type": field(type=str)}
    if not entry.closed:
        top["ver"] = field(type=str, default=_VERSIONS[0])

    def make(name: str, members: dict[str, Any]) -> type:
        bases = () if entry.closed else (_Open,)
        return attrs.make_class(name, members, bases=bases, frozen=True, kw_only=True)

    return make("Message", top | {"data": field(type=make("Data", data))})


def dump(answer: Answer, style: Style, *, verbose: bool, ins_id: str) -> str:
    """The answer as compact JSON; the order of members is part of what clients compare."""
    data: dict[str, object] = {"msgId": answer.msg_id}
    if style is Style.SERVICE:
        _put(data, rsp=answer.rsp)
        data |= {"status": answer.status, "statusStr": answer.status_str, "insId": ins_id}
    else:
        if verbose:
            _put(data, timeout=answer.timeout)
        _put(data, rsp=answer.rsp)
        if verbose:
            _put(data, raw=answer.raw)
        _put(data, errorStr=answer.error_str)
        data |= _ending(answer, verbose=verbose, ins_id=ins_id)
    return orjson.dumps({"mType": answer.mtype, "data": data}).decode()


def _put(data: dict[str, object], **members: object) -> None:
    data.update((name, value) for name, value in members.items() if value is not None)


def _ending(answer: Answer, *, verbose: bool, ins_id: str) -> dict[str, object]:
    if verbose:
        return {"insId": ins_id, "statusStr": answer.status_str, "status": answer.status}
    reason = {"statusStr": answer.status_str} if answer.status else {}
    return {"status": answer.status, **reason, "insId": ins_id}
