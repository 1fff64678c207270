"""What waits to be sent to one client."""

from collections import deque
from typing import Protocol

import trio
from attrs import define, field

REST = ""
"""In place of a message: the rest of one whose beginning was sent without waiting."""


class Pool(Protocol):
    """The bytes that wait for all clients together."""

    @property
    def share(self) -> float:
        """How many bytes may wait for one client at present; more than any where there is room."""

    def hold(self, size: int) -> None:
        """So many bytes more wait, or fewer."""


@define(eq=False)
class Outbox:
    """Messages that wait to be sent to one client, in messages and in bytes.

    What a client has asked for always finds room (`put`): an outbox that is `full` says so, and
    then no more requests are taken from the client. What it has not asked for is left out then
    (`offer`).
    """

    _max_messages: int
    _max_bytes: int
    _pool: Pool
    held: int = field(default=0, init=False)
    """Bytes that wait, those of the message that is being written included."""
    owed: int = field(default=0, init=False)
    """Answers that are sure to come, and have their place already."""
    since: float = field(default=0.0, init=False)
    """When the message that is being written began to be (Trio's clock)."""
    _waiting: deque[tuple[str | bytes, int]] = field(factory=deque, init=False)
    _writing: int = field(default=0, init=False)
    _changed: trio.Event = field(factory=trio.Event, init=False)
    _eased: trio.Event = field(factory=trio.Event, init=False)
    _finished: bool = field(default=False, init=False)

    @property
    def writing(self) -> bool:
        """Whether a message is being written."""
        return self._writing > 0

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being written, and more may come."""
        return not (self._waiting or self._writing or self._finished)

    @property
    def full(self) -> bool:
        """Whether so much waits that the client must not ask for more."""
        if self._finished:
            return False
        if len(self._waiting) + self.owed >= self._max_messages:
            return True
        return self.held > 0 and self.held >= min(self._max_bytes, self._pool.share)

    def put(self, text: str) -> None:
        """Add a message."""
        if self._finished:
            return
        # Python keeps a text with one emoji in it in four bytes per character.
        item = text if text.isascii() else text.encode(errors="surrogatepass")
        self._waiting.append((item, len(item)))
        self._hold(len(item))
        self._changed.set()

    def put_rest(self, size: int) -> None:
        """Have the rest of a message of so many bytes sent, where the outbox is idle."""
        self._waiting.append((REST, size))
        self._hold(size)
        self._changed.set()

    def offer(self, text: str) -> bool:
        """Add a message if there is room. One message alone always finds room."""
        size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        if self._waiting and (self.full or self.held + size > self._max_bytes):
            return False
        self.put(text)
        return True

    def finish(self, last: str | None, *, flush: bool) -> None:
        """Nothing comes after `last`; without `flush` nothing that waits comes before it."""
        if not flush:
            self._hold(-sum(size for _, size in self._waiting))
            self._waiting.clear()
        if last is not None:
            self._waiting.append((last, 0))
        self._finished = True
        self._changed.set()
        self.ease()

    def abandon(self) -> None:
        """Nothing will be written any more."""
        self.finish(None, flush=False)
        self._written()

    def ease(self) -> None:
        """Have who waits in `room` look again."""
        self._eased.set()

    async def room(self) -> None:
        """Wait until it is not full."""
        while self.full:
            self._eased = trio.Event()
            await self._eased.wait()

    async def get(self) -> str | None:
        """The next message or REST, None after the last; the one before is written now."""
        self._written()
        while not self._waiting:
            if self._finished:
                return None
            self._changed = trio.Event()
            await self._changed.wait()
        item, self._writing = self._waiting.popleft()
        self.since = trio.current_time()
        return item if isinstance(item, str) else item.decode(errors="surrogatepass")

    def _written(self) -> None:
        self._hold(-self._writing)
        self._writing = 0
        if not self.full:
            self.ease()

    def _hold(self, size: int) -> None:
        self.held += size
        self._pool.hold(size)
