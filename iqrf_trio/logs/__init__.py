"""The log on stderr: one line per message, for the journal or a terminal, free of token secrets.

What others send is harmless in it: control characters are escaped, repetitions are counted, and a
message that a client caused before its authentication says so by `extra={"peer": remote}`, so
that its address gets one line a minute.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from iqrf_trio.logs.formats import AREA_ROOT, Journal, Json, Terminal
from iqrf_trio.logs.repetition import Handler
from iqrf_trio.logs.ring import Ring, RingHandler

__all__ = [
    "AREA_ROOT",
    "LEVELS",
    "Ring",
    "areas_known",
    "change",
    "is_journal",
    "keep_in",
    "level_of",
    "louder",
    "quieter",
    "restore",
    "start",
]

_rings: list[RingHandler] = []
"""Where everything goes besides the stream."""

LEVELS = ("debug", "info", "warning", "error")

_declared: dict[str, int] = {}
"""The level of each logger as the configuration has it; the others have that of all areas."""


def start(
    level: str,
    *,
    areas: Mapping[str, str] | None = None,
    as_json: bool = False,
    stream: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Write our messages from `level` (debug, info, warning, error) on to stderr or `stream`.

    `areas` are the levels of areas that have their own. Other libraries are heard from warnings
    on. Calling it again replaces the earlier log.
    """
    stream = stream or sys.stderr
    formatter: logging.Formatter = Terminal()
    if as_json:
        formatter = Json()
    elif is_journal(stream, environment):
        formatter = Journal()
    handler = Handler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ring in _rings:
        logging.getLogger().addHandler(ring)
    _declared.clear()
    for area, own in {"": level, **(areas or {})}.items():
        _declared[_logger(area).name] = logging.getLevelNamesMapping()[own.upper()]
    for area in ("", *areas_known()):
        restore(area)
    logging.captureWarnings(True)


def areas_known() -> tuple[str, ...]:
    """The areas that have said something, or could have, since the program began."""
    names = {*logging.getLogger().manager.loggerDict, *_declared}
    inside = (name.partition(".")[2] for name in names if name.startswith(f"{AREA_ROOT}."))
    return tuple(sorted(inside))


def level_of(area: str) -> str:
    """From which level on an area is logged; "" is all those without a level of their own."""
    return logging.getLevelName(_logger(area).getEffectiveLevel()).lower()


def change(area: str, level: str) -> None:
    """Log an area, or all without a level of their own (""), from this level on."""
    _logger(area).setLevel(level.upper())


def restore(area: str) -> None:
    """Log an area as the configuration has it."""
    logger = _logger(area)
    logger.setLevel(_declared.get(logger.name, logging.NOTSET))


def _logger(area: str) -> logging.Logger:
    return logging.getLogger(f"{AREA_ROOT}.{area}" if area else AREA_ROOT)


def keep_in(ring: Ring) -> Callable[[], None]:
    """From now on put what is logged into `ring` too, also after another `start`.

    Returns what ends it.
    """
    root, handler = logging.getLogger(), RingHandler(ring)
    _rings.append(handler)
    root.addHandler(handler)

    def end() -> None:
        _rings.remove(handler)
        root.removeHandler(handler)

    return end


def louder() -> str:
    """Log one level more, of areas without a level of their own; returns the level."""
    return _shift(-1)


def quieter() -> str:
    """Log one level less, of areas without a level of their own; returns the level."""
    return _shift(1)


def _shift(steps: int) -> str:
    logger = logging.getLogger(AREA_ROOT)
    now = logging.getLevelName(logger.getEffectiveLevel()).lower()
    place = LEVELS.index(now) + steps
    level = LEVELS[min(max(place, 0), len(LEVELS) - 1)]
    logger.setLevel(level.upper())
    return level


def is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether systemd connected `stream` to the journal (systemd.exec(5), $JOURNAL_STREAM)."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
