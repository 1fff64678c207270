"""When a task of an IQRF Gateway Daemon runs, as it is said here."""

from collections.abc import Mapping

from iqrf_trio.config.incumbent.translation import UnfitError
from protocol.tasks.cron import CronError, parse

_NO_TIME: Mapping[str, object] = {
    "cronTime": "",
    "periodic": False,
    "period": 0,
    "exactTime": False,
    "startTime": "",
}


def time_spec(given: object, notes: list[str], *, old: bool) -> object:
    """The `timeSpec` of a task; `notes` gets what is different. Raises UnfitError.

    `old`: it is of a version before 2.3. Its members are not checked here.
    """
    if not isinstance(given, dict):
        return given
    time = dict(_NO_TIME) | {member: given[member] for member in _NO_TIME if member in given}
    if time["periodic"] is True or time["exactTime"] is True:
        return time
    cron = time["cronTime"]
    if isinstance(cron, list) and cron and str(cron[0]).startswith("@"):
        cron = str(cron[0])  # an alias, behind which the other fields say nothing
    return time | {"cronTime": _as_it_was_meant(cron, notes) if old else cron}


def _as_it_was_meant(cron: object, notes: list[str]) -> object:
    """An expression of a version before 2.3, as one that means the same by the rules of today.

    There `*` for the second was second 0, and a day had to match both as a day of the month and
    as a day of the week.
    """
    fields = cron.split() if isinstance(cron, str) else cron
    if not isinstance(fields, list) or len(fields) != 7:
        return cron
    if fields[0] == "*":
        notes.append("it runs at second 0 of a minute, which * for the second meant there")
        fields = ["0", *fields[1:]]
    try:
        rule = parse([str(each) for each in fields])
    except CronError:
        return fields  # whoever checks the task says why
    if not rule.any_day and not rule.any_weekday:
        raise UnfitError("its day had to match by month and by week, here it matches by either")
    return fields


def shown(spec: object) -> str:
    """A `timeSpec` for people, whatever it is."""
    if not isinstance(spec, dict):
        return "at no known time"
    if spec.get("periodic") is True:
        return f"every {spec.get('period')} s"
    if spec.get("exactTime") is True:
        return f"at {spec.get('startTime')}"
    cron = spec.get("cronTime")
    return f"cron {' '.join(map(str, cron)) if isinstance(cron, list) else cron}"
