"""Tasks in each form in which the versions of an IQRF Gateway Daemon kept them."""

import json
from re import fullmatch
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.config.incumbent.task_items import Messagings
from iqrf_trio.config.incumbent.tasks import Schedule, schedule
from protocol.api.mng_scheduler import UUID_4
from protocol.readings.settings import Messaging
from protocol.tasks.agenda import Moment
from protocol.tasks.task import CLIENT, Item, Task
from protocol.tasks.time_spec import NO_CRON, TimeSpec

NOW = Moment(0.0, 1_780_000_000.0)
CONFIGURATION = {
    "iqrf__WebsocketMessaging.json": {
        "component": "iqrf::WebsocketMessaging",
        "instance": "WebsocketMessaging",
    },
    "iqrf__MqttMessaging.json": {"component": "iqrf::MqttMessaging", "instance": "MqttMessaging"},
    "iqrf__MqMessaging.json": {"component": "iqrf::MqMessaging", "instance": "MqMessaging"},
    "broken.json": None,
    "odd.json": {"component": [], "instance": "odd"},
}
MESSAGINGS = Messagings.of(CONFIGURATION, "MqttMessaging")
WS, MQTT = Messaging("ws", "WebsocketMessaging"), Messaging("mqtt", "MqttMessaging")

ID = "617c6004-3e00-4f45-be7f-4ddade78c2e5"
PULSE: dict[str, Any] = {
    "mType": "iqrfEmbedLedr_Pulse",
    "data": {"msgId": "blink", "req": {"nAdr": 1, "param": {}}, "returnVerbose": True},
}
NO_TIME = {"cronTime": [""] * 7, "exactTime": False, "periodic": False, "period": 0}
FIVE_MINUTES = NO_TIME | {"cronTime": "0 */5 * * * * *", "startTime": ""}


def of_2_7(**members: Any) -> dict[str, Any]:
    """A file of the versions since 2.3."""
    record = {
        "clientId": CLIENT,
        "taskId": ID,
        "description": "blink",
        "task": [{"messaging": [{"type": "ws", "instance": "default"}], "message": PULSE}],
        "timeSpec": FIVE_MINUTES,
        "persist": True,
        "enabled": True,
    }
    return record | members


def of_2_2(**members: Any) -> dict[str, Any]:
    """A file of the versions before."""
    record = {
        "taskId": 1736,
        "clientId": CLIENT,
        "timeSpec": NO_TIME
        | {"cronTime": ["1", "*/1", "*", "*", "*", "*", "*"], "startTime": "2018-11-21T21:21:16.1"},
        "task": {"messaging": "WebsocketMessaging", "message": PULSE},
    }
    return record | members


def of_2_0(*entries: Any) -> dict[str, Any]:
    """The one file of version 2.0."""
    item = {"messaging": "WebsocketMessaging", "message": PULSE}
    first = {"time": "0 */3 * * * * *", "service": CLIENT, "task": item}
    return {"TasksJson": [first | each for each in entries or ({},)]}


def read(content: object, name: str = "1.json") -> Schedule:
    return schedule({name: json.dumps(content).encode()}, MESSAGINGS, NOW)


def only(found: Schedule) -> Task:
    assert found.lost == []
    (task,) = found.tasks
    return task


def test_a_task_of_2_7_is_taken_as_it_is() -> None:
    found = read(of_2_7())
    assert only(found) == Task(
        task_id=ID,
        description="blink",
        items=(Item((WS,), PULSE),),
        time_spec=TimeSpec(
            "0 */5 * * * * *", exact_time=False, periodic=False, period=0, start_time=""
        ),
        persist=True,
        enabled=True,
    )
    assert found.left == []
    assert found.answers_websocket


def test_an_exported_record_is_one_too() -> None:
    assert only(read(of_2_7(active=True))) == only(read(of_2_7()))


def test_a_task_of_2_2_gets_a_uuid_and_runs_as_all_did() -> None:
    task = only(read(of_2_2()))
    assert fullmatch(UUID_4, task.task_id)
    assert task == Task(
        task_id=task.task_id,
        items=Item((WS,), PULSE),
        time_spec=TimeSpec(
            ("1", "*/1", "*", "*", "*", "*", "*"),
            exact_time=False,
            periodic=False,
            period=0,
            start_time="",
        ),
        persist=True,
        enabled=True,
    )


def test_the_file_of_2_0() -> None:
    found = read(of_2_0({}, {"time": "@daily", "description": "night"}), "Tasks.json")
    assert [task.time_spec.cron_time for task in found.tasks] == [
        ("0", "*/3", "*", "*", "*", "*", "*"),
        "0 0 0 * * * *",
    ]
    assert [task.enabled for task in found.tasks] == [True, True]
    assert found.tasks[0].task_id != found.tasks[1].task_id
    assert found.lost == []


def test_the_same_task_gets_the_same_id_each_time() -> None:
    for content in (of_2_2(), of_2_0()):
        assert only(read(content)).task_id == only(read(content, "other.json")).task_id
    assert only(read(of_2_2())).task_id != only(read(of_2_2(taskId=1737))).task_id


@pytest.mark.parametrize(
    ("messaging", "ours"),
    [
        ("WebsocketMessaging", (WS,)),
        (["MqttMessaging", "WebsocketMessaging"], (MQTT, WS)),
        ([{"type": "mqtt", "instance": "MqttMessaging"}], (MQTT,)),
        # Two listeners of the old gateway are one here: it is not sent twice.
        ([{"type": "ws", "instance": "a"}, {"type": "ws", "instance": "b"}], (WS,)),
        ([], ()),
    ],
)
def test_messagings_become_ours(messaging: object, ours: tuple[Messaging, ...]) -> None:
    found = read(of_2_2(task={"messaging": messaging, "message": PULSE}))
    item = only(found).items
    assert isinstance(item, Item)
    assert item.messaging == ours
    assert found.left == []
    assert found.answers_websocket == (WS in ours)


def test_what_of_a_task_is_lost_is_told() -> None:
    other = [{"type": "mqtt", "instance": "other"}]
    items = [
        {"messaging": other, "message": PULSE},
        {"messaging": ["MqMessaging", "MqttMessaging"], "message": PULSE},
        {"messaging": other, "message": {"mType": "infoDaemon_GetNodes", "data": {}}},
    ]
    found = read(of_2_7(task=items))
    task = only(found)
    assert [each.type for each, _ in task.messages] == ["mqtt", "mqtt"]
    assert found.left == [
        "task blink: its answers for MQTT go nowhere, there is no messaging other; 1.json",
        "task blink: it is not sent as MqMessaging, there is nothing like it; 1.json",
        (
            "task blink: one of its messages is left out: Unsupported message type: "
            "infoDaemon_GetNodes; a known message, not answered by this gateway; use "
            "iqrfDb_GetDevices; 1.json"
        ),
    ]


def test_a_star_for_the_second_was_second_0() -> None:
    every = ["*", "*/5", "*", "*", "*", "*", "*"]
    found = read(of_2_2(timeSpec=NO_TIME | {"cronTime": every}, description="often"))
    assert only(found).time_spec.cron_time == ("0", "*/5", "*", "*", "*", "*", "*")
    assert found.left == [
        "task often: it runs at second 0 of a minute, which * for the second meant there; 1.json"
    ]
    # Since 2.3 it means each second.
    assert only(read(of_2_7(timeSpec=FIVE_MINUTES | {"cronTime": every}))).time_spec.cron_time == (
        tuple(every)
    )


def test_an_alias_in_the_first_of_seven_fields() -> None:
    fields = ["@hourly", "", "", "", "", "", ""]
    found = read(of_2_2(timeSpec=NO_TIME | {"cronTime": fields}))
    assert only(found).time_spec.cron_time == "0 0 * * * * *"


def test_periodic_and_exact_times() -> None:
    periodic = {"periodic": True, "period": 60, "startTime": "2018-11-21T21:21:16.103930"}
    assert only(read(of_2_2(timeSpec=NO_TIME | periodic))).time_spec == TimeSpec(
        NO_CRON, exact_time=False, periodic=True, period=60, start_time=""
    )
    exact = {"exactTime": True, "startTime": "2030-01-01T12:00:00.5+02:00"}
    assert only(read(of_2_7(timeSpec=NO_TIME | exact))).time_spec.start_time == (
        "2030-01-01T10:00:00Z"
    )


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_switched_off_stays_so(enabled: bool) -> None:
    assert only(read(of_2_7(enabled=enabled, persist=False))).enabled is enabled
    assert only(read(of_2_7(enabled=enabled))).persist


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (of_2_7(timeSpec=NO_TIME | {"periodic": True, "period": 0}), "Period must be at least"),
        (of_2_7(timeSpec=FIVE_MINUTES | {"cronTime": "@reboot"}), "unsupported alias: @reboot"),
        (of_2_0({"time": "@reboot"}), "unsupported alias: @reboot"),
        (of_2_7(timeSpec=FIVE_MINUTES | {"cronTime": "0 0 0 30 2 * *"}), "it never matches"),
        (of_2_7(timeSpec=FIVE_MINUTES | {"cronTime": "0 0 0 1 1 * 2001"}), "matches no time from"),
        (of_2_7(timeSpec=NO_TIME | {"exactTime": True}), "Invalid datetime"),
        (of_2_7(timeSpec=NO_TIME | {"exactTime": True, "startTime": 5}), "timeSpec.startTime"),
        (of_2_7(timeSpec=None), "timeSpec"),
        (of_2_2(timeSpec=NO_TIME | {"cronTime": ["0", "0", "0", "13", "*", "5", "*"]}), "by month"),
        (of_2_7(clientId="JsonMngApi"), "only SchedulerMessaging has tasks"),
        (of_2_0({"service": "BaseServiceForMQTT1"}), "only SchedulerMessaging has tasks"),
        (of_2_7(task=[{"messaging": "MqMessaging", "message": PULSE}]), "no messaging like MqMess"),
        (of_2_7(task=[{"messaging": [{"type": "udp"}], "message": PULSE}]), "like udp None"),
        (of_2_7(task=[{"message": PULSE}]), "task[0].messaging"),
        (of_2_7(task=5), "task"),
        (of_2_7(task=[5]), "task[0]"),
        (of_2_2(task={"messaging": "WebsocketMessaging", "message": {}}), "None"),
        (
            of_2_2(task={"messaging": "MqttMessaging", "message": {"mType": "mngDaemon_Exit"}}),
            "service permission",
        ),
        (of_2_7(description=5), "description"),
        (of_2_7(enabled="yes"), "enabled"),
        ([], None),
        ([5], "entry 1 is no object"),
        (5, "it is no object"),
        ({"TasksJson": {}}, "it is no object"),
        ({"TasksJson": [5]}, "entry 1 is no object"),
        ({}, "clientId"),
    ],
)
def test_what_cannot_be_taken_is_named_with_the_reason(content: object, told: str | None) -> None:
    found = read(content)
    assert found.tasks == []
    if told is None:
        assert found.lost == []
        return
    (line,) = found.lost
    assert told in line
    assert "1.json" in line


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b'{"description": "\\ud800"}',
        b'{"taskId": 123456789012345678901234567890}',
        b"[" * 5000 + b"]" * 5000,
        json.dumps(of_2_7(), ensure_ascii=True)[:-1].encode(),
    ],
)
def test_a_file_that_is_no_json_keeps_no_other_from_being_taken(text: bytes) -> None:
    files = {"0.json": text, "1.json": json.dumps(of_2_7()).encode()}
    found = schedule(files, MESSAGINGS, NOW)
    assert [task.task_id for task in found.tasks] == [ID]
    assert len(found.lost) == 1
    assert found.lost[0].startswith("task in 0.json: ")


def test_a_task_that_cannot_be_taken_is_told_with_its_time_and_its_messages() -> None:
    item = {"messaging": "MqMessaging", "message": PULSE}
    periodic = {"periodic": True, "period": 60}
    found = read(of_2_2(task=[item, item], timeSpec=periodic, enabled=False))
    assert found.lost == [
        (
            "task 1736: every 60 s, iqrfEmbedLedr_Pulse, iqrfEmbedLedr_Pulse, switched off: "
            "there is no messaging like MqMessaging here; 1.json"
        )
    ]


def test_of_two_files_with_one_id_one_is_taken() -> None:
    text = json.dumps(of_2_7()).encode()
    found = schedule({"1.json": text, "2.json": text}, MESSAGINGS, NOW)
    assert len(found.tasks) == 1
    assert "Task already exists; 2.json" in found.lost[0]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messaging", "message", "mType", "type", "instance", "time", "cronTime"]
            ),
            children,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    base=st.sampled_from([of_2_7(), of_2_2(), of_2_0()["TasksJson"][0]]),
    changes=st.dictionaries(
        st.sampled_from([*of_2_7(), "service", "time", "TasksJson"]), JSON, max_size=3
    ),
    listed=st.booleans(),
)
def test_whatever_stands_there_each_task_is_taken_or_told(
    base: dict[str, Any], changes: dict[str, object], listed: bool
) -> None:
    content = base | changes
    found = read([content] if listed else content)
    assert found.tasks or found.lost or content.get("TasksJson") == []
    for task in found.tasks:
        assert evolve(task, owner=None, persist=True) == task
        assert fullmatch(UUID_4, task.task_id)
