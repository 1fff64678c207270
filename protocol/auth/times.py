"""Instants as text: ISO 8601 with a zone, and the expiration that a token is given."""

import re
from datetime import UTC, datetime, timedelta

from protocol.errors import ProtocolError

_ISO = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:[0-5]\d)", re.ASCII
)
_RELATIVE = re.compile(r"(\d+)([dwmy])", re.ASCII)
_UNIX_SECONDS = re.compile(r"\d+", re.ASCII)

_UNITS = {
    "d": timedelta(days=1),
    "w": timedelta(days=7),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}
"""Months and years have one length, so that rotating a token keeps its time to live."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DIGITS = 12
"""More than enough for Unix seconds up to the year 9999; Python refuses to read 4300 digits."""


class InvalidTimeError(ProtocolError):
    """A text that is no instant, or none that may be meant here; the message says which."""


def format_iso(moment: datetime) -> str:
    """`moment` in UTC with milliseconds, rounded down: `2024-11-04T01:20:00.000Z`.

    Raises ValueError for a datetime without a zone, which is no instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone is no instant")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The instant (UTC) of `YYYY-MM-DDTHH:MM:SS[.fff]` followed by `Z` or `+HH:MM`.

    Raises InvalidTimeError for every other form, and for dates that no calendar has.
    """
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidTimeError("Invalid datetime string format.")


def parse_expiration(argument: str, created_at: datetime) -> datetime:
    """When a token created at `created_at` expires, by what its creator said.

    `argument` is an ISO instant, Unix seconds, or a count and a unit: `30d`, `2w`, `6m` (of 30
    days), `1y` (of 365 days). Raises InvalidTimeError with a sentence for the creator.
    """
    try:
        if relative := _RELATIVE.fullmatch(argument):
            return created_at + _count(relative[1]) * _UNITS[relative[2]]
        if _UNIX_SECONDS.fullmatch(argument):
            expires_at = _EPOCH + timedelta(seconds=_number(argument))
        else:
            expires_at = _iso_argument(argument)
    except OverflowError:
        raise InvalidTimeError("Expiration time is after the year 9999.") from None
    if expires_at <= created_at:
        raise InvalidTimeError("Expiration timestamp is in the past.")
    return expires_at


def _count(digits: str) -> int:
    count = _number(digits)
    if count < 1:
        raise InvalidTimeError("Unit count should be a positive integer.")
    return count


def _number(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > _MAX_DIGITS:
        raise OverflowError
    return int(significant)


def _iso_argument(argument: str) -> datetime:
    try:
        return parse_iso(argument)
    except InvalidTimeError:
        raise InvalidTimeError("Invalid expiration time argument.") from None
