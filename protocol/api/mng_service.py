"""mngService_*: the coordinator's module in the hands of one session, frame by frame."""

from typing import Annotated, TypedDict

from attrs import frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Family, Row, Unasked
from protocol.api.message import ASYNC, Answer, Style
from protocol.auth.rights import Rights, Scope
from protocol.queue.lanes import Lane
from protocol.strict.checks import AtLeast, AtMost, Range


class ServiceModeError(ServiceError):
    """A request of the service mode that failed; each subclass is a status and its text."""

    code = 1
    text = "An unexpected internal error has occurred."

    def __init__(self) -> None:
        super().__init__(self.code, self.text)


class NotWebSocketError(ServiceModeError):
    """It came by another way than a WebSocket session."""

    code = 2
    text = "Service API is only available for WebSocket connections."


class NotPermittedError(ServiceModeError):
    """The token has no service permission by now."""

    code = 3
    text = "WebSocket API token does not have sufficient permissions to use Service API."


class ActivatedError(ServiceModeError):
    """The session has the module already."""

    code = 4
    text = "Service mode has already been activated."


class DeactivatedError(ServiceModeError):
    """Nobody has it."""

    code = 5
    text = "Service mode has already been deactivated."


class NotActiveError(ServiceModeError):
    """A frame was to be written while nobody has the module."""

    code = 6
    text = "Service mode is not active."


class SharedError(ServiceModeError):
    """The gateway is in the service mode of mngDaemon_Mode."""

    code = 7
    text = "Legacy service mode is active."


class NotOwnerError(ServiceModeError):
    """Another session has the module."""

    code = 8
    text = "Another session manages service mode."


class NotWrittenError(ServiceModeError):
    """The frame did not get to the module."""

    code = 9
    text = "Failed to write data to TR."


@frozen(kw_only=True)
class TrWrite:
    """A frame for the module."""

    packet: Annotated[
        tuple[Annotated[int, Range(0, 255)], ...], AtLeast(6), AtMost(64), "bytes of a DPA request"
    ]


class GwIdentification(TypedDict):
    """Which gateway this is."""

    name: Annotated[str, "of the program"]
    hostname: Annotated[str, "of the machine"]
    osBuild: Annotated[int, "build of the module's operating system"]
    osVersion: Annotated[int, "its version"]


class TrInfo(TypedDict):
    """Which module the coordinator is."""

    mid: Annotated[int, "module's identification"]
    osBuild: Annotated[int, "build of its operating system"]
    osVersion: Annotated[int, "its version"]
    trMcuType: Annotated[int, "type of module and microcontroller"]


class TrData(TypedDict):
    """A frame of the module."""

    packet: Annotated[list[int], "bytes of it"]


def data(frame: bytes) -> Answer:
    """The message that the owner gets of each frame."""
    return Answer(TR_DATA.mtype, ASYNC, TrData(packet=list(frame)), status_str="Ok")


FAMILY = Family(
    prefix="mngService_",
    about="The coordinator's module in the hands of one WebSocket session with the service "
    "permission, which sends frames as they are and gets every frame. It ends with the session. "
    "Meanwhile nothing else is served but `mngDaemon_Mode`.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=Rights(Scope.CONTROL, service=True),
    rights_asked_by_handler=True,
)

GW_IDENTIFICATION = Row(
    FAMILY, "GwIdentification", "Tell which gateway this is.", None, GwIdentification
)
TR_INFO = Row(FAMILY, "TrInfo", "Tell which module the coordinator is.", None, TrInfo)
ACTIVATE = Row(FAMILY, "Activate", "Give the module to this session.")
TR_WRITE = Row(
    FAMILY,
    "TrWrite",
    "Send a frame to the module.",
    TrWrite,
    example={"packet": [0, 0, 6, 3, 255, 255]},
)
DEACTIVATE = Row(FAMILY, "Deactivate", "Give the module back to the gateway.")

ROWS = (GW_IDENTIFICATION, TR_INFO, ACTIVATE, TR_WRITE, DEACTIVATE)

TR_DATA = Unasked(
    "mngService_TrData", "A frame that the module sent, to the session that has it.", rsp=TrData
)
