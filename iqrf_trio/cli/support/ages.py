"""How long ago something was, for people to read."""

import re
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# As the gateway API writes the time of a value; strptime would follow the locale.
_TIME = re.compile(rf"\w{{3}}, (\d\d) ({'|'.join(_MONTHS)}) (\d\d) (\d\d:\d\d:\d\d) GMT", re.ASCII)
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def age(updated: str, now: datetime | None = None) -> str:
    """The time since `updated` in its greatest unit, "5 min"; what is no such time as it came."""
    found = _TIME.fullmatch(updated)
    if not found:
        return updated
    day, month, year, clock = found.groups()
    try:
        then = datetime.fromisoformat(f"20{year}-{1 + _MONTHS.index(month):02}-{day}T{clock}+00:00")
    except ValueError:
        return updated
    seconds = max(0, int(((now or datetime.now(UTC)) - then).total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
