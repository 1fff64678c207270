"""iqrfTrio_*: messages that only this gateway has."""

from typing import Annotated, TypedDict

from attrs import field, frozen

from protocol.api.errors import ServiceError
from protocol.api.family import Family, Row
from protocol.api.message import Style
from protocol.auth.rights import MANAGE, READ
from protocol.queue.lanes import Lane
from protocol.readings.history import MAX_POINTS
from protocol.strict.checks import HexDigits, Range
from protocol.strict.shape import Unit, json_name


class TaskNotRunError(ServiceError):
    """A task that cannot be run now; the status string is the cause."""

    def __init__(self, cause: str) -> None:
        super().__init__(1001, cause)


@frozen(kw_only=True)
class Cancel:
    """Which request to take back."""

    msg_id: Annotated[str, "its id; of several of this token's the newest is meant"]


Moment = Annotated[int, Range(0, 1 << 40), Unit("s")]
"""Unix time."""


@frozen(kw_only=True)
class GetHistory:
    """Which sensor, and from when to when; a day until now where nothing is said."""

    mid: Annotated[str, HexDigits(8), "of the device"] | None = None
    n_adr: Annotated[int, Range(0, 239), "its address, where no MID is given"] | None = field(
        default=None, metadata=json_name("nAdr")
    )
    index: Annotated[int, Range(-2, 31), "of the sensor; -1 = RSSI, -2 = supply voltage"]
    start: Annotated[Moment, "begin, since 1970; a day before the end by default"] | None = field(
        default=None, metadata=json_name("from")
    )
    end: Annotated[Moment, "where it ends, itself left out; now by default"] | None = field(
        default=None, metadata=json_name("to")
    )
    points: Annotated[int, Range(1, MAX_POINTS), "how many at most"] = MAX_POINTS


class History(TypedDict):
    """The values of one sensor in columns of the same length, in order of time."""

    mid: Annotated[str, "of the device"]
    index: Annotated[int, "of the sensor"]
    type: Annotated[int | None, "of its quantity; null where nothing is kept"]
    name: Annotated[str | None, "what it is called"]
    unit: Annotated[str | None, "of the values"]
    level: Annotated[str, "how finely: sample, hourly or daily"]
    step: Annotated[int, Unit("s"), "between two points, usually"]
    t: Annotated[list[int], Unit("s"), "when each step begins, since 1970"]
    avg: Annotated[list[float], "mean of each step"]
    min: Annotated[list[float], "lowest value of each step"]
    max: Annotated[list[float], "highest value of each step"]


@frozen(kw_only=True)
class GetStates:
    """Of which node; of all of them where nothing is said."""

    n_adr: Annotated[int, Range(1, 239), "its address"] | None = field(
        default=None, metadata=json_name("nAdr")
    )


class OutputState(TypedDict):
    """A binary output."""

    index: Annotated[int, "of the output"]
    state: Annotated[bool | None, "whether it is on; null where it is not known"]


class LightState(TypedDict):
    """A light."""

    state: Annotated[bool, "whether it is on"]
    brightness: Annotated[int, Unit("%"), "0 only where it is off"]


class NodeStates(TypedDict):
    """The outputs and the light of a node; null where it has none, or they are not known."""

    nAdr: Annotated[int, "its address"]
    mid: Annotated[str, "its MID"]
    outputs: Annotated[list[OutputState], "its binary outputs by index"]
    light: Annotated[LightState | None, "null where it has none, or where it is not known"]
    at: Annotated[str | None, "when this was learnt, UTC; null where nothing is known"]


class AllStates(TypedDict):
    """The states of nodes that have outputs or a light, by address."""

    nodes: Annotated[list[NodeStates], "those that have outputs or a light"]


@frozen(kw_only=True)
class RunTask:
    """Which task to run."""

    task_id: Annotated[str, "its id"]


FAMILY = Family(
    prefix="iqrfTrio_",
    about="Messages that only this gateway has.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=READ,
)

CANCEL = Row(
    FAMILY,
    "Cancel",
    "Take back a network service of the same token, or, with the service permission, of any.",
    Cancel,
    example={"msgId": "the id of a request"},
)

GET_HISTORY = Row(
    FAMILY,
    "GetHistory",
    "Values of one sensor, as finely as `points` allows.",
    GetHistory,
    History,
    example={"mid": "8100a1b2", "index": 0, "from": 1795910400, "to": 1795996800},
)

GET_STATES = Row(
    FAMILY,
    "GetStates",
    "How outputs and lights are, as they were last set or read; the radio is not used.",
    GetStates,
    AllStates,
    example={},
)

RUN_TASK = Row(
    FAMILY,
    "RunTask",
    "Have a task run now, out of turn, active or not; the answer comes when the run has begun.",
    RunTask,
    example={"taskId": "b9c7d1a2-1111-4a3b-8c4d-000000000001"},
    rights=MANAGE,
)

ROWS = (CANCEL, GET_HISTORY, GET_STATES, RUN_TASK)
