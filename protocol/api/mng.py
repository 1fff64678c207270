"""mngDaemon_*: version, mode and end of the gateway, pausing its network requests."""

from typing import Annotated, Literal

from attrs import field, frozen

from protocol.api.errors import ServiceError
from protocol.api.members import Range
from protocol.api.shape import json_name
from protocol.auth.rights import READ, Rights, Scope

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
    """Ask the gateway to end in `time_to_exit_ms`."""

    time_to_exit_ms: Annotated[int, Range(0)] = field(metadata=json_name("timeToExit"))


@frozen
class Mode:
    """Change the mode of operation, or, with an empty one, ask for it."""

    oper_mode: Literal[OperMode, ""]


def version(program: str) -> dict[str, object]:
    """`rsp` of mngDaemon_Version; `program` is our own version, which clients do not parse."""
    return {"version": f"v{API_VERSION} (iqrf-trio {program})"}


def no_version(_request: None) -> dict[str, object]:
    """`rsp` of a mngDaemon_Version that failed."""
    return {"version": ""}


def leaving(request: Exit) -> dict[str, object]:
    """`rsp` of mngDaemon_Exit, failed or not."""
    return {"timeToExit": request.time_to_exit_ms}


def mode(oper_mode: OperMode | Literal["unknown"]) -> dict[str, object]:
    """`rsp` of mngDaemon_Mode with the mode that the gateway is in."""
    return {"operMode": oper_mode}


LEAVING = Rights(Scope.MANAGE, service=True)
"""What mngDaemon_Exit takes."""


def rights_for_mode(request: Mode) -> Rights:
    """What a mngDaemon_Mode takes: everybody may ask, a change takes the service permission."""
    return Rights(Scope.CONTROL, service=True) if request.oper_mode else READ


def no_mode(request: Mode) -> dict[str, object]:
    """`rsp` of a mngDaemon_Mode that failed: the mode that was asked for."""
    return mode(request.oper_mode or "unknown")
