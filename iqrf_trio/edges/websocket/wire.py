"""The stream under a WebSocket: it tells when the peer is gone and when the library gave up."""

import re
import socket
from collections.abc import Callable
from contextlib import suppress

import trio

from iqrf_trio.edges.tcp.direct import has_room, receive_now, send_now, socket_of
from iqrf_trio.edges.tcp.lingering import LINGER_S
from iqrf_trio.edges.websocket.lone_frame import text_in
from iqrf_trio.edges.websocket.pace import Frames, Pace

PARTING_S = 3 * LINGER_S
"""How long all of the parting may take: the last word, the end of TLS, the end of TCP."""

_UPGRADED = b"HTTP/1.1 101"
_CLOSE_FRAME = b"\x88"
"""First byte of an unfragmented close frame (RFC 6455, 5.2)."""

UNAUTHENTICATED_FRAMES, FRAMES = 20, 5000
"""Frames per second that are taken from a peer before its authentication and after it. It needs one
to authenticate; a client that asks all the time has some thousand answered."""

_CHUNK = 16 * 1024
"""Bytes that are sent at once, so that it is seen whether a peer takes a long message."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")


class Wire(trio.abc.Stream):
    """What the WebSocket library is given for a stream.

    It tells when the peer is gone or the library gave up (`on_end`), when the peer was heard last
    (`heard_at`, Trio's clock), when it last took a part of what is sent to it (`taken_at`), and
    whether a close frame went out. The library may close it at any time, which only ends reading
    and sending; `finish` closes what is underneath.

    On the server's side a peer that sends more frames a second than it may is not read for a while:
    its own messages wait. And what an eager client sends behind its request head is kept back until
    the upgrade is answered: the library would drop it. `head` is the request's head, once
    it is whole.
    """

    def __init__(self, stream: trio.abc.Stream, *, server: bool = True) -> None:
        self._stream = stream
        self._socket = socket_of(stream) if server else None
        self._rest = b""
        """What is to come of a frame that was begun by `try_send`, before anything else."""
        self.upgraded = not server
        """Whether the upgrade was granted, so that frames may be sent."""
        self._upgrade = trio.Event()
        self._head = b""
        self.head = b""
        self._held: bytes | None = None
        self._frames = Frames()
        self.take: Callable[[str], bool] | None = None
        """Is offered messages that came alone, before the library sees them."""
        self._pace = Pace(UNAUTHENTICATED_FRAMES, trio.current_time()) if server else None
        self._receiving = trio.CancelScope()
        self._sending = False
        self._waiting = False
        """Whether the socket is waited for."""
        self.reads = 0
        self._upgraded_at_read = 0
        self.ended = False
        self.answered = False
        self.close_sent = False
        self.peer_gone = False
        self.heard_at = self.taken_at = trio.current_time()
        self.on_end: Callable[[], object] = lambda: None

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Receive for the library what `take` does not take; once ended, ClosedResourceError."""
        while not self.ended:
            if self._socket is None or self._held is not None:
                data = await self._receive(max_bytes)
            else:
                data = await self._receive_directly(self._socket, max_bytes)
            text = self._lone_text_in(data)
            if delay := self._delay(data, alone=text is not None):
                await self._sleep(delay)
            elif text is not None and self.take is not None and self.take(text):
                continue
            return data
        raise trio.ClosedResourceError

    async def _receive_directly(
        self, connection: socket.socket, max_bytes: int | None
    ) -> bytes | bytearray:
        """Receive in the step in which there is something; `end` wakes who waits for it."""
        data = None
        self._waiting = True
        try:
            while data is None:
                await trio.lowlevel.wait_readable(connection)
                data = receive_now(connection, max_bytes or _CHUNK)
        except OSError as error:
            self._lose_peer()
            raise trio.BrokenResourceError from error
        finally:
            self._waiting = False
        return self._heard(data)

    async def _receive(self, max_bytes: int | None) -> bytes | bytearray:
        """Receive by way of Trio's stream; what is kept back comes first."""
        with trio.CancelScope() as self._receiving:
            if self._held is not None:
                await self._upgrade.wait()
                held, self._held = self._held, None
                if held:
                    return held
            try:
                data = await self._stream.receive_some(max_bytes)
            except trio.BrokenResourceError:
                self._lose_peer()
                raise
            return self._heard(data)
        raise trio.ClosedResourceError

    async def _sleep(self, seconds: float) -> None:
        with trio.CancelScope() as self._receiving:
            await trio.sleep(seconds)
            return
        raise trio.ClosedResourceError

    def _lone_text_in(self, data: bytes | bytearray) -> str | None:
        """The message, where there is nothing else in `data` and somebody may take it."""
        if self.take is None or not self._frames.between_messages:
            return None
        return text_in(data)

    def _delay(self, data: bytes | bytearray, *, alone: bool) -> float:
        """How long the peer has to wait until `data`, one frame or any, counts as received."""
        if self._pace is None or not self.upgraded or not data:
            return 0.0
        frames = 1 if alone else self._frames.count(data)
        return self._pace.delay(frames, self.heard_at)

    @property
    def heard_since_upgrade(self) -> bool:
        """Whether the peer has sent anything as a WebSocket."""
        return self.upgraded and (self.reads > self._upgraded_at_read or bool(self._held))

    def trust(self) -> None:
        """The peer is authenticated: more is taken from it."""
        if self._pace:
            self._pace = Pace(FRAMES, trio.current_time())

    def _heard(self, data: bytes | bytearray) -> bytes | bytearray:
        """Note that `data` came; what of it the library gets at once."""
        if not data:
            self._lose_peer()
            return data
        self.heard_at = trio.current_time()
        self.reads += 1
        return data if self.upgraded else self._hold_back(data)

    def _hold_back(self, data: bytes | bytearray) -> bytes | bytearray:
        """`data` up to the end of the request head."""
        seen = len(self._head)
        self._head += data  # the library refuses a head that does not end
        end = _HEAD_END.search(self._head, max(0, seen - 3))
        if end is None:
            return data
        size = end.end() - seen
        self.head, self._held = self._head[: end.end()], bytes(data[size:])
        self._head = b""
        return data[:size]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send for the library: one frame or one HTTP answer; cancelling ends all sending."""
        # The library sends one thing at a time, so what is under way still was torn.
        if self.ended or self._sending:
            raise trio.ClosedResourceError
        await self._send(bytes(data))

    def awaits_us(self) -> bool:
        """Whether the peer has made room for more, and it is us who have not sent it yet.

        On a machine that is short of processor time that can take longer than any patience.
        """
        return self._socket is not None and not self.ended and has_room(self._socket)

    def try_send(self, frame: bytes) -> int:
        """Send a whole frame in this step; how many bytes went out, 0 where that cannot be.

        It cannot be under TLS, while something is being sent, and once this side closes. If not all
        of it went out, `flush` sends the rest, or whatever is sent next is preceded by it.
        """
        busy = self.ended or self._sending or self._rest or self.close_sent or not self.upgraded
        if self._socket is None or busy:
            return 0
        sent = send_now(self._socket, frame)
        if 0 < sent < len(frame):
            self._rest = frame[sent:]
            self.taken_at = trio.current_time()
        return sent

    async def flush(self) -> None:
        """Send what `try_send` has left of a frame."""
        await self.send_all(b"")

    async def _send(self, data: bytes) -> None:
        self._sending = True
        rest = memoryview(self._rest + data)
        self._rest = b""
        try:
            while rest:
                await self._stream.send_all(rest[:_CHUNK])
                rest = rest[_CHUNK:]
                self.taken_at = trio.current_time()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._lose_peer()
            raise
        self._sending = False
        self.answered = True
        if self.upgraded:
            self.close_sent |= data.startswith(_CLOSE_FRAME)
        elif data.startswith(_UPGRADED):
            self.upgraded, self._upgraded_at_read = True, self.reads
            self._upgrade.set()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room to send."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """End reading and sending; the peer is parted from in `finish`."""
        self.end()
        await trio.lowlevel.checkpoint()

    def end(self) -> None:
        """Neither receive nor send from now on."""
        self.ended = True
        self._receiving.cancel()
        if self._waiting and self._socket is not None:
            # It also wakes a task that waits to send, which has nothing to wait for any more.
            trio.lowlevel.notify_closing(self._socket)
        self.on_end()

    def _lose_peer(self) -> None:
        self.peer_gone = True
        self.end()

    async def abort(self) -> None:
        """Close for good, at once."""
        self.end()
        await trio.aclose_forcefully(self._stream)

    async def finish(self, last: bytes = b"") -> None:
        """Send `last` (if the wire is whole and the peer there), and close for good.

        Call it when no task uses the wire any more. Being cancelled closes it at once.
        """
        self.end()
        try:
            # A torn frame would swallow whatever follows it.
            if last and not self.peer_gone and not self._sending:
                await self._send(last)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await self._close()

    async def _close(self) -> None:
        if not self.answered:
            await self.abort()  # there is nothing that the peer should have time to read
            return
        with suppress(trio.BrokenResourceError):
            await self._stream.aclose()
