"""The last lines of the log in memory, for whoever looks at it over HTTP."""

import logging
from collections import deque
from collections.abc import Sequence

from attrs import define, field, frozen

from iqrf_trio.logs.formats import Plain, area, time_of
from iqrf_trio.logs.repetition import Counting

SIZE = 2000
"""Lines that are kept."""

LONGEST = 2000
"""Characters of one message that are kept: all lines together are a few megabytes at most."""


@frozen
class Line:
    """One message; `number` grows by one with each, `time` is ISO 8601 in UTC."""

    number: int
    time: str
    level: str
    area: str
    message: str


@define(eq=False)
class Ring:
    """The last messages of our own areas, redacted as everywhere."""

    _lines: deque[Line] = field(factory=lambda: deque(maxlen=SIZE), init=False)
    last: int = field(default=0, init=False)
    """The number of the newest line."""

    def lines(self, level: str, after: int) -> Sequence[Line]:
        """The lines from this level (debug ... error) on, those after the number `after`."""
        lowest = logging.getLevelName(level.upper())
        return [
            line
            for line in self._lines
            if line.number > after and logging.getLevelName(line.level.upper()) >= lowest
        ]

    def add(self, record: logging.LogRecord, text: str) -> None:
        """Keep a message; the oldest one goes."""
        self.last += 1
        level = record.levelname.lower()
        self._lines.append(Line(self.last, time_of(record), level, area(record), text[:LONGEST]))


class RingHandler(Counting):
    """Puts what is logged into a ring."""

    def __init__(self, ring: Ring) -> None:
        super().__init__()
        self.ring = ring
        self.setFormatter(Plain())

    def write(self, record: logging.LogRecord) -> None:
        """Keep `record`."""
        self.ring.add(record, self.format(record))
