"""When a task runs, as clients say it (`timeSpec`), and the rule that follows from it."""

import re
from datetime import UTC, datetime, timedelta

from attrs import frozen

from protocol.errors import RemoteProtocolError
from protocol.tasks import cron
from protocol.tasks.cron import Cron, CronError, UnknownAliasError

CronTime = str | tuple[str, ...]
"""A cron expression: seven fields in a string or in seven strings, or an alias."""

NO_CRON: CronTime = ("",) * 7
"""What stands in place of an expression where there is none."""

_MOMENT = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?"
    r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?",
    re.ASCII,
)
_MAX_PERIOD_S = 100 * 366 * 86400


class TimeSpecError(RemoteProtocolError):
    """A time that is none; the message is what clients of a scheduler are told."""


@frozen
class TimeSpec:
    """When a task runs, as it is stored.

    `periodic` goes before `exact_time`, which goes before `cron_time`. `period` is in seconds;
    `start_time` is ISO 8601, empty unless `exact_time`.
    """

    cron_time: CronTime
    exact_time: bool
    periodic: bool
    period: int
    start_time: str


@frozen
class Periodic:
    """Every `period_s` seconds, whatever the wall clock says; for the first time at once."""

    period_s: int


@frozen
class Once:
    """At one moment (Unix time, seconds); at once where that is past."""

    at: float


Rule = Cron | Periodic | Once


def rule_of(spec: TimeSpec) -> Rule:
    """The rule of what a client has asked for. Raises TimeSpecError."""
    if spec.periodic:
        if not 1 <= spec.period <= _MAX_PERIOD_S:
            bound = "at least >= 1sec" if spec.period < 1 else f"at most {_MAX_PERIOD_S} sec"
            raise TimeSpecError(f'Period must be {bound} period="{spec.period}" ')
        return Periodic(spec.period)
    if spec.exact_time:
        return Once(_moment(spec.start_time).timestamp())
    try:
        return cron.parse(spec.cron_time)
    except UnknownAliasError as error:
        raise TimeSpecError(f"Unknown or unsupported alias: {error}") from None
    except CronError as error:
        raise TimeSpecError(f"Cron expression error: {error}") from None


def normalised(spec: TimeSpec) -> TimeSpec:
    """The form in which `spec` is stored and shown: equal times are equal. Raises TimeSpecError."""
    rule_of(spec)
    text = spec.cron_time
    if isinstance(text, str):
        text = cron.expand(text).strip() or NO_CRON
    if spec.periodic or spec.exact_time:
        text = NO_CRON
    start = ""
    if spec.exact_time and not spec.periodic:
        start = _moment(spec.start_time).strftime("%Y-%m-%dT%H:%M:%SZ")
    return TimeSpec(text, spec.exact_time, spec.periodic, spec.period, start)


def _moment(text: str) -> datetime:
    """The instant in `text`, in whole seconds; without a zone it is UTC. Raises TimeSpecError."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise TimeSpecError("Invalid datetime string format.")
    try:
        local = datetime.fromisoformat(match["second"]).replace(tzinfo=UTC)
        hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
        ahead = timedelta(hours=hours, minutes=minutes) * (-1 if match["sign"] == "-" else 1)
        if hours > 23 or minutes > 59:
            raise ValueError
        return local - ahead
    except (ValueError, OverflowError):
        raise TimeSpecError("Invalid datetime string format.") from None
