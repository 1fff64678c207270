"""DPA frames out of a TCP stream, which has segments but no marks between messages.

A sender puts each message into a segment of its own, but the network may cut segments and put
them together. Messages whose length is known are taken apart by it. A message of unknown length
ends by silence (`flush`), or where the next one begins: at a header that can hardly be data.
"""

from collections import deque

from attrs import define, field

from protocol.dpa.packet import MAX_FRAME
from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.pnum import PERIPHERAL_INFO_PCMD
from protocol.link.headers import Header, Kind

_REQUESTS = 8
"""Requests whose answers are expected; one is under way, and those before may be late."""

_KINDS = 64
"""Kinds of messages sent unasked that are remembered."""

_Key = tuple[int, int]


@define
class Segments:
    """Takes segments as they come and gives whole messages."""

    _held: bytes = field(init=False, default=b"")
    _begun: list[int] = field(init=False, factory=list)
    """Where in `_held` segments began."""
    _lengths: dict[_Key, int] = field(init=False, factory=dict)
    _requests: deque[tuple[int, int, int]] = field(
        init=False, factory=lambda: deque(maxlen=_REQUESTS)
    )
    _kinds: deque[Kind] = field(init=False, factory=lambda: deque(maxlen=_KINDS))

    @property
    def pending(self) -> bool:
        """Whether something is kept that more may belong to."""
        return bool(self._held)

    def sent(self, frame: bytes) -> None:
        """Learn from a request what will answer it, and how long that will be."""
        header = Header(frame)
        if not header.complete:
            return
        address = header.address
        self._requests.append(address)
        command = COMMANDS.get(address[1:])
        if command is not None and command.length_asked is not None:
            self._lengths[address[1:]] = command.length_asked(frame[Header.REQUEST :])

    def feed(self, segment: bytes) -> list[bytes]:
        """The messages that are complete with this segment."""
        if self._held and segment:
            self._begun.append(len(self._held))
        self._held += segment
        frames = []
        while self._held and (end := self._end(self._held)) is not None:
            frames.append(self._cut(end))
        return frames

    def flush(self) -> list[bytes]:
        """Nothing follows: what is kept, as it is."""
        return [self._cut(len(self._held))] if self._held else []

    def _cut(self, end: int) -> bytes:
        frame, self._held = self._held[:end], self._held[end:]
        if self._begun:
            self._begun = [at - end for at in self._begun if at > end]
        header = Header(frame)
        if header.complete and header.unasked and header.kind not in self._kinds:
            self._kinds.append(header.kind)
        return frame

    def _end(self, data: bytes) -> int | None:
        """Where the message at the start of `data` ends; None if more of it may follow."""
        header = Header(data)
        if not header.possible:
            # Nothing sensible; the next segment will be.
            return len(data)
        if not header.decisive:
            return None
        if header.confirms:
            return self._known_end(data, Header.CONFIRMATION)
        if not header.responds:
            return self._next(data, Header.REQUEST)
        length = self._pdata_length(header)
        if length is None:
            return self._next(data, Header.RESPONSE)
        return self._known_end(data, Header.RESPONSE + length, longer=True)

    def _known_end(self, data: bytes, end: int, *, longer: bool = False) -> int | None:
        """`end` once it is there; `longer`: later versions of DPA append members to PDATA."""
        if len(data) < end:
            return None
        if longer and len(data) > end and not Header(data[end:]).possible:
            return self._next(data, end)
        return end

    def _next(self, data: bytes, least: int) -> int | None:
        """Where the message after one of unknown length begins, from `least` on."""
        headers = {
            at: Header(data[at : at + Header.CONFIRMATION])
            for at in range(least, min(len(data) - 1, MAX_FRAME) + 1)
        }
        first = Header(data)
        for at, header in headers.items():
            answers = header.plausible and (header.responds or header.confirms)
            if self._certain(header, first) or (answers and at in self._begun):
                return at
        if len(data) <= MAX_FRAME:
            return len(data) if len(data) == MAX_FRAME else None
        # Too long for one message: any header is better than none.
        reports = (at for at, header in headers.items() if header.plausible and header.reports)
        others = (at for at, header in headers.items() if header.plausible)
        return next(reports, None) or next(others, None) or len(data)

    def _certain(self, header: Header, first: Header) -> bool:
        """Whether a header within a segment can hardly be data of the message before."""
        if not header.complete:
            return False
        answers = header.plausible and (header.responds or header.confirms)
        if header.resets or (answers and header.address in self._requests):
            return True
        return header.unasked and (
            header.kind in self._kinds or (first.unasked and header.kind == first.kind)
        )

    def _pdata_length(self, header: Header) -> int | None:
        if header.unasked:
            return None
        if header.rcode:
            return 0
        key = header.key
        if key in self._lengths:
            return self._lengths[key]
        command = COMMANDS.get(key)
        if command is not None:
            return command.layout.length
        return PeripheralInfo.layout.size if key[1] == PERIPHERAL_INFO_PCMD else None
