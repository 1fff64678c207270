"""One WebSocket, whichever side opened it, as the rest of the program sees it."""

from collections.abc import Callable
from enum import Enum

import trio
import trio_websocket

from iqrf_trio.edges.websocket.handover import Handover, Take

CLOSE_S = 5.0
"""How long the peer may take to answer our close frame."""

NORMAL, GOING_AWAY, PROTOCOL_ERROR, BAD_DATA = 1000, 1001, 1002, 1007
POLICY_VIOLATION, TOO_BIG, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1009, 1011, 1013
ABNORMAL = 1006
"""Close codes (RFC 6455, 7.4.1); ABNORMAL is never sent, it means that no close frame came."""

_TEXT = 0x81
"""First byte of an unfragmented text frame."""

_TWO_BYTES = 126
"""A length that means two bytes of length behind it."""


class ConnectionClosed(Exception):  # noqa: N818 - a fact, as in the library, not a failure
    """The connection is over; `code` is its close code, `reason` the text that came with it."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"closed with {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


class Sent(Enum):
    """What became of a message that was sent without waiting."""

    ALL = "all"
    PART = "part"
    NONE = "none"


AT_ONCE = 16 * 1024
"""Bytes of the longest message that is sent without waiting."""


class Peer:
    """The other side of a connection, as the server knows it; a client knows nothing of it."""

    @property
    def heard_at(self) -> float:
        """When the peer last sent anything at all (Trio's clock)."""
        return trio.current_time()

    @property
    def taken_at(self) -> float:
        """When the peer last took anything that was sent to it (Trio's clock)."""
        return trio.current_time()

    @property
    def reads(self) -> int:
        """How often something was read of the peer."""
        return 0

    def try_send(self, frame: bytes) -> int:
        """How many bytes of a frame went out in this step; 0 where that cannot be."""
        return 0

    async def flush(self) -> None:
        """Send what `try_send` has left."""

    def hand_over(self, take: Callable[[str], bool]) -> None:
        """Offer messages of the peer to `take` before the library sees them, where it can be."""

    def authenticate(self) -> None:
        """The peer has authenticated."""

    def fail(self, token_id: int | None) -> float:
        """The peer failed to authenticate; how many seconds its answer has to wait."""
        return 0.0

    def leave(self) -> None:
        """The connection is about to be closed."""

    def drop(self) -> None:
        """Neither read nor write any more."""


class Connection:
    """A WebSocket that is open: one task receives, any task sends or closes.

    `remote` names the peer in logs.
    """

    def __init__(
        self,
        websocket: trio_websocket.WebSocketConnection,
        remote: str,
        max_message_size: int,
        peer: Peer | None = None,
    ) -> None:
        self.remote = remote
        self._websocket = websocket
        self._max_message_size = max_message_size
        self._peer = peer or Peer()
        self._handover: Handover | None = None

    @property
    def heard_at(self) -> float:
        """When the peer last sent anything at all, pongs included (Trio's clock)."""
        return self._peer.heard_at

    @property
    def taken_at(self) -> float:
        """When the peer last took part of what was sent to it (Trio's clock)."""
        return self._peer.taken_at

    async def receive(self) -> str | bytes:
        """The next message, text or binary; cancelling loses none.

        A message longer than the limit (in bytes) closes the connection with 1009.
        Raises ConnectionClosed, and what the function of `hand_over` has raised.
        """
        handover = self._handover
        if handover is None:
            message = await self._get()
        else:
            handover.open = True
            try:
                message = await self._get()
            finally:
                handover.open = False
            handover.waiting -= 1
        if self._too_long(message):
            await self.close(TOO_BIG, f"Exceeded maximum message size: {self._max_message_size}")
            raise ConnectionClosed(TOO_BIG)
        return message

    def hand_over(self, take: Take) -> None:
        """Give messages to `take` from now on, in the step that reads them, while `receive` waits.

        What it does not take (False) is received. For the task that receives, while it does not.
        """
        library = self._websocket
        statistics = library._recv_channel.statistics()  # noqa: SLF001 - the version is pinned
        waiting = statistics.current_buffer_used + statistics.tasks_waiting_send
        self._handover = Handover(
            library._send_channel,  # noqa: SLF001 - the version is pinned
            lambda message: not self._too_long(message) and take(message),
            lambda: self._peer.reads,
            waiting,
        )
        library._send_channel = self._handover  # type: ignore[assignment] # noqa: SLF001 - as above
        self._peer.hand_over(self._handover.offer)

    async def _get(self) -> str | bytes:
        try:
            return await self._websocket.get_message()
        except trio_websocket.ConnectionClosed:
            if self._handover is not None and self._handover.error is not None:
                raise self._handover.error from None
            raise self._closed() from None

    def _too_long(self, message: str | bytes) -> bool:
        # The library counts characters. Only where they can make a difference they are encoded.
        if isinstance(message, bytes) or len(message) * 4 <= self._max_message_size:
            return False
        return not message.isascii() and len(message.encode()) > self._max_message_size

    async def send(self, text: str) -> None:
        """Send one text message; waits while the peer does not read.

        Cancelling may tear the message, after which the connection only can be dropped.
        Raises ConnectionClosed.
        """
        try:
            await self._websocket.send_message(text)
        except trio_websocket.ConnectionClosed:
            raise self._closed() from None

    def try_send(self, text: str) -> Sent:
        """Send one text message in this step, if the peer takes it; never raises.

        Of what is PART sent, the rest comes before anything else; `flush` sends it.
        """
        if len(text) > AT_ONCE or self._websocket.closed is not None:
            return Sent.NONE
        try:
            payload = text.encode()
        except UnicodeEncodeError:
            return Sent.NONE  # half of a surrogate pair: the library decides what becomes of it
        if len(payload) > AT_ONCE:
            return Sent.NONE
        frame = _text_frame(payload)
        sent = self._peer.try_send(frame)
        if not sent:
            return Sent.NONE
        return Sent.ALL if sent == len(frame) else Sent.PART

    async def flush(self) -> None:
        """Send what `try_send` has left; waits, and may tear, as `send` does.

        Raises ConnectionClosed.
        """
        try:
            # The library sends pongs and close frames under this lock.
            async with self._websocket._stream_lock:  # noqa: SLF001 - the version is pinned for it
                await self._peer.flush()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise self._closed() from None

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ConnectionClosed."""
        try:
            await self._websocket.ping()
        except trio_websocket.ConnectionClosed:
            raise self._closed() from None

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Send a close frame and wait at most CLOSE_S for the peer's; safe to call twice."""
        self._peer.leave()
        with trio.move_on_after(CLOSE_S):
            await self._websocket.aclose(code, reason or None)

    def drop(self) -> None:
        """Give the connection up without a word; what reads or writes sees ConnectionClosed."""
        self._peer.leave()
        self._peer.drop()

    def authenticated(self) -> None:
        """Tell the server that this client has authenticated."""
        self._peer.authenticate()

    def failed(self, token_id: int | None = None) -> float:
        """Tell the server that this client failed to authenticate with that token, or without one.

        Returns how many seconds to let it wait before it is told, so that guessing is slow.
        """
        return self._peer.fail(token_id)

    def _closed(self) -> ConnectionClosed:
        why = self._websocket.closed
        if why is None:
            return ConnectionClosed(ABNORMAL)
        return ConnectionClosed(why.code, why.reason or "")


def _text_frame(payload: bytes) -> bytes:
    """One unfragmented text frame, unmasked as a server sends it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((_TEXT, size)) + payload
    # A longer one is not sent without waiting.
    return bytes((_TEXT, _TWO_BYTES)) + size.to_bytes(2, "big") + payload
