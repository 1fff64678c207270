"""ntfDaemon_*: what the gateway tells of its own state.

The request ntfDaemon_InvokeMonitor has neither parameters nor `rsp`.
"""

import orjson
from attrs import frozen

from protocol.api.mng import OperMode


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


def monitor(state: State, *, number: int, unix_time: int) -> str:
    """The message ntfDaemon_Monitor; `number` counts from 0, `unix_time` is in seconds."""
    return orjson.dumps(
        {
            "mType": "ntfDaemon_Monitor",
            "data": {
                "num": number,
                "timestamp": unix_time,
                "dpaQueueLen": state.dpa_queue,
                "dpaChannelState": "Ready" if state.coordinator_ready else "NotReady",
                "managementQueueLen": state.management_queue,
                "networkQueueLen": state.network_queue,
                "msgQueueLen": state.network_queue,  # the older name of the same
                "operMode": state.oper_mode,
                "enumInProgress": state.enumerating,
                "dataReadingInProgress": state.reading,
            },
        }
    ).decode()
