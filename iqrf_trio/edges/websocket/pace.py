"""How many frames a peer may send: each costs the library about as much as a request.

An empty fragment or a ping has six bytes, so that a cap in bytes would be none.
"""

from attrs import define

_SHORT, _LONG = 126, 127
"""Payload lengths in a frame's second byte that mean two, or eight, bytes of length behind it."""

_MASK_SIZE = 4
_MASKED = 0x80
_FINAL = 0x80
_CONTROL = 0x08


@define
class Frames:
    """Counts the frames in a stream of bytes (RFC 6455, 5.2), cut anywhere."""

    _head: bytes = b""
    """The beginning of a frame whose payload's length is not known yet."""
    _payload: int = 0
    """Bytes that are to come of a frame that is counted."""
    _fragmented: bool = False
    """Whether the message of the last frame goes on in another one."""

    @property
    def between_messages(self) -> bool:
        """Whether a new message begins with the next byte, unless that is a control frame's."""
        return not (self._payload or self._head or self._fragmented)

    def count(self, data: bytes | bytearray) -> int:
        """How many frames begin in `data`, or have their length complete by it."""
        found, at = 0, 0
        while at < len(data):
            if self._payload:
                skipped = min(self._payload, len(data) - at)
                self._payload -= skipped
                at += skipped
                continue
            taken = bytes(data[at : at + 10 - len(self._head)])
            head = self._head + taken
            size, payload = _measured(head)
            if size is None:
                self._head = head
                return found
            at += size - len(self._head)
            self._head, self._payload = b"", payload
            if not head[0] & _CONTROL:
                self._fragmented = not head[0] & _FINAL
            found += 1
        return found


def _measured(head: bytes) -> tuple[int | None, int]:
    """The bytes up to a frame's mask, None if there are not enough of them, and what follows."""
    if len(head) < 2:
        return None, 0
    length = head[1] & ~_MASKED
    size = 2 + {_SHORT: 2, _LONG: 8}.get(length, 0)
    if len(head) < size:
        return None, 0
    if size > 2:
        length = int.from_bytes(head[2:size], "big")
    return size, length + (_MASK_SIZE if head[1] & _MASKED else 0)


@define
class Pace:
    """What a peer may send: so many frames a second, and as many at once."""

    per_second: float
    _since: float
    _used: float = 0.0

    def delay(self, frames: int, now: float) -> float:
        """How many seconds to wait after these frames; times in seconds of any one clock."""
        self._used = max(0.0, self._used - (now - self._since) * self.per_second) + frames
        self._since = now
        return max(0.0, self._used / self.per_second - 1)
