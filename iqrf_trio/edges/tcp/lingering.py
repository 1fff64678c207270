"""A stream that, when it is closed, lets its peer read what was sent last."""

import trio

LINGER_S = 2.0
"""How long a peer may take to close its side after us (the frame we sent last must reach it)."""

_LINGER_CHUNKS = 64
_CHUNK = 65536
"""Bytes read at once and thrown away; together with the count, 4 MiB of a peer that won't stop."""


class LingeringStream(trio.abc.HalfCloseableStream):
    """A stream that, when closed, first says so and lets the peer read and close.

    Closing a TCP socket with unread data makes the kernel reset the connection, and the reset
    destroys what the peer has not read yet, such as the reason for the close. Being cancelled
    cuts the waiting short.
    """

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self.stream = stream
        self._closed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`."""
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room to send."""
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Receive what there is."""
        return await self.stream.receive_some(max_bytes)

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        await self.stream.send_eof()

    async def aclose(self) -> None:
        """Say so, let the peer close, close."""
        if self._closed:
            await trio.lowlevel.checkpoint()
            return
        self._closed = True
        try:
            with trio.move_on_after(LINGER_S):
                await self._linger()
        finally:
            await self.stream.aclose()

    async def _linger(self) -> None:
        try:
            await self.stream.send_eof()
            for _ in range(_LINGER_CHUNKS):
                if not await self.stream.receive_some(_CHUNK):
                    return
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer is gone already
