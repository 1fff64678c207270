"""Requests that fail before a handler answers them, and the messageError that says so."""

import re
from typing import Annotated, ClassVar, Literal, NotRequired, TypedDict

import orjson

from protocol.errors import ProtocolError
from protocol.queue.lanes import Lane
from protocol.strict.errors import shorten

UNKNOWN_MSG_ID = "unknown"
"""`msgId` of the answer to a message that bears none."""

MESSAGE_ERROR = "messageError"
"""The type of the answer to what is no request that can be carried out."""

MAX_ECHO = 1024
"""Characters of an offending message that its messageError repeats."""

_SECRET = re.compile(r"(iqrfgd2;[0-9]+;)[^\s\"]+")
"""A token in a text that may be no JSON: all to the end of the string, escapes too."""


class Details(TypedDict):
    """What a messageError says of its cause; which members there are depends on the status."""

    message: NotRequired[Annotated[str, "the beginning of the message that it answers"]]
    error: NotRequired[Annotated[str, "what is wrong: the path of the member and the reason"]]
    offset: NotRequired[Annotated[int, "byte at which the text is no JSON any more, from 0"]]
    ignoredMessage: NotRequired[Annotated[str, "the type of the message that was refused"]]
    capacity: NotRequired[Annotated[int, "how many requests the queue takes"]]


class ErrorData(TypedDict):
    """`data` of a messageError."""

    msgId: Annotated[str, "that of the message; `unknown` where it has none, `auth` with status 9"]
    rsp: Annotated[Details, "the cause"]
    status: Annotated[Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "what kind of error it is"]
    statusStr: Annotated[str, "the same in words"]
    insId: Annotated[str, "the name of the gateway"]


class RequestError(ProtocolError):
    """A message that no handler will answer; `status` and `status_str` go into its messageError.

    `msg_id` is the message's own where it was found before the message was refused.
    """

    status: ClassVar[int]
    status_str: ClassVar[str]
    echoes: ClassVar[bool] = False
    """Whether the messageError repeats the message."""

    msg_id: str = UNKNOWN_MSG_ID

    def members(self) -> Details:
        """What `rsp` says besides the message itself."""
        return {}


class _DescribedError(RequestError):
    echoes = True

    def members(self) -> Details:
        return {"error": str(self)}


class GeneralError(_DescribedError):
    """Whatever has no code of its own; the text says what went wrong."""

    status = 1
    status_str = "An error has occurred while handling request."


class UnsupportedTypeError(GeneralError):
    """A message type that this gateway does not answer; `known` is what it knows of it, if so."""

    def __init__(self, mtype: str, known: str = "") -> None:
        super().__init__(f"Unsupported message type: {shorten(mtype)}{known and f'; {known}'}")


class NotJsonError(_DescribedError):
    """A text that is not one JSON value; `offset` is where reading gave up, in bytes from 0."""

    status = 2
    status_str = "Failed to parse JSON message."

    def __init__(self, error: str, offset: int) -> None:
        super().__init__(error)
        self.offset = offset

    def members(self) -> Details:
        """The parser's words and the place."""
        return {"error": str(self), "offset": self.offset}


class MissingMTypeError(RequestError):
    """An object without `mType`."""

    status = 3
    status_str = "mType missing in JSON message."
    echoes = True


class InvalidRequestError(_DescribedError):
    """A member that is missing, unknown, or not what it must be: the text has path and reason."""

    status = 4
    status_str = "Failed to validate JSON message contents."


class _IgnoredError(RequestError):
    def __init__(self, mtype: str) -> None:
        super().__init__(f"{self.status_str} {mtype}")
        self.mtype = mtype

    def members(self) -> Details:
        return {"ignoredMessage": self.mtype}


class _FullError(_IgnoredError):
    def __init__(self, mtype: str, capacity: int) -> None:
        super().__init__(mtype)
        self.capacity = capacity

    def members(self) -> Details:
        return {"ignoredMessage": self.mtype, "capacity": self.capacity}


class ManagementClosedError(_IgnoredError):
    """The gateway takes no more management requests: it is shutting down."""

    status = 5
    status_str = "Management queue is not initialized."


class ManagementFullError(_FullError):
    """As many management requests as allowed are under way."""

    status = 6
    status_str = "Management queue is full."


class NetworkClosedError(_IgnoredError):
    """The gateway takes no more network requests: it is shutting down."""

    status = 7
    status_str = "Network queue is not initialized."


class NetworkFullError(_FullError):
    """As many network requests as allowed are waiting."""

    status = 8
    status_str = "Network queue is full."


class InServiceModeError(_DescribedError):
    """A request while one session has the coordinator's module to itself."""

    status = 10
    status_str = "Service mode is active."

    def __init__(self, mtype: str) -> None:
        super().__init__(f"Message type {mtype} not supported in service mode.")


class UnexpectedAuthError(RequestError):
    """An authentication message where none is due; never repeated, for it holds a token."""

    status = 9
    status_str = "Unexpected auth message."
    msg_id = "auth"

    def members(self) -> Details:
        """A fixed sentence."""
        return {"error": "Received a duplicate or unexpected auth message."}


def lane_closed(lane: Lane, mtype: str) -> RequestError:
    """The refusal of a request whose lane takes no more."""
    return (ManagementClosedError if lane is Lane.MANAGEMENT else NetworkClosedError)(mtype)


def lane_full(lane: Lane, mtype: str, capacity: int) -> RequestError:
    """The refusal of a request whose lane holds `capacity` already."""
    return (ManagementFullError if lane is Lane.MANAGEMENT else NetworkFullError)(mtype, capacity)


def message_error(
    error: RequestError, *, text: str | bytes, ins_id: str, msg_id: str | None = None
) -> str:
    """The messageError for the message `text`, as JSON; of a long message its beginning.

    `msg_id` is that of the message where the caller knows it, else what `error` knows.
    """
    rsp = Details(message=_echo(text)) if error.echoes else Details()
    return orjson.dumps(
        {
            "mType": MESSAGE_ERROR,
            "data": {
                "msgId": error.msg_id if msg_id is None else msg_id,
                "rsp": rsp | error.members(),
                "status": error.status,
                "statusStr": error.status_str,
                "insId": ins_id,
            },
        }
    ).decode()


def _echo(text: str | bytes) -> str:
    """The beginning of a message without the secrets of tokens: over MQTT others read it too."""
    if isinstance(text, bytes):
        # Four bytes a character at most: the cut cannot fall into what is shown.
        text = text[: 4 * MAX_ECHO + 4].decode(errors="replace")
    else:
        text = text.encode(errors="replace").decode()
    return shorten(_SECRET.sub(r"\1...", text), MAX_ECHO)


class ServiceError(ProtocolError):
    """A request that was understood and failed: answered in its own type with `status` not 0.

    `error_str` is for the families that tell the cause there.
    """

    def __init__(self, status: int, status_str: str, error_str: str | None = None) -> None:
        super().__init__(error_str or status_str)
        self.status = status
        self.status_str = status_str
        self.error_str = error_str
