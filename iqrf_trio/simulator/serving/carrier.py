"""Carries messages between a simulated mesh and a stream of bytes, well or badly."""

from collections.abc import Awaitable, Callable
from math import inf

import trio
from attrs import define, field

from iqrf_trio.simulator.connection import MeshConnection
from iqrf_trio.simulator.serving.bus_faults import BusFault, BusFaults
from iqrf_trio.simulator.serving.lines import Deliver, Line, Reply

PAUSE_S = 0.003
"""Between the pieces of a message."""

MERGE_S = 0.02
"""How long a message waits for the next one to come along."""

HICCUP_S = 0.7
"""How long a line that hesitates keeps what it carries."""

_RECEIVE = 4096
_WAITING = 64
"""Messages that may wait for the line."""


@define(eq=False)
class Carrier:
    """One line, from its opening to its end."""

    line: Line
    link: MeshConnection
    reset: Callable[[], Awaitable[None]]
    faults: BusFaults
    _held: bytes = field(init=False, default=b"")

    async def run(self, stream: trio.abc.Stream) -> None:
        """Carry until the gateway has closed the stream, or until cancelled."""
        out, waiting = trio.open_memory_channel[bytes](_WAITING)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write, waiting, stream)
            nursery.start_soon(self._from_mesh, out)
            await self._from_gateway(stream, out)
            nursery.cancel_scope.cancel()

    async def _from_gateway(
        self, stream: trio.abc.Stream, out: trio.MemorySendChannel[bytes]
    ) -> None:
        while chunk := await stream.receive_some(_RECEIVE):
            for action in self.line.heard(bytes(chunk)):
                if isinstance(action, Deliver):
                    await self.link.send(action.frame)
                elif isinstance(action, Reply):
                    await out.send(action.data)
                else:
                    await self.reset()

    async def _from_mesh(self, out: trio.MemorySendChannel[bytes]) -> None:
        while True:
            frame = await self.link.receive()
            if self.faults.mode is not BusFault.SILENT:
                await out.send(self.line.framed(frame))

    async def _write(
        self, waiting: trio.MemoryReceiveChannel[bytes], stream: trio.abc.Stream
    ) -> None:
        while True:
            with trio.move_on_after(MERGE_S if self._held else inf):
                self._held += await waiting.receive()
                if self.faults.strikes(BusFault.MERGED):
                    continue
            if self.faults.strikes(BusFault.DELAYED):
                await trio.sleep(HICCUP_S)
            held, self._held = self._held, b""
            await self._send(stream, held)

    async def _send(self, stream: trio.abc.Stream, data: bytes) -> None:
        if not self.faults.strikes(BusFault.SPLIT):
            await stream.send_all(data)
            return
        middle = len(data) // 2
        for piece in (data[:1], data[1:middle], data[middle:]):
            await stream.send_all(piece)
            await trio.sleep(PAUSE_S)
