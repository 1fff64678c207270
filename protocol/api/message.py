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
    msg_id = data.get("msgId")
    repeat = whole(data["repeat"]) if "repeat" in data else None
    msg_id = msg_id if isinstance(msg_id, str) else UNKNOWN_MSG_ID
    if read.problem:
        raise _of(msg_id, InvalidRequestError(read.problem))
    return Message(
        mtype=_mtype(value, msg_id),
        msg_id=msg_id,
        verbose=data.get("returnVerbose") is True,
        timeout=whole(data["timeout"]) if "timeout" in data else None,
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
    dpa = style is Style.DPA
    data: dict[str, object] = {"msgId": answer.msg_id}
    if dpa and verbose and answer.timeout is not None:
        data["timeout"] = answer.timeout
    if answer.rsp is not None:
        data["rsp"] = answer.rsp
    if verbose and style is not Style.SERVICE and answer.raw is not None:
        data["raw"] = answer.raw
    if dpa and answer.error_str is not None:
        data["errorStr"] = answer.error_str
    if not dpa and answer.progress is not None:
        data["progress"] = answer.progress
    if dpa and verbose:
        data |= {"insId": ins_id, "statusStr": answer.status_str, "status": answer.status}
    else:
        data["status"] = answer.status
        if not dpa or answer.status != 0 or answer.status_str != "ok":
            data["statusStr"] = answer.status_str
        data["insId"] = ins_id
    return orjson.dumps({"mType": answer.mtype, "data": data}).decode()
