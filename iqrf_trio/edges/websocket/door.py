"""Letting connections in: not more at a time than can be looked after, and whatever accept says."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import trio
from attrs import define, field

from iqrf_trio.edges.websocket.limits import PATIENCE_S
from iqrf_trio.edges.websocket.wire import LingeringStream

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
"""Between attempts to accept when the system lacks descriptors or memory."""

logger = logging.getLogger("iqrf_trio.websocket")


@define
class Handshakes:
    """The connections that are no WebSocket yet."""

    _limit: int
    _timeout_s: float
    _running: dict[trio.CancelScope, float] = field(factory=dict)
    _changed: trio.Event = field(factory=trio.Event)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._running)

    @contextmanager
    def begin(self) -> Iterator[trio.CancelScope]:
        """The scope of one handshake, with its deadline."""
        now = trio.current_time()
        with trio.CancelScope(deadline=now + self._timeout_s) as scope:
            self._running[scope] = now
            try:
                yield scope
            finally:
                del self._running[scope]
                self._changed.set()
                self._changed = trio.Event()

    async def room(self) -> None:
        """Wait until one more may begin.

        A client's handshake takes milliseconds. Once all places are taken, the oldest handshake
        beyond PATIENCE_S gives way, so that silent connections cannot lock clients out.
        """
        while len(self._running) >= self._limit:
            oldest, since = next(iter(self._running.items()))
            with trio.move_on_at(since + PATIENCE_S) as patience:
                await self._changed.wait()
            if patience.cancelled_caught:
                oldest.cancel()
                await self._changed.wait()


class Door(trio.abc.Listener[LingeringStream]):
    """A listener that waits for room, and that survives every failure to accept."""

    def __init__(
        self, listener: trio.abc.Listener[trio.abc.HalfCloseableStream], handshakes: Handshakes
    ) -> None:
        self._listener = listener
        self._handshakes = handshakes

    async def accept(self) -> LingeringStream:
        """The next connection."""
        pause_s = 0.0
        while True:
            await self._handshakes.room()
            try:
                return LingeringStream(await self._listener.accept())
            except OSError as error:
                if not pause_s:
                    logger.error("cannot accept connections, will try again: %s", error)
                pause_s = min(2 * pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
                await trio.sleep(pause_s)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()
