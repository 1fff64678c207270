"""The local time zone of the machine, as it is now: by TZ, else by /etc/localtime."""

import logging
import os
from datetime import UTC, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

log = logging.getLogger("iqrf_trio.tasks")

_LOCALTIME = Path("/etc/localtime")


def local_zone() -> tzinfo:
    """The zone; another object after somebody has changed it. UTC where it cannot be read."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if name:
        return _named(name)
    try:
        state = _LOCALTIME.stat()
    except OSError:
        return UTC
    return _in_file(_LOCALTIME.resolve(), state.st_mtime_ns)


@lru_cache(maxsize=1)
def _named(name: str) -> tzinfo:
    try:
        if name.startswith("/"):
            return _read(Path(name))
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        log.warning("the zone TZ=%s is not known, tasks go by UTC", name)
        return UTC


@lru_cache(maxsize=1)
def _in_file(path: Path, _changed_at: int) -> tzinfo:
    try:
        return _read(path)
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, tasks go by UTC: %s", path, error)
        return UTC


def _read(path: Path) -> tzinfo:
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=str(path))
