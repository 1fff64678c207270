"""iqrfSensorData_*: settings and state of the sensor data service, and its reports."""

from datetime import datetime
from typing import Annotated, NotRequired, TypedDict

import attrs
from attrs import frozen

from protocol.api.converter import structure
from protocol.api.db.descriptions import Address
from protocol.api.errors import ServiceError
from protocol.api.family import Family, Row, Unasked
from protocol.api.message import ASYNC, Answer, Style
from protocol.auth import times
from protocol.auth.rights import CONTROL, MANAGE, READ
from protocol.queue.lanes import Lane
from protocol.readings.reading import NodeReading, Reading, SensorReading
from protocol.readings.settings import (
    ASYNC_REPORTS,
    AUTO_RUN,
    MESSAGING_LIST,
    PERIOD,
    RETRY_PERIOD,
    Messagings,
    Minutes,
    SensorSettings,
)
from protocol.standard.quantities import Value
from protocol.strict.shape import Unit, unstructure

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
    """The settings that change; those that are left out (None) stay as they are."""

    auto_run: Annotated[bool | None, AUTO_RUN] = None
    period: Annotated[Minutes | None, PERIOD] = None
    retry_period: Annotated[Minutes | None, RETRY_PERIOD] = None
    async_reports: Annotated[bool | None, ASYNC_REPORTS] = None
    messaging_list: Annotated[Messagings | None, MESSAGING_LIST] = None

    def applied_to(self, settings: SensorSettings) -> SensorSettings:
        """`settings` with the changes."""
        given = attrs.asdict(self, recurse=False, filter=lambda _, value: value is not None)
        return attrs.evolve(settings, **given)


class Status(TypedDict):
    """What the worker does."""

    running: Annotated[bool, "whether it reads periodically"]
    reading: Annotated[bool, "whether it reads at this moment"]


class ReportedSensor(TypedDict):
    """One sensor's value."""

    index: Annotated[int, "counts over all sensors of the device, from 0"]
    type: Annotated[int, "type by the Sensor standard"]
    name: Annotated[str, "of the quantity"]
    unit: Annotated[str, "empty where the quantity has none"]
    value: Annotated[Value | None, "null where none came"]


class ReportedDevice(TypedDict):
    """The values of one device."""

    address: Address
    hwpid: Annotated[int, "hardware profile"]
    mid: Annotated[int | None, "module's identification"]
    rssi: Annotated[int | None, Unit("dBm"), "strength of its last reception"]
    voltage: Annotated[float | None, Unit("V"), "supply voltage"]
    sensors: Annotated[list[ReportedSensor], "by index"]


class Moment(TypedDict):
    """Which reading, and whether it begins or ends."""

    dateTime: Annotated[str, "ISO 8601, UTC"]
    unixTime: Annotated[int, Unit("s"), "the same since 1970"]
    reportNum: Annotated[int, "counts the readings, from 1; begin and end have the same"]
    reading: Annotated[bool, "true at the begin, false at the end"]


class Report(Moment):
    """The begin of a reading of all sensors, or its end, with what it brought."""

    devices: NotRequired[Annotated[list[ReportedDevice], "at the end only"]]


def config(settings: SensorSettings) -> dict[str, object]:
    """The form of the settings in which they are stored, that of iqrfSensorData_GetConfig."""
    stored: dict[str, object] = unstructure(settings)
    return stored


def settings_of(stored: object) -> SensorSettings:
    """The settings in what `config` made; raises InvalidRequestError for anything else."""
    return structure(stored, SensorSettings)


def status(*, running: bool, reading: bool) -> Status:
    """`rsp` of iqrfSensorData_Status."""
    return Status(running=running, reading=reading)


def held(answer: Answer) -> Answer:
    """The answer that the worker runs, but will not read before service mode is over."""
    return attrs.evolve(answer, status_str="ok; service mode: readings begin when it is over")


def report_started(number: int, at: datetime) -> Answer:
    """The report that cycle `number` (from 1) begins."""
    return _report(_moment(number, at, reading=True))


def report_finished(number: int, reading: Reading) -> Answer:
    """The report of what cycle `number` brought; a shortfall stands in the status string."""
    devices = [_device(node) for node in reading.devices]
    # The devices come first.
    rsp = Report(devices=devices, **_moment(number, reading.at, reading=False))
    answer = _report(rsp)
    if reading.failure:
        return attrs.evolve(answer, status=_READ_FAILED, status_str=reading.failure)
    if reading.shortfall:
        return attrs.evolve(answer, status_str=f"ok; {reading.shortfall}")
    return answer


def _report(rsp: Report | Moment) -> Answer:
    return Answer(REPORT.mtype, ASYNC, rsp)


def _moment(number: int, at: datetime, *, reading: bool) -> Moment:
    return Moment(
        dateTime=times.format_iso(at),
        unixTime=int(at.timestamp()),
        reportNum=number,
        reading=reading,
    )


def _device(node: NodeReading) -> ReportedDevice:
    return ReportedDevice(
        address=node.address,
        hwpid=node.hwpid or 0,
        mid=node.mid,
        rssi=node.rssi,
        voltage=node.voltage,
        sensors=[_sensor(sensor) for sensor in node.sensors],
    )


def _sensor(sensor: SensorReading) -> ReportedSensor:
    return ReportedSensor(
        index=sensor.index,
        type=sensor.type,
        name=sensor.name,
        unit=sensor.unit or "",
        value=sensor.value,
    )


FAMILY = Family(
    prefix="iqrfSensorData_",
    about="The worker that reads all sensors periodically and reports them.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=MANAGE,
)

GET_CONFIG = Row(
    FAMILY, "GetConfig", "Tell the settings in force.", None, SensorSettings, rights=READ
)
SET_CONFIG = Row(
    FAMILY,
    "SetConfig",
    "Change settings, now and for the next start.",
    SetConfig,
    example={"period": 15},
)
STATUS = Row(
    FAMILY,
    "Status",
    "Tell whether the worker runs, and whether it reads.",
    None,
    Status,
    rights=READ,
)
START = Row(FAMILY, "Start", "Read now and from now on periodically.")
INVOKE = Row(FAMILY, "Invoke", "Read now instead of when the period is over.", rights=CONTROL)
STOP = Row(FAMILY, "Stop", "Read no more; a round that is on the air is finished.")

ROWS = (GET_CONFIG, SET_CONFIG, START, STATUS, INVOKE, STOP)

REPORT = Unasked(
    "iqrfSensorData_ReportAsync",
    "The begin or the end of a reading of all sensors. Status 1000: nothing could be read.",
    rsp=Report,
)
