"""What is written once and counted afterwards: messages that repeat, and peers that cause many."""

import logging
from typing import TextIO

from attrs import define, field

REPEAT_SECONDS = 30.0
"""A message said again within so many seconds is counted, not written."""

REMEMBERED = 16
"""Different messages among which a repetition is noticed: a loop that fails says a few in turn."""

PEER_SECONDS = 60.0
"""What an unauthenticated peer's address causes is written once within so many seconds."""

PEERS = 64
"""Addresses that have a line of their own at a time; all further ones share one."""

OTHERS = "other addresses"


class Counting(logging.Handler):
    """Writes each message, and of messages that repeat how often they did."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int, str], _Said] = {}
        self._peers = _Peers()

    def write(self, record: logging.LogRecord) -> None:
        """Put a message where it is read."""
        raise NotImplementedError

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, unless it was written a moment ago or its peer has had its line."""
        for text, earlier in self._peers.over(record.created):
            self.write(_with_text(earlier, text))
        remote = getattr(record, "peer", None)
        if remote is not None and record.levelno > logging.DEBUG:
            if self._peers.admit(_address(remote), record):
                self.write(record)
            return
        if record.levelno <= logging.DEBUG or record.exc_info:
            self.write(record)
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
        self.write(record)
        if len(self._said) > REMEMBERED:
            self._tell(self._said.pop(next(iter(self._said))))

    def close(self) -> None:
        """Write what is still only counted."""
        while self._said:
            self._tell(self._said.pop(next(iter(self._said))))
        for text, earlier in self._peers.over():
            self.write(_with_text(earlier, text))
        super().close()

    def _tell(self, said: "_Said") -> None:
        if said.repeated:
            text = f"{said.record.getMessage()} ({said.repeated} more times)"
            self.write(_with_text(said.record, text))


class Handler(Counting):
    """Writes to a stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._out = logging.StreamHandler(stream)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - the library's
        """What makes a line of a message."""
        super().setFormatter(fmt)
        self._out.setFormatter(fmt)

    def write(self, record: logging.LogRecord) -> None:
        """Put a line into the stream."""
        self._out.emit(record)

    def flush(self) -> None:
        """Have the stream write what it holds back."""
        self._out.flush()


class _Said:
    """A message as it was written, and how often it was said since."""

    def __init__(self, record: logging.LogRecord) -> None:
        self.record = record
        self.repeated = 0


def _with_text(record: logging.LogRecord, text: str) -> logging.LogRecord:
    return logging.LogRecord(record.name, record.levelno, "", 0, text, None, None)


@define
class _Minute:
    """One address's line, and how many messages were not written after it."""

    record: logging.LogRecord
    more: int = 0

    def over(self, now: float) -> bool:
        # The clock may have been set back: to wait for it could take for ever.
        return not 0 <= now - self.record.created < PEER_SECONDS


@define
class _Peers:
    """The addresses that have caused a message within the last minute; times are wall clock."""

    _minutes: dict[str, _Minute] = field(factory=dict)

    def admit(self, address: str, record: logging.LogRecord) -> bool:
        """Whether `record` is the first of its address; if not it is counted."""
        if address not in self._minutes and len(self._minutes) >= PEERS:
            address = OTHERS
        if minute := self._minutes.get(address):
            minute.more += 1
            return False
        self._minutes[address] = _Minute(record)
        return True

    def over(self, now: float | None = None) -> list[tuple[str, logging.LogRecord]]:
        """Forget those whose minute is over, or all; what is to be said of what they caused."""
        ended = {
            address: minute
            for address, minute in self._minutes.items()
            if now is None or minute.over(now)
        }
        for address in ended:
            del self._minutes[address]
        return [
            (f"{address}: {minute.more} more messages within a minute", minute.record)
            for address, minute in ended.items()
            if minute.more
        ]


def _address(remote: str) -> str:
    """`remote` without its port."""
    return remote.rpartition(":")[0] or remote
