"""iqrfSensorData_*: settings, their changes, and the reports byte for byte."""

import json
from datetime import UTC, datetime

import pytest

from protocol.api import sensor_data
from protocol.api.errors import InvalidRequestError, ServiceError
from protocol.api.message import Answer, Style, dump
from protocol.readings.reading import NodeReading, Reading, SensorReading
from protocol.readings.settings import Messaging, SensorSettings

from .asking import asked, refusal

AT = datetime(2026, 4, 28, 10, 0, 0, 120_000, tzinfo=UTC)


def text_of(answer: Answer) -> str:
    return dump(answer, Style.SERVICE, verbose=False, ins_id="iqrfgd2-default")


def test_config_and_back() -> None:
    settings = SensorSettings(
        auto_run=True,
        period=5,
        retry_period=2,
        async_reports=False,
        messaging_list=(Messaging("mqtt", "a"), Messaging("ws", "b")),
    )
    rsp = sensor_data.config(settings)
    assert rsp == {
        "autoRun": True,
        "period": 5,
        "retryPeriod": 2,
        "asyncReports": False,
        "messagingList": [{"type": "mqtt", "instance": "a"}, {"type": "ws", "instance": "b"}],
    }
    assert list(rsp) == ["autoRun", "period", "retryPeriod", "asyncReports", "messagingList"]
    assert sensor_data.settings_of(json.loads(json.dumps(rsp))) == settings


def test_stored_settings_that_are_damaged() -> None:
    with pytest.raises(InvalidRequestError, match=r"^period: must be at least 1, not 0$"):
        sensor_data.settings_of({"period": 0})


def test_only_what_is_given_is_changed() -> None:
    before = SensorSettings(messaging_list=(Messaging("ws", "a"),))
    assert asked("iqrfSensorData_SetConfig", req={}).applied_to(before) == before
    request = asked("iqrfSensorData_SetConfig", req={"period": 60, "asyncReports": False})
    assert request.applied_to(before) == SensorSettings(
        period=60, async_reports=False, messaging_list=(Messaging("ws", "a"),)
    )
    emptied = asked("iqrfSensorData_SetConfig", req={"messagingList": [], "autoRun": True})
    assert emptied.applied_to(before) == SensorSettings(auto_run=True)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"period": 0}, "data.req.period: must be at least 1, not 0"),
        ({"retryPeriod": 0}, "data.req.retryPeriod: must be at least 1, not 0"),
        ({"period": None}, "data.req.period: must be an integer, not null"),
        ({"period": 1e30}, "data.req.period: must be an integer, not a floating-point number"),
        ({"autoRun": 1}, "data.req.autoRun: must be a boolean, not an integer"),
        ({"auto_run": True}, "data.req: unknown member 'auto_run' (known: autoRun, period, "),
        ({"messagingList": [{"type": "udp", "instance": "a"}]}, "data.req.messagingList[0].type: "),
        ({"messagingList": [{"type": "ws"}]}, "data.req.messagingList[0].instance: required "),
        (
            {"messagingList": [{"type": "ws", "instance": "a"}] * 2},
            "data.req.messagingList: item 1 repeats item 0",
        ),
    ],
)
def test_changes_refused(members: object, reason: str) -> None:
    assert refusal("iqrfSensorData_SetConfig", req=members).startswith(reason)


@pytest.mark.parametrize("name", ["GetConfig", "Status", "Start", "Stop", "Invoke"])
def test_requests_without_parameters(name: str) -> None:
    assert asked(f"iqrfSensorData_{name}", returnVerbose=True) is None


def test_status() -> None:
    assert sensor_data.status(running=True, reading=False) == {"running": True, "reading": False}


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (sensor_data.WorkerNotRunningError(), 1003, "Sensor data read worker not running."),
        (sensor_data.ReadInProgressError(), 1004, "Sensor data read already in progress."),
        (
            sensor_data.SettingsError(),
            1005,
            "Failed to load and update component instance configuration.",
        ),
    ],
)
def test_failures(error: ServiceError, status: int, text: str) -> None:
    assert (error.status, error.status_str) == (status, text)


def test_the_report_of_a_start() -> None:
    assert text_of(sensor_data.report_started(7, AT)) == (
        '{"mType":"iqrfSensorData_ReportAsync","data":{"msgId":"async","rsp":{'
        '"dateTime":"2026-04-28T10:00:00.120Z","unixTime":1777370400,"reportNum":7,'
        '"reading":true},"status":0,"statusStr":"ok","insId":"iqrfgd2-default"}}'
    )


def test_the_report_of_a_result() -> None:
    sensors = (
        SensorReading(0, 1, "Temperature", "°C", 22.5),
        SensorReading(1, 129, "Binary data7", None, 16),
        SensorReading(2, 192, "Data block", "", (1, 255)),
        SensorReading(3, 128, "Relative humidity", "%", None),
    )
    reading = Reading(
        AT,
        (
            NodeReading(1, 10244, 2165474388, -56, 3.05, ()),
            NodeReading(3, None, None, None, None, sensors),
        ),
    )
    assert text_of(sensor_data.report_finished(7, reading)) == (
        '{"mType":"iqrfSensorData_ReportAsync","data":{"msgId":"async","rsp":{"devices":['
        '{"address":1,"hwpid":10244,"mid":2165474388,"rssi":-56,"voltage":3.05,"sensors":[]},'
        '{"address":3,"hwpid":0,"mid":null,"rssi":null,"voltage":null,"sensors":['
        '{"index":0,"type":1,"name":"Temperature","unit":"°C","value":22.5},'
        '{"index":1,"type":129,"name":"Binary data7","unit":"","value":16},'
        '{"index":2,"type":192,"name":"Data block","unit":"","value":[1,255]},'
        '{"index":3,"type":128,"name":"Relative humidity","unit":"%","value":null}]}],'
        '"dateTime":"2026-04-28T10:00:00.120Z","unixTime":1777370400,"reportNum":7,'
        '"reading":false},"status":0,"statusStr":"ok","insId":"iqrfgd2-default"}}'
    )


def test_the_report_of_a_cycle_that_brought_nothing() -> None:
    report = sensor_data.report_finished(1, Reading(AT, (), failure="ERROR_TIMEOUT"))
    assert (report.status, report.status_str) == (1000, "ERROR_TIMEOUT")
    assert isinstance(report.rsp, dict)
    assert report.rsp["devices"] == []
    assert report.rsp["reading"] is False


def test_the_report_of_a_cycle_that_brought_only_a_part() -> None:
    report = sensor_data.report_finished(1, Reading(AT, (), shortfall="1 of 3 rounds"))
    assert (report.status, report.status_str) == (0, "ok; 1 of 3 rounds")
