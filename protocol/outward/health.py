"""Whether the gateway is well: checks of its parts, each with a status and what is wrong.

The overall status is the worst of all checks. A module that is away, or a broker, makes it "fail"
for whoever watches; it never makes the gateway count as not ready, nor the service manager kill it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

AWAY_S = 60.0
"""How long the module or the broker may be away before that is a failure."""

DISK_WARNING = 0.9
"""Part of the file system in use that is worth a warning."""

SILENT_NODES = 0.1
"""Part of the nodes that may keep silent in a cycle before that is worth a warning."""

PERIODS = 3
"""Periods without a cycle after which readings count as failed."""

FIRST_TRUE_YEAR = 2025
"""A clock that shows an earlier year was not set since the board was switched on."""


class Status(StrEnum):
    """How a part is; the values of the health+json draft."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"

    @property
    def severity(self) -> int:
        """The higher, the worse."""
        return list(Status).index(self)


@frozen
class Check:
    """One part of the gateway. `reason` says in words what is wrong, `details` are facts."""

    status: Status
    reason: str = ""
    details: Mapping[str, object] = field(factory=dict)


@frozen
class Health:
    """All checks by the name of their part."""

    checks: Mapping[str, Check]

    @property
    def status(self) -> Status:
        """The worst of all."""
        states = (check.status for check in self.checks.values())
        return max(states, key=lambda status: status.severity, default=Status.PASS)


def document(health: Health, *, version: str, instance: str, uptime_s: float) -> dict[str, object]:
    """The health as it is told in JSON."""
    return {
        "status": health.status.value,
        "version": version,
        "instance": instance,
        "uptime": round(uptime_s),
        "checks": {name: part(check) for name, check in health.checks.items()},
    }


def in_words(health: Health) -> str:
    """What is wrong, in a line, the worst first; empty where nothing is."""
    wrong = [each for each in health.checks.items() if each[1].status is not Status.PASS]
    wrong.sort(key=lambda each: -each[1].status.severity)
    return "; ".join(f"{name}: {check.reason}" for name, check in wrong)


def part(check: Check) -> dict[str, object]:
    """One check as it is told in JSON."""
    reason = {"reason": check.reason} if check.reason else {}
    return {"status": check.status.value, **reason, **check.details}


def radio(
    *, connected: bool, away_s: float, service_mode: bool, details: Mapping[str, object]
) -> Check:
    """The link to the coordinator, which is away for `away_s` seconds."""
    if not connected:
        status = Status.WARN if away_s < AWAY_S else Status.FAIL
        return Check(status, f"the module has not answered for {away_s:.0f} s", details)
    if service_mode:
        return Check(Status.WARN, "the gateway is in service mode: nothing is read", details)
    return Check(Status.PASS, "", details)


def storage(
    *, error: str, used: float | None, details: Mapping[str, object], read_only: bool = False
) -> Check:
    """A database: `error` of the last write, and the part of its file system that is in use."""
    if read_only:
        return Check(Status.FAIL, "the disk is read-only: nothing is kept", details)
    if error:
        return Check(Status.FAIL, f"the last write failed: {error}", details)
    if used is not None and used > DISK_WARNING:
        return Check(Status.WARN, f"{used:.0%} of the disk are in use", details)
    return Check(Status.PASS, "", details)


@frozen
class LastCycle:
    """The last cycle of readings: when it was over, whom it reached, why it failed."""

    at: datetime
    nodes_ok: int
    nodes: int
    failure: str = ""
    shortfall: str = ""
    stopped: bool = False
    """Whether somebody stopped it, which is no failure, nor the silence of a node."""


def reading(last: LastCycle | None, *, now: datetime, period_s: float, running_s: float) -> Check:
    """The readings, while they run (for `running_s` seconds by now)."""
    if last is None:
        late = running_s > PERIODS * period_s
        return Check(Status.FAIL, "no cycle was over yet") if late else Check(Status.PASS)
    details = {"last": iso(last.at), "nodes_ok": last.nodes_ok, "nodes": last.nodes}
    return Check(*_judged(last, (now - last.at).total_seconds(), period_s), details)


def _judged(last: LastCycle, age_s: float, period_s: float) -> tuple[Status, str]:
    silent = last.nodes - last.nodes_ok
    if last.failure and not last.stopped:
        return Status.FAIL, last.failure
    if age_s > PERIODS * period_s:
        return Status.FAIL, f"the last cycle was {age_s / 60:.0f} min ago"
    if last.stopped:
        return Status.PASS, ""
    if last.shortfall:
        return Status.WARN, last.shortfall
    if silent > SILENT_NODES * last.nodes:
        return Status.WARN, f"{silent} of {last.nodes} nodes did not answer"
    return Status.PASS, ""


def clock(now: datetime, *, synchronised: bool | None, newest_row: datetime | None) -> Check:
    """The wall clock; `synchronised` is None where nobody can tell.

    `newest_row` is the time of the newest value in the store: a clock before it is wrong.
    """
    if newest_row is not None and now < newest_row:
        return Check(Status.FAIL, f"it is before the newest value, {iso(newest_row)}")
    if now.year < FIRST_TRUE_YEAR:
        return Check(Status.FAIL, f"it shows the year {now.year}")
    if synchronised is False:
        return Check(Status.WARN, "it was not synchronised since the start")
    return Check(Status.PASS)


def iso(moment: datetime) -> str:
    """UTC as other programs read it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
