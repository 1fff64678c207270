"""iqrfSensorData_*: settings and state of the sensor data service, and its reports."""

from datetime import datetime

import attrs
from attrs import frozen

from protocol.api.converter import structure
from protocol.api.errors import ServiceError
from protocol.api.message import ASYNC, Answer
from protocol.api.shape import unstructure
from protocol.auth import times
from protocol.readings.reading import NodeReading, Reading, SensorReading
from protocol.readings.settings import Messagings, Minutes, SensorSettings

Json = dict[str, object]

_READ_FAILED = 1000
"""Status of a report whose cycle brought nothing ("service error" of this family)."""


class WorkerNotRunningError(ServiceError):
    """A reading was invoked while the worker is stopped."""

    def __init__(self) -> None:
        super().__init__(1003, "Sensor data read worker not running.")


class ReadInProgressError(ServiceError):
    """A reading was invoked during a reading."""

    def __init__(self) -> None:
        super().__init__(1004, "Sensor data read already in progress.")


class SettingsError(ServiceError):
    """Settings that could not be stored."""

    def __init__(self) -> None:
        super().__init__(1005, "Failed to load and update component instance configuration.")


@frozen
class SetConfig:
    """Change the settings that are given (not None), leave the others as they are."""

    auto_run: bool | None = None
    period: Minutes | None = None
    retry_period: Minutes | None = None
    async_reports: bool | None = None
    messaging_list: Messagings | None = None

    def applied_to(self, settings: SensorSettings) -> SensorSettings:
        """`settings` with the changes."""
        given = attrs.asdict(self, recurse=False, filter=lambda _, value: value is not None)
        return attrs.evolve(settings, **given)


def config(settings: SensorSettings) -> Json:
    """`rsp` of iqrfSensorData_GetConfig, which is also the form to store."""
    rsp: Json = unstructure(settings)
    return rsp


def settings_of(stored: object) -> SensorSettings:
    """The settings in what `config` made; raises InvalidRequestError for anything else."""
    return structure(stored, SensorSettings)


def status(*, running: bool, reading: bool) -> Json:
    """`rsp` of iqrfSensorData_Status."""
    return {"running": running, "reading": reading}


def held(answer: Answer) -> Answer:
    """The answer that the worker runs, but will not read before service mode is over."""
    return attrs.evolve(answer, status_str="ok; service mode: readings begin when it is over")


def report_started(number: int, at: datetime) -> Answer:
    """The report that cycle `number` (from 1) begins."""
    return _report(_when(number, at, reading=True))


def report_finished(number: int, reading: Reading) -> Answer:
    """The report of what cycle `number` brought; a shortfall stands in the status string."""
    devices: Json = {"devices": [_device(node) for node in reading.devices]}
    answer = _report(devices | _when(number, reading.at, reading=False))
    if reading.failure:
        return attrs.evolve(answer, status=_READ_FAILED, status_str=reading.failure)
    if reading.shortfall:
        return attrs.evolve(answer, status_str=f"ok; {reading.shortfall}")
    return answer


def _report(rsp: Json) -> Answer:
    return Answer("iqrfSensorData_ReportAsync", ASYNC, rsp)


def _when(number: int, at: datetime, *, reading: bool) -> Json:
    return {
        "dateTime": times.format_iso(at),
        "unixTime": int(at.timestamp()),
        "reportNum": number,
        "reading": reading,
    }


def _device(node: NodeReading) -> Json:
    return {
        "address": node.address,
        "hwpid": node.hwpid or 0,
        "mid": node.mid,
        "rssi": node.rssi,
        "voltage": node.voltage,
        "sensors": [_sensor(sensor) for sensor in node.sensors],
    }


def _sensor(sensor: SensorReading) -> Json:
    return {
        "index": sensor.index,
        "type": sensor.type,
        "name": sensor.name,
        "unit": sensor.unit or "",
        "value": sensor.value,
    }
