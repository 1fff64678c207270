"""The envelope: what all requests have in common on the way in, and all answers on the way out."""

from enum import Enum

import orjson
from attrs import field, frozen

from protocol.api import document
from protocol.api.errors import (
    UNKNOWN_MSG_ID,
    InvalidRequestError,
    MissingMTypeError,
    RequestError,
    UnexpectedAuthError,
)
from protocol.api.progress import Progress
from protocol.api.record import Record
from protocol.auth.messages import token_of
from protocol.strict.json import JsonObject, kind, whole

ASYNC = "async"
"""`msgId` of most messages that nobody asked for."""


class Style(Enum):
    """How an answer's members are ordered, and whether `statusStr` is always among them."""

    SERVICE = "rsp, progress, status, statusStr, insId"
    NETWORK = "rsp, raw, progress, status, statusStr, insId"
    DPA = "timeout, rsp, raw, errorStr, then insId, statusStr, status or status, insId"


@frozen
class Answer:
    """One answer to a request, or a message of that form which nobody asked for.

    `timeout` (ms, as the client gave it) and `raw` (one record per DPA transaction) show only in
    verbose answers. `status` 0 is success; `error_str` is for the families that have it.
    """

    mtype: str
    msg_id: str
    rsp: JsonObject | None = None
    status: int = 0
    status_str: str = "ok"
    error_str: str | None = None
    raw: tuple[Record, ...] | None = None
    timeout: int | None = None
    progress: Progress | None = None
    """How far a request is that takes long; such an answer is never the last one."""


@frozen
class Message:
    """A request as it came: `mtype` is certain, all else unproven until `request_of`.

    `msg_id`, `verbose` and `timeout` (ms) are the members of `data` where they are of the right
    type, else their defaults, so that a refusal can be addressed. `repeat` says how often a
    transaction that failed is tried again, `progress` whether answers in between are wanted,
    `dry_run` whether only to tell what there is to do.
    """

    mtype: str
    msg_id: str
    verbose: bool
    timeout: int | None
    document: JsonObject = field(repr=False)
    text: str | bytes = field(repr=False)
    repeat: int = 1
    progress: bool = False
    dry_run: bool = False

    def answer(
        self,
        rsp: JsonObject | None = None,
        status: int = 0,
        status_str: str = "ok",
        error_str: str | None = None,
    ) -> Answer:
        """The answer to this message; by default that of a request that succeeded."""
        return Answer(
            self.mtype, self.msg_id, rsp, status, status_str, error_str, timeout=self.timeout
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
    repeat = whole(data.get("repeat"))
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
        repeat=1 if repeat is None else repeat,
        progress=data.get("progress") is True,
        dry_run=data.get("dryRun") is True,
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


def dump(answer: Answer, style: Style, *, verbose: bool, ins_id: str) -> str:
    """The answer as compact JSON; the order of members is part of what clients compare."""
    data: dict[str, object] = {"msgId": answer.msg_id}
    if style is Style.SERVICE:
        _put(data, rsp=answer.rsp, progress=answer.progress)
        data |= {"status": answer.status, "statusStr": answer.status_str, "insId": ins_id}
    elif style is Style.NETWORK:
        _put(data, rsp=answer.rsp, raw=answer.raw if verbose else None, progress=answer.progress)
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
    told = answer.status != 0 or answer.status_str != "ok"
    reason = {"statusStr": answer.status_str} if told else {}
    return {"status": answer.status, **reason, "insId": ins_id}
