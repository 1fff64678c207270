"""What the system knows of this process, from /proc/self (proc(5))."""

import os
import time
from pathlib import Path

from protocol.outward.metrics import Process

_SELF = Path("/proc/self")

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

# Fields of /proc/self/stat behind the name in parentheses, counted from 0.
_UTIME, _STIME, _START = 11, 12, 19


def figures() -> Process:
    """The figures of this moment; what the system does not tell is 0 or None."""
    fields = _read("stat").rpartition(")")[2].split()
    times = [int(fields[at]) for at in (_UTIME, _STIME, _START)] if fields else [0, 0, 0]
    pages = _read("statm").split()
    return Process(
        start_time=_booted_at() + times[2] / _TICKS,
        resident_memory=int(pages[1]) * _PAGE if pages else 0,
        cpu_seconds=(times[0] + times[1]) / _TICKS,
        open_fds=_open_fds(),
        written_bytes=_written(),
    )


def _booted_at() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _open_fds() -> int:
    try:
        return len(os.listdir(_SELF / "fd"))  # noqa: PTH208 - names alone are counted
    except OSError:
        return 0


def _written() -> int | None:
    for line in _read("io").splitlines():
        name, _, value = line.partition(": ")
        if name == "write_bytes":
            return int(value)
    return None


def _read(name: str) -> str:
    try:
        return (_SELF / name).read_text("utf-8")
    except OSError:
        return ""
