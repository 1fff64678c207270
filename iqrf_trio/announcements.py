"""What the gateway says unasked: reports, enumeration steps and asynchronous DPA, as messages."""

from datetime import datetime

from attrs import frozen

from iqrf_trio.reports import Reports
from protocol.api import db, raw, sensor_data
from protocol.api.message import Answer, Style, dump
from protocol.reading import Reading
from protocol.sensor_settings import SensorSettings


@frozen(eq=False)
class Announcer:
    """Puts what happened into messages, and hands them to everybody who is entitled to them."""

    _ins_id: str
    _reports: Reports
    _async_dpa: bool

    def frame(self, frame: bytes) -> None:
        """A device has sent `frame` on its own."""
        if self._async_dpa:
            self._publish(raw.unasked(frame), Style.DPA)

    def enumeration(self, step: db.Step, status: int, text: str) -> None:
        """An enumeration that no client asked for has come to `step`; begin and end are news."""
        if status or step in {db.Step.STARTED, db.Step.FINISHED}:
            self._publish(db.unasked_step(step, status, text), Style.SERVICE)

    def started(self, settings: SensorSettings, number: int, at: datetime) -> None:
        """Reading cycle `number` begins."""
        if settings.async_reports:
            self._publish(sensor_data.report_started(number, at), Style.SERVICE)

    def finished(
        self, settings: SensorSettings, number: int, reading: Reading, failure: str
    ) -> None:
        """Reading cycle `number` is over."""
        if settings.async_reports:
            report = sensor_data.report_finished(number, reading, failure)
            self._publish(report, Style.SERVICE)

    def _publish(self, answer: Answer, style: Style) -> None:
        self._reports.publish(dump(answer, style, verbose=False, ins_id=self._ins_id))
