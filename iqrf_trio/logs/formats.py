"""How a log line looks, on a terminal, in the journal and as JSON."""

import logging
import re
from datetime import UTC, datetime
from types import TracebackType

import orjson

AREA_ROOT = "iqrf_trio"
"""Our loggers are named `iqrf_trio.<area>`; the area is what a line shows."""

_SECRET = re.compile(r"(iqrfgd2;\d+;)[A-Za-z0-9+/=_-]+")

# Priorities that journald reads from a line's start (sd-daemon(3), SD_ERR .. SD_DEBUG).
_PRIORITIES = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

# Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the direction of
# writing or are invisible, tags, and halves of surrogate pairs, which cannot be written at all.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def redact(text: str) -> str:
    """`text` without the secret part of any token in it."""
    return _SECRET.sub(r"\1...", text)


def escape(text: str) -> str:
    """`text` in one line and harmless to a terminal: what is neither is written as in Python.

    Clients choose parts of messages. A newline among them would begin a line that looks like one
    of ours, an ESC could make the terminal of whoever reads the log do things.
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]


class _Formatter(logging.Formatter):
    """One line of text; a traceback follows in lines that are indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The text in one line."""
        return escape(redact(super().formatMessage(record)))

    def formatException(  # noqa: N802 - the library's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """A traceback, of which no line begins as a message does: its text may be a client's."""
        lines = redact(super().formatException(ei)).split("\n")
        return "\n".join(f"  {escape(line)}" for line in lines)


class Plain(_Formatter):
    """The text alone."""


class Terminal(_Formatter):
    """Local time, level, area and text."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, or several where there is a traceback."""
        when = _time(record).astimezone()
        text = super().format(record)
        return f"{when:%F %T}.{int(record.msecs):03} {record.levelname:7} {area(record)}: {text}"


class Journal(_Formatter):
    """Area and text; the journal knows the time, and the level from the line's prefix."""

    def format(self, record: logging.LogRecord) -> str:
        """Every line has its prefix: the journal takes each for a message of its own."""
        level = next((level for level in _PRIORITIES if level <= record.levelno), logging.DEBUG)
        text = f"{area(record)}: {super().format(record)}"
        return "\n".join(f"<{_PRIORITIES[level]}>{line}" for line in text.split("\n"))


class Json(_Formatter):
    """One object per line: time (ISO 8601, UTC), level, area, message."""

    def format(self, record: logging.LogRecord) -> str:
        """A traceback is part of the message."""
        members = {
            "time": time_of(record),
            "level": record.levelname.lower(),
            "area": area(record),
            "message": super().format(record),
        }
        return orjson.dumps(members).decode()


def area(record: logging.LogRecord) -> str:
    """What part of the program `record` is about."""
    return record.name.removeprefix(f"{AREA_ROOT}.")


def time_of(record: logging.LogRecord) -> str:
    """When it was said, ISO 8601 in UTC with milliseconds."""
    return _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)
