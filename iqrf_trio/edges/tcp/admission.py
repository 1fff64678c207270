"""Letting connections in: not more at a time than can be looked after, and whatever accept says."""

import logging

import trio
from attrs import define, field

from iqrf_trio.edges.tcp.limits import PATIENCE_S
from iqrf_trio.edges.tcp.lingering import LingeringStream

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
"""Between attempts to accept when the system lacks descriptors or memory."""

logger = logging.getLogger("iqrf_trio.websocket")


@define(eq=False)
class Handshake:
    """One connection that is no WebSocket yet; `scope` covers what is done for it."""

    _handshakes: "Handshakes"
    since: float
    scope: trio.CancelScope

    def bounded(self, seconds: float) -> trio.CancelScope:
        """A scope for its next step."""
        self.scope = trio.move_on_after(seconds)
        return self.scope

    def over(self) -> None:
        """The connection is a WebSocket now, or closed; its place is free."""
        self._handshakes.remove(self)


@define
class Handshakes:
    """The connections that are no WebSocket yet, oldest first."""

    _limit: int
    _running: dict[Handshake, None] = field(factory=dict)
    _changed: trio.Event = field(factory=trio.Event)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._running)

    def begin(self) -> Handshake:
        """One more, until its `over` is called, which may happen twice."""
        handshake = Handshake(self, trio.current_time(), trio.CancelScope())
        self._running[handshake] = None
        return handshake

    def remove(self, handshake: Handshake) -> None:
        """One fewer."""
        if self._running.pop(handshake, handshake) is None:
            self._changed.set()
            self._changed = trio.Event()

    async def room(self) -> None:
        """Wait until one more may begin.

        A client's handshake takes milliseconds. Once all places are taken, the oldest handshake
        beyond PATIENCE_S gives way, so that silent connections cannot lock clients out.
        """
        while len(self._running) >= self._limit:
            oldest = next(iter(self._running))
            with trio.move_on_at(oldest.since + PATIENCE_S) as patience:
                await self._changed.wait()
            # It may have ended at the very moment.
            if patience.cancelled_caught and oldest in self._running:
                oldest.scope.cancel()
                await self._changed.wait()


@define(eq=False)
class Arrival(trio.abc.AsyncResource):
    """A connection that was just accepted, with its place among the handshakes."""

    stream: LingeringStream
    handshake: Handshake

    async def aclose(self) -> None:
        """Close the connection, and give the place back."""
        try:
            await self.stream.aclose()
        finally:
            self.handshake.over()


class Door(trio.abc.Listener[Arrival]):
    """A listener that waits for room, and that survives every failure to accept."""

    def __init__(
        self, listener: trio.abc.Listener[trio.abc.HalfCloseableStream], handshakes: Handshakes
    ) -> None:
        self._listener = listener
        self._handshakes = handshakes

    async def accept(self) -> Arrival:
        """The next connection."""
        pause_s = 0.0
        while True:
            await self._handshakes.room()
            try:
                stream = await self._listener.accept()
            except OSError as error:
                if not pause_s:
                    logger.error("cannot accept connections, will try again: %s", error)
                pause_s = min(2 * pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
                await trio.sleep(pause_s)
            else:
                return Arrival(LingeringStream(stream), self._handshakes.begin())

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()
