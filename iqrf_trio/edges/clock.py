"""Whether the wall clock is synchronised, as the kernel or the time service tells (adjtimex(2))."""

import ctypes
from pathlib import Path

_TIME_ERROR = 5
"""What adjtimex returns while nobody has synchronised the clock, whichever service does it."""

_TIMEX_SIZE = 256
"""More than struct timex has anywhere; all zero asks and changes nothing."""

_TIMESYNCD = Path("/run/systemd/timesync")
_SYNCHRONISED = _TIMESYNCD / "synchronized"
"""What systemd-timesyncd makes once it has set the clock."""


def synchronised() -> bool | None:
    """Whether the clock was synchronised since the start; None where nobody can tell.

    The kernel knows for every time service (chrony, ntpd, timesyncd); where a sandbox keeps the
    question from it, timesyncd's own mark is looked at.
    """
    state = _kernel_state()
    if state >= 0:
        return state != _TIME_ERROR
    if _TIMESYNCD.is_dir():
        return _SYNCHRONISED.exists()
    return None


def _kernel_state() -> int:
    """What adjtimex returns, below 0 where it may not be asked."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (OSError, AttributeError):
        return -1
    return state
