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

__all__ = ["AREA_ROOT", "LEVELS", "Ring", "is_journal", "keep_in", "louder", "quieter", "start"]

_rings: list[RingHandler] = []
"""Where everything goes besides the stream."""

LEVELS = ("debug", "info", "warning", "error")


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
    logging.getLogger(AREA_ROOT).setLevel(level.upper())
    for name in logging.getLogger().manager.loggerDict:
        if name.startswith(f"{AREA_ROOT}."):
            logging.getLogger(name).setLevel(logging.NOTSET)
    for name, own in (areas or {}).items():
        logging.getLogger(f"{AREA_ROOT}.{name}").setLevel(own.upper())
    logging.captureWarnings(True)


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
