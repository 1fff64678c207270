"""ntfDaemon_*: what the gateway tells of its own state.

The request ntfDaemon_InvokeMonitor has neither parameters nor `rsp`.
"""

from typing import Annotated, Literal, TypedDict

import orjson
from attrs import frozen

from protocol.api.family import Family, Row, Unasked
from protocol.api.message import Style
from protocol.api.mng import OperMode
from protocol.auth.rights import READ
from protocol.queue.lanes import Lane
from protocol.strict.shape import Unit


@frozen
class State:
    """The gateway at one moment; queue lengths count what waits, for DPA what is on the air."""

    dpa_queue: int
    management_queue: int
    network_queue: int
    coordinator_ready: bool
    oper_mode: OperMode
    enumerating: bool
    reading: bool


class Frame(TypedDict):
    """The state of the gateway, as watchers are told."""

    num: Annotated[int, "counts the messages of the stream, from 0"]
    timestamp: Annotated[int, Unit("s"), "since 1970"]
    dpaQueueLen: Annotated[int, "requests on the air"]
    dpaChannelState: Annotated[Literal["Ready", "NotReady"], "the link to the coordinator"]
    managementQueueLen: Annotated[int, "management requests under way"]
    networkQueueLen: Annotated[int, "requests that wait for the radio"]
    msgQueueLen: Annotated[int, "the older name of the same"]
    operMode: Annotated[OperMode, "mode of operation"]
    enumInProgress: Annotated[bool, "whether the network is being learnt"]
    dataReadingInProgress: Annotated[bool, "whether sensors are being read"]


def monitor(state: State, *, number: int, unix_time: int) -> str:
    """The message ntfDaemon_Monitor; `number` counts from 0, `unix_time` is in seconds."""
    frame = Frame(
        num=number,
        timestamp=unix_time,
        dpaQueueLen=state.dpa_queue,
        dpaChannelState="Ready" if state.coordinator_ready else "NotReady",
        managementQueueLen=state.management_queue,
        networkQueueLen=state.network_queue,
        msgQueueLen=state.network_queue,
        operMode=state.oper_mode,
        enumInProgress=state.enumerating,
        dataReadingInProgress=state.reading,
    )
    return orjson.dumps({"mType": MONITOR.mtype, "data": frame}).decode()


FAMILY = Family(
    prefix="ntfDaemon_",
    about="Watching the gateway.",
    lane=Lane.MANAGEMENT,
    style=Style.DPA,
    rights=READ,
)

INVOKE_MONITOR = Row(
    FAMILY,
    "InvokeMonitor",
    "Tell this client of the gateway's state, now and whenever it changes: ntfDaemon_Monitor.",
)
MONITOR = Unasked(
    "ntfDaemon_Monitor",
    "The state of the gateway: to clients that asked for it, and on the port of the monitor.",
    data=Frame,
)

ROWS = (INVOKE_MONITOR,)
