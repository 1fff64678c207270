"""mngDaemon_*: version, mode and end of the gateway, pausing its network requests."""

from typing import Annotated, Literal, TypedDict

from attrs import evolve, field, frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Family, Row
from protocol.api.message import Style
from protocol.auth.rights import MANAGE, READ, Rights, Scope
from protocol.queue.lanes import Lane
from protocol.strict.checks import Range
from protocol.strict.shape import Unit, json_name

API_VERSION = "2.7.0"
"""The release of the IQRF Gateway Daemon whose API this is; clients ask for at least one."""


OperMode = Literal["operational", "service", "forwarding"]
"""The modes that clients know."""


class ManagementError(ServiceError):
    """A management request that failed; `errorStr` of its answer is the cause."""

    def __init__(self, cause: str) -> None:
        super().__init__(-1, "err", cause)


@frozen
class Exit:
    """When the gateway is to end."""

    time_to_exit_ms: Annotated[int, Range(0), Unit("ms"), "until then"] = field(
        metadata=json_name("timeToExit")
    )


@frozen
class Mode:
    """The mode that is wished for."""

    oper_mode: Annotated[Literal[OperMode, ""], "an empty one only asks"]


class PresentMode(TypedDict):
    """The mode that the gateway is in; of a request that failed the one that was wished for."""

    operMode: Annotated[OperMode | Literal["unknown"], "`unknown` where asking itself failed"]


class Version(TypedDict):
    """Which API this is, and which program."""

    version: Annotated[str, "`v` and the release of the API, then the program's own version"]


class Leaving(TypedDict):
    """When the gateway ends."""

    timeToExit: Annotated[int, Unit("ms"), "what was asked for"]


def version(program: str) -> Version:
    """`rsp` of mngDaemon_Version; `program` is our own version, which clients do not parse."""
    return Version(version=f"v{API_VERSION} (iqrf-trio {program})")


def leaving(request: Exit) -> Leaving:
    """`rsp` of mngDaemon_Exit, failed or not."""
    return Leaving(timeToExit=request.time_to_exit_ms)


def mode(oper_mode: OperMode | Literal["unknown"]) -> PresentMode:
    """`rsp` of mngDaemon_Mode with the mode that the gateway is in."""
    return PresentMode(operMode=oper_mode)


LEAVING = Rights(Scope.MANAGE, service=True)
"""What mngDaemon_Exit takes."""


def rights_for_mode(request: Mode) -> Rights:
    """What a mngDaemon_Mode takes: everybody may ask, a change takes the service permission."""
    return Rights(Scope.CONTROL, service=True) if request.oper_mode else READ


def no_mode(request: Mode) -> PresentMode:
    """`rsp` of a mngDaemon_Mode that failed: the mode that was asked for."""
    return mode(request.oper_mode or "unknown")


FAMILY = Family(
    prefix="mngDaemon_",
    about="The gateway itself: its version, its mode, its end, and pausing its use of the radio.",
    lane=Lane.MANAGEMENT,
    style=Style.DPA,
    rights=MANAGE,
)

_QUEUE = evolve(FAMILY, style=Style.SERVICE)

VERSION = Row(
    FAMILY,
    "Version",
    "Tell which API this is, and which program.",
    None,
    Version,
    failed=lambda _: Version(version=""),
    rights=READ,
)
MODE = Row(
    FAMILY,
    "Mode",
    "Change the mode of operation, or ask for it. In service mode the radio belongs to clients "
    "with the service permission, and to their single requests.",
    Mode,
    PresentMode,
    example={"operMode": ""},
    failed=no_mode,
    rights=rights_for_mode,
)
START_QUEUE = Row(
    _QUEUE, "StartNetworkQueue", "Serve what waits for the radio, after a pause.", vital=True
)
STOP_QUEUE = Row(
    _QUEUE,
    "StopNetworkQueue",
    "Keep the radio silent; it is when the answer comes. Requests go on waiting. A network "
    "service that is cancelled later still puts back what it has changed.",
    vital=True,
)
EXIT = Row(
    FAMILY,
    "Exit",
    "Have the gateway end after some time.",
    Exit,
    Leaving,
    example={"timeToExit": 50},
    failed=leaving,
    rights=LEAVING,
)

ROWS = (VERSION, MODE, STOP_QUEUE, START_QUEUE, EXIT)
