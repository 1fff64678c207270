"""A stream that first gives back what was already read from it."""

import trio


class Replay(trio.abc.Stream):
    """`stream`, with `data` in front: what was read of it to find out what it is."""

    def __init__(self, data: bytes, stream: trio.abc.Stream) -> None:
        self._data = data
        self._stream = stream

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """What was read already, then what comes."""
        if not self._data:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        size = len(self._data) if max_bytes is None else max_bytes
        given, self._data = self._data[:size], self._data[size:]
        return given

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room to send."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._stream.aclose()
