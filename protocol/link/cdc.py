"""The ASCII framing of IQRF's USB devices (virtual serial port, "CDC IQRF" of the vendor).

Commands begin with `>`, what the device says with `<`, and all end with CR. Data in between are
raw bytes that may hold a CR themselves, so they are told by their length.
"""

from enum import Enum

from attrs import define, field, frozen

from protocol.errors import LocalProtocolError

CR = 0x0D
_COLON = 0x3A
_STARTS = b"<>"
"""Some firmware begins its replies with `>`."""

MAX_DATA = 64
_SHORTEST_ID = 16
_LONGEST_ID = 32
"""TR info comes with the individual bonding key or without."""

_LONGEST_REPLY = 80
"""Longer than any reply: device information has the longest text."""

TEST = b">\r"
RESET_DEVICE = b">R\r"
RESET_MODULE = b">RT\r"
DEVICE_INFO = b">I\r"
MODULE_INFO = b">IT\r"
STATUS = b">S\r"


def send_data(data: bytes) -> bytes:
    """The command that hands a DPA message to the module; raises LocalProtocolError."""
    if not 1 <= len(data) <= MAX_DATA:
        raise LocalProtocolError(f"a CDC message carries 1 to {MAX_DATA} bytes, not {len(data)}")
    return b">DS" + bytes((len(data), _COLON)) + data + bytes((CR,))


class Kind(Enum):
    """What a reply is about; the value is how it begins, behind the `<`."""

    TEST = "OK"
    ERROR = "ERR"
    RESET_DEVICE = "R"
    RESET_MODULE = "RT"
    DEVICE_INFO = "I"
    MODULE_INFO = "IT"
    STATUS = "S"
    DATA_SENT = "DS"
    UNKNOWN = ""


@frozen
class Reply:
    """The device's answer to a command; `content` is what stands behind the colon."""

    kind: Kind
    content: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the device did what it was told; only for commands that have no data."""
        return self.kind is Kind.TEST or self.content == b"OK"

    @property
    def busy(self) -> bool:
        """Whether the device asks to try again later."""
        return self.content == b"BUSY"


@frozen
class Received:
    """A DPA message from the module, which may come at any time."""

    data: bytes


Event = Reply | Received

_WORDS = {kind.value.encode(): kind for kind in Kind}


@define
class Decoder:
    """Takes bytes as they come and gives what the device said.

    `errors` counts what made no sense; afterwards the next `<` behind a CR is waited for.
    """

    errors: int = field(init=False, default=0)
    _buffer: bytearray = field(init=False, factory=bytearray)

    @property
    def pending(self) -> bool:
        """Whether something has begun that may be complete already (see `flush`)."""
        return bool(self._buffer)

    def feed(self, chunk: bytes) -> list[Event]:
        """What is complete with this chunk."""
        self._buffer += chunk
        return self._events(more=True)

    def flush(self) -> list[Event]:
        """What is there when nothing follows: TR info may be short or be cut by a CR within."""
        events = self._events(more=False)
        if self._buffer:
            self._skip()
        return events

    def _events(self, *, more: bool) -> list[Event]:
        events: list[Event] = []
        while self._buffer:
            if self._buffer[0] not in _STARTS:
                self._skip()
                continue
            end = self._end(more=more)
            if end is None:
                break
            if end < 0:
                self._skip()
                continue
            events.append(_event(bytes(self._buffer[1:end])))
            del self._buffer[: end + 1]
        return events

    def _end(self, *, more: bool) -> int | None:
        """Where the CR of the first thing stands; None if it is yet to come, -1 if it is none."""
        head = self._buffer[1:5]
        if head.startswith(b"DR"):
            return self._closed(_length_of(head), 5)
        if head.startswith(b"IT:"):
            return self._end_of_id(more=more)
        if head.startswith(b"S:"):
            return self._closed(1, 3)
        end = self._buffer.find(CR)
        if end < 0:
            return -1 if len(self._buffer) > _LONGEST_REPLY else None
        return end

    def _closed(self, length: int | None, start: int) -> int | None:
        """The end of data of known length that begin at `start`."""
        if length is None:
            return None
        if not 1 <= length <= MAX_DATA or (len(self._buffer) > 4 and not self._has_colon(start)):
            return -1
        end = start + length
        if len(self._buffer) <= end:
            return None
        return end if self._buffer[end] == CR else -1

    def _has_colon(self, start: int) -> bool:
        return self._buffer[start - 1] == _COLON

    def _end_of_id(self, *, more: bool) -> int | None:
        short, long = 4 + _SHORTEST_ID, 4 + _LONGEST_ID
        if len(self._buffer) > long and self._buffer[long] == CR:
            return long
        if len(self._buffer) <= short:
            return None
        if self._buffer[short] != CR:
            return -1 if len(self._buffer) > long else None
        # The CR may be a byte of the key: what follows tells, or that nothing does.
        follows = bytes(self._buffer[short + 1 : short + 2])
        return short if not more or follows in {b"<", b">"} or len(self._buffer) > long else None

    def _skip(self) -> None:
        """Throw away up to what may be a beginning."""
        self.errors += 1
        start = next(
            (at for at in range(1, len(self._buffer)) if self._may_begin(at)), len(self._buffer)
        )
        del self._buffer[:start]

    def _may_begin(self, at: int) -> bool:
        return self._buffer[at] in _STARTS and self._buffer[at - 1] == CR


def _length_of(head: bytes | bytearray) -> int | None:
    return head[2] if len(head) > 2 else None


def _event(text: bytes) -> Event:
    if text.startswith(b"DR"):
        return Received(text[4:])
    word, _, content = text.partition(b":")
    kind = _WORDS.get(word, Kind.UNKNOWN)
    return Reply(kind, text if kind is Kind.UNKNOWN else content)
