"""The log on stderr: one line per message, for the journal or a terminal, free of token secrets."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

import orjson

AREA_ROOT = "iqrf_trio"
"""Our loggers are named `iqrf_trio.<area>`; the area is what a line shows."""

LEVELS = ("debug", "info", "warning", "error")

REPEAT_SECONDS = 30.0
"""A message said again within so many seconds is counted, not written."""

REMEMBERED = 16
"""Different messages among which a repetition is noticed: a loop that fails says a few in turn."""

_SECRET = re.compile(r"(iqrfgd2;\d+;)[A-Za-z0-9+/=_-]+")

# Priorities that journald reads from a line's start (sd-daemon(3), SD_ERR .. SD_DEBUG).
_PRIORITIES = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


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
    logging.getLogger(AREA_ROOT).setLevel(level.upper())
    for name in logging.getLogger().manager.loggerDict:
        if name.startswith(f"{AREA_ROOT}."):
            logging.getLogger(name).setLevel(logging.NOTSET)
    for name, own in (areas or {}).items():
        logging.getLogger(f"{AREA_ROOT}.{name}").setLevel(own.upper())
    logging.captureWarnings(True)


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


def redact(text: str) -> str:
    """`text` without the secret part of any token in it."""
    return _SECRET.sub(r"\1...", text)


def is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether systemd connected `stream` to the journal (systemd.exec(5), $JOURNAL_STREAM)."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class Handler(logging.StreamHandler[TextIO]):
    """Writes each message, and of messages that repeat how often they did."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._said: dict[tuple[str, int, str], _Said] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, unless it was written a moment ago."""
        if record.levelno <= logging.DEBUG or record.exc_info:
            super().emit(record)
            return
        key = (record.name, record.levelno, record.getMessage())
        said = self._said.pop(key, None)
        # The clock may have been set back: to wait for it could take for ever.
        if said and 0 <= record.created - said.record.created < REPEAT_SECONDS:
            said.repeated += 1
            self._said[key] = said
            return
        if said:
            self._tell(said)
        self._said[key] = _Said(record)
        super().emit(record)
        if len(self._said) > REMEMBERED:
            self._tell(self._said.pop(next(iter(self._said))))

    def close(self) -> None:
        """Write what is still only counted."""
        while self._said:
            self._tell(self._said.pop(next(iter(self._said))))
        super().close()

    def _tell(self, said: "_Said") -> None:
        if said.repeated:
            text = f"{said.record.getMessage()} ({said.repeated} more times)"
            super().emit(_with_text(said.record, text))


class _Said:
    """A message as it was written, and how often it was said since."""

    def __init__(self, record: logging.LogRecord) -> None:
        self.record = record
        self.repeated = 0


def _with_text(record: logging.LogRecord, text: str) -> logging.LogRecord:
    return logging.LogRecord(record.name, record.levelno, "", 0, text, None, None)


class Terminal(logging.Formatter):
    """Local time, level, area and text."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, or several where there is a traceback."""
        when = _time(record).astimezone()
        text = redact(super().format(record))
        return f"{when:%F %T}.{int(record.msecs):03} {record.levelname:7} {area(record)}: {text}"


class Journal(logging.Formatter):
    """Area and text; the journal knows the time, and the level from the line's prefix."""

    def format(self, record: logging.LogRecord) -> str:
        """Every line has its prefix: the journal takes each for a message of its own."""
        level = next((level for level in _PRIORITIES if level <= record.levelno), logging.DEBUG)
        text = f"{area(record)}: {redact(super().format(record))}"
        return "\n".join(f"<{_PRIORITIES[level]}>{line}" for line in text.splitlines())


class Json(logging.Formatter):
    """One object per line: time (ISO 8601, UTC), level, area, message."""

    def format(self, record: logging.LogRecord) -> str:
        """A traceback is part of the message."""
        members = {
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "area": area(record),
            "message": redact(super().format(record)),
        }
        return orjson.dumps(members).decode()


def area(record: logging.LogRecord) -> str:
    """What part of the program `record` is about."""
    return record.name.removeprefix(f"{AREA_ROOT}.")


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)
