"""The port to a module, or a simulated mesh, behind a TCP connection that carries bare DPA."""

import os
from collections import deque
from math import inf

import trio

from iqrf_trio.edges.ports import Link, Port, PortError
from iqrf_trio.edges.tcp.direct import receive_now, send_now, socket_of
from protocol.link.segments import Segments

_CONNECT_S = 5.0
"""How long to wait for a connection."""

_HOLD_S = 0.1
"""Silence that ends a message; its pieces leave the other end together."""

_RECEIVE = 4096
"""Bytes to take at once; a message has 64 at most."""


class TcpPort(Port):
    """Connects to a server; each message is one segment, as the vendor's gateway has it."""

    waits_for_air = True

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """See Port."""
        return f"tcp {self._host}:{self._port}"

    async def open(self) -> "TcpLink":
        """See Port."""
        try:
            with trio.fail_after(_CONNECT_S):
                # Trio sets TCP_NODELAY, without which messages would be sent together.
                stream = await trio.open_tcp_stream(self._host, self._port)
        except OSError as error:
            raise PortError(f"{self.name}: {_reason(error)}") from error
        except trio.TooSlowError as error:
            raise PortError(f"{self.name}: no connection within {_CONNECT_S:g} s") from error
        return TcpLink(self.name, stream)


class TcpLink(Link):
    """Frames over one connection."""

    def __init__(self, name: str, stream: trio.abc.Stream) -> None:
        self._name = name
        self._stream = stream
        self._socket = socket_of(stream)
        self._segments = Segments()
        self._frames: deque[bytes] = deque()

    async def send(self, frame: bytes) -> None:
        """See Link."""
        self._segments.sent(frame)
        try:
            await self._stream.send_all(frame)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PortError(f"{self._name}: {_reason(error)}") from error

    def try_send(self, frame: bytes) -> bool:
        """See Link."""
        if self._socket is None:
            return False
        sent = send_now(self._socket, frame)
        if 0 < sent < len(frame):
            # Two segments are two messages for some gateways.
            raise PortError(f"{self._name}: only a part of a message was taken")
        if sent:
            self._segments.sent(frame)
        return sent > 0

    async def receive(self) -> bytes:
        """See Link."""
        if self._frames:
            await trio.lowlevel.checkpoint()
        else:
            if not self._segments.pending:
                # Most messages come whole: then there is no silence to wait for.
                self._frames.extend(self._segments.feed(await self._chunk()))
            if not self._frames or self._segments.pending:
                await self._fill()
        return self._frames.popleft()

    async def _fill(self) -> None:
        """Wait for frames, and for silence behind one of which nobody knows how long it is.

        What came together is given together. Where there is no silence, that which is complete is
        given after a while all the same.
        """
        given_by = inf
        while not self._frames or self._segments.pending:
            now = trio.current_time()
            if self._frames:
                given_by = min(given_by, now + _HOLD_S)
            silent_at = now + _HOLD_S if self._segments.pending else inf
            with trio.move_on_at(min(silent_at, given_by)) as hold:
                # Cancelled or not, a chunk that was taken from the socket gets here.
                self._frames.extend(self._segments.feed(await self._last_chunk()))
            if hold.cancelled_caught:
                if given_by < silent_at:
                    return
                self._frames.extend(self._segments.flush())

    async def _last_chunk(self) -> bytes:
        """The next bytes; b"" at the end of the connection as long as frames are left of it."""
        try:
            return await self._chunk()
        except PortError:
            self._frames.extend(self._segments.flush())
            if not self._frames:
                raise
            return b""

    @property
    def more(self) -> bool:
        """See Link."""
        return bool(self._frames)

    async def aclose(self) -> None:
        """See Link."""
        await self._stream.aclose()

    async def _chunk(self) -> bytes:
        try:
            if self._socket is None:
                chunk: bytes | bytearray | None = await self._stream.receive_some(_RECEIVE)
            else:
                chunk = None
                while chunk is None:
                    await trio.lowlevel.wait_readable(self._socket)
                    chunk = receive_now(self._socket, _RECEIVE)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
            raise PortError(f"{self._name}: {_reason(error)}") from error
        if not chunk:
            raise PortError(f"{self._name}: closed by the other end")
        return bytes(chunk)


def _reason(error: BaseException) -> str:
    """What the operating system said, out of what Trio made of it."""
    while isinstance(error.__cause__, Exception):
        cause = error.__cause__
        error = cause.exceptions[0] if isinstance(cause, ExceptionGroup) else cause
    number = error.errno if isinstance(error, OSError) else None
    # Resolving a name fails with numbers of its own, below zero.
    return os.strerror(number) if number and number > 0 else str(error)
