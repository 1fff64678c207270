"""A finding: what was looked at, how bad it is, and the command that mends it."""

from enum import IntEnum

from attrs import frozen


class Severity(IntEnum):
    """How bad a finding is; the worst of an examination is its exit code, but notes do no harm."""

    OK = -1
    NOTE = 0
    WARNING = 1
    ERROR = 2


@frozen
class Finding:
    """What `check` brought to light; `fix` is a command, or what to do by hand."""

    check: str
    severity: Severity
    text: str
    fix: str = ""


def told(finding: Finding) -> dict[str, str]:
    """A finding as it is told in JSON."""
    return {
        "check": finding.check,
        "severity": finding.severity.name.lower(),
        "text": finding.text,
        "fix": finding.fix,
    }


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Severity.OK, text)


def note(check: str, text: str, fix: str = "") -> Finding:
    """It could not be told, or matters to few."""
    return Finding(check, Severity.NOTE, text, fix)


def warning(check: str, text: str, fix: str) -> Finding:
    """It works, but not well or not for long."""
    return Finding(check, Severity.WARNING, text, fix)


def error(check: str, text: str, fix: str) -> Finding:
    """It cannot work."""
    return Finding(check, Severity.ERROR, text, fix)
