"""The monitor's message, byte for byte."""

from protocol.api.ntf import State, monitor

from .asking import asked


def test_the_monitor_message() -> None:
    state = State(
        dpa_queue=0,
        management_queue=1,
        network_queue=2,
        coordinator_ready=True,
        oper_mode="operational",
        enumerating=False,
        reading=True,
    )
    assert monitor(state, number=24, unix_time=1562256558) == (
        '{"mType":"ntfDaemon_Monitor","data":{"num":24,"timestamp":1562256558,"dpaQueueLen":0,'
        '"dpaChannelState":"Ready","managementQueueLen":1,"networkQueueLen":2,"msgQueueLen":2,'
        '"operMode":"operational","enumInProgress":false,"dataReadingInProgress":true}}'
    )


def test_to_invoke_the_monitor_takes_no_parameters() -> None:
    assert asked("ntfDaemon_InvokeMonitor", returnVerbose=True) is None
