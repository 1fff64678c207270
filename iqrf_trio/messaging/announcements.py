"""What the gateway says unasked: reports, enumeration steps and asynchronous DPA, as messages."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from attrs import define, field

from protocol.api import db, raw, sensor_data
from protocol.api.dpa.reports import Report, is_report
from protocol.api.message import Answer, Style, dump
from protocol.network.network import Network
from protocol.readings.reading import Reading
from protocol.readings.settings import Messaging, SensorSettings


@define(eq=False)
class Outlet:
    """A way out of the gateway: to everybody who is connected there and entitled to messages."""

    publish: Callable[[str], None]
    unasked: bool = True
    """Whether it takes what is not sent to it by name."""
    answer: Callable[[str], None] = field()
    """Where answers to what a task has asked go; by default where all else goes."""

    @answer.default
    def _as_all_else(self) -> Callable[[str], None]:
        return self.publish


def _utc_now() -> datetime:
    return datetime.now(UTC)


@define(eq=False)
class Announcer:
    """Puts what happened into messages, and hands them to the outlets that take them.

    `network` gives what is known of the nodes; `reports` counts what these have told of their
    sensors unasked.
    """

    _ins_id: str
    _outlets: Mapping[Messaging, Outlet]
    _now: Callable[[], datetime] = _utc_now
    _network: Callable[[], Network] = field(default=Network, kw_only=True)
    reports: int = field(default=0, init=False)

    @property
    def messagings(self) -> frozenset[Messaging]:
        """The names of the outlets."""
        return frozenset(self._outlets)

    def connect(self, outlets: Mapping[Messaging, Outlet]) -> None:
        """From now on messages go to these outlets too."""
        self._outlets = {**self._outlets, **outlets}

    def disconnect(self, outlets: Iterable[Messaging]) -> None:
        """From now on nothing goes to the outlets of these names."""
        gone = frozenset(outlets)
        self._outlets = {name: each for name, each in self._outlets.items() if name not in gone}

    def deliver(self, messaging: Messaging, text: str) -> None:
        """Send an answer that belongs to this messaging; where there is none, nowhere."""
        if (outlet := self._outlets.get(messaging)) is not None:
            outlet.answer(text)

    def frame(self, frame: bytes) -> None:
        """A device has sent `frame` on its own."""
        self._publish(raw.unasked(frame), Style.DPA)
        if is_report(frame):
            self.reports += 1
            at = self._now().astimezone().isoformat(timespec="milliseconds")
            report = Report(frame, self.reports, at)
            self._publish(report.answer(self._network()), Style.DPA, verbose=True)

    def enumeration(self, step: db.Step, status: int, text: str) -> None:
        """An enumeration that no client asked for has come to `step`; begin and end are news."""
        if status or step in {db.Step.STARTED, db.Step.FINISHED}:
            self._publish(db.unasked_step(step, status, text), Style.SERVICE)

    def started(self, settings: SensorSettings, number: int, at: datetime) -> None:
        """Reading cycle `number` begins."""
        self._report(settings, sensor_data.report_started(number, at))

    def finished(self, settings: SensorSettings, number: int, reading: Reading) -> None:
        """Reading cycle `number` is over."""
        self._report(settings, sensor_data.report_finished(number, reading))

    def _report(self, settings: SensorSettings, answer: Answer) -> None:
        if settings.async_reports:
            self._publish(answer, Style.SERVICE, settings.messaging_list)

    def _publish(
        self,
        answer: Answer,
        style: Style,
        named: tuple[Messaging, ...] = (),
        *,
        verbose: bool = False,
    ) -> None:
        """Send to the outlets of these names; without names to all that take what is unasked."""
        text = dump(answer, style, verbose=verbose, ins_id=self._ins_id)
        for name, outlet in self._outlets.items():
            if name in named if named else outlet.unasked:
                outlet.publish(text)
