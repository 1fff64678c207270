"""DPA frames out of a TCP stream, which has segments but no marks between messages.

One segment is one message, as it was sent, unless what is known of the lengths says otherwise:
then messages that came together are taken apart, and one that came in pieces is put together. A
response whose length nobody knows beforehand ends where its segment ends.
"""

from attrs import define, field

from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.pnum import PERIPHERAL_INFO_PCMD

_PCMD = 3
_RCODE = 6
_REQUEST_HEADER = 6
_RESPONSE_HEADER = 8
_CONFIRMATION = 11
_RESPONSE_FLAG = 0x80
_ASYNC_FLAG = 0x80
_STATUS_CONFIRMATION = 0xFF

_Key = tuple[int, int]


@define
class Segments:
    """Takes segments as they come and gives whole messages."""

    _held: bytes = field(init=False, default=b"")
    _asked: dict[_Key, int] = field(init=False, factory=dict)

    @property
    def pending(self) -> bool:
        """Whether a piece is kept that more should follow."""
        return bool(self._held)

    def sent(self, frame: bytes) -> None:
        """Learn from a request how long its response will be."""
        if len(frame) <= _REQUEST_HEADER:
            return
        key = (frame[2], frame[_PCMD])
        command = COMMANDS.get(key)
        if command is not None and command.length_asked is not None:
            self._asked[key] = command.length_asked(frame[_REQUEST_HEADER:])

    def feed(self, segment: bytes) -> list[bytes]:
        """The messages that are complete with this segment."""
        data, frames = self._held + segment, []
        while data:
            end = self._end(data)
            if end is None:
                break
            frames.append(data[:end])
            data = data[end:]
        self._held = data
        return frames

    def flush(self) -> list[bytes]:
        """Give up waiting: what is kept, as it is."""
        held, self._held = self._held, b""
        return [held] if held else []

    def _end(self, data: bytes) -> int | None:
        """Where the message at the start of `data` ends; None if more of it must follow."""
        if not _begins_frame(data):
            # Nothing sensible; the next segment will be.
            return len(data)
        if len(data) <= _RCODE:
            return None
        if not data[_PCMD] & _RESPONSE_FLAG:
            if data[_RCODE] != _STATUS_CONFIRMATION:
                return len(data)
            return _CONFIRMATION if len(data) >= _CONFIRMATION else None
        return self._response_end(data)

    def _response_end(self, data: bytes) -> int | None:
        length = self._pdata_length(data)
        if length is None:
            return len(data) if len(data) >= _RESPONSE_HEADER else None
        end = _RESPONSE_HEADER + length
        if len(data) < end:
            return None
        # Later versions of DPA append members to PDATA.
        return end if _begins_frame(data[end:]) else len(data)

    def _pdata_length(self, data: bytes) -> int | None:
        rcode = data[_RCODE]
        if rcode & _ASYNC_FLAG:
            return None
        if rcode:
            return 0
        key = (data[2], data[_PCMD] & ~_RESPONSE_FLAG)
        if key in self._asked:
            return self._asked[key]
        command = COMMANDS.get(key)
        if command is not None:
            return command.layout.length
        return PeripheralInfo.layout.size if key[1] == PERIPHERAL_INFO_PCMD else None


def _begins_frame(data: bytes) -> bool:
    """Whether a message can begin so: the high byte of NADR is 0."""
    return len(data) < 2 or data[1] == 0
