"""Whether the wall clock is synchronised, as the kernel or the time service tells."""

import ctypes
import subprocess
from pathlib import Path

_TIME_ERROR = 5
"""What adjtimex(2) returns while nobody has synchronised the clock, whichever service does it."""

_TIMEX_SIZE = 256
"""More than struct timex has anywhere; all zero asks and changes nothing."""

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""What systemd-timesyncd makes once it has set the clock."""

TIMEDATECTL = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
"""Asks systemd-timedated, which asks the kernel: it knows of chrony and ntpd too."""

_PATIENCE_S = 10.0


def synchronised() -> bool | None:
    """Whether the clock was synchronised since the start; None where nobody can tell.

    The kernel knows for every time service. The sandbox of the systemd unit (ProtectClock=) refuses
    the question, since the same call could set the clock; then timesyncd's mark is looked at, and
    timedated is asked. Blocks for as long as that takes, some seconds at most.
    """
    state = _kernel_state()
    if state >= 0:
        return state != _TIME_ERROR
    return True if SYNCHRONISED.exists() else _timedated()


def _kernel_state() -> int:
    """What adjtimex returns, below 0 where it may not be asked."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (OSError, AttributeError):
        return -1
    return state


def _timedated() -> bool | None:
    try:
        done = subprocess.run(
            TIMEDATECTL,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {b"yes": True, b"no": False}.get(done.stdout.strip())
