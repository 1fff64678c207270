"""What waits to be sent to one client."""

from collections import deque

import trio
from attrs import define, field


@define
class Outbox:
    """What waits to be sent to one client, bounded in messages and in bytes."""

    _max_messages: int
    _max_bytes: int
    _waiting: deque[tuple[str, int]] = field(factory=deque)
    _bytes: int = 0
    _changed: trio.Event = field(factory=trio.Event)
    _finished: bool = False

    def put(self, text: str) -> bool:
        """Add a message; False if there is no room. One message alone always finds room."""
        size = len(text) if text.isascii() else len(text.encode())
        full = len(self._waiting) >= self._max_messages
        if self._waiting and (full or self._bytes + size > self._max_bytes):
            return False
        self._waiting.append((text, size))
        self._bytes += size
        self._changed.set()
        return True

    def finish(self, last: str | None, *, flush: bool) -> None:
        """Nothing comes after `last`; without `flush` nothing that waits comes before it."""
        if not flush:
            self._waiting.clear()
        if last is not None:
            self._waiting.append((last, 0))
        self._finished = True
        self._changed.set()

    async def get(self) -> str | None:
        """The next message, None after the last."""
        while not self._waiting:
            if self._finished:
                return None
            self._changed = trio.Event()
            await self._changed.wait()
        text, size = self._waiting.popleft()
        self._bytes -= size
        return text
