"""The port to a module on a UART: DPA messages in HDLC frames."""

from collections import deque

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, Port
from iqrf_trio.edges.ports.serial import SerialStream
from iqrf_trio.edges.power import Power
from protocol.link import hdlc

STORM = 20
"""Torn frames without a good one between, after which the module had better be reset."""


class UartPort(Port):
    """Opens a serial device; with `power` the module behind it can be switched off and on."""

    waits_for_air = True

    def __init__(self, device: str, baud_rate: int, power: Power | None = None) -> None:
        self._device = device
        self._baud_rate = baud_rate
        self._power = power

    @property
    def name(self) -> str:
        """See Port."""
        return f"uart {self._device}"

    async def open(self) -> "UartLink":
        """See Port."""
        await trio.lowlevel.checkpoint()
        stream = SerialStream.open(self.name, self._device, self._baud_rate)
        # The module reports its start through the open line.
        starting = self._power is not None and await self._power.up()
        return UartLink(stream, starting=starting)

    @property
    def reset_obstacle(self) -> str:
        """See Port."""
        switches = self._power is not None and self._power.switches
        return "" if switches else "no pin is known for resetting the module"

    @property
    def opening_resets(self) -> bool:
        """See Port."""
        return self._power is not None and self._power.pending

    async def reset(self) -> None:
        """See Port."""
        await trio.lowlevel.checkpoint()
        if self._power is not None:
            await self._power.down()


@define(eq=False)
class UartLink(Link):
    """Frames over one open line."""

    _stream: SerialStream
    starting: bool = field(default=False, kw_only=True)
    _decoder: hdlc.Decoder = field(init=False, factory=hdlc.Decoder)
    _frames: deque[bytes] = field(init=False, factory=deque)
    _tolerated: int = field(init=False, default=STORM)

    async def send(self, frame: bytes) -> None:
        """See Link."""
        await self._stream.send(hdlc.encode(frame))

    async def receive(self) -> bytes:
        """See Link."""
        await trio.lowlevel.checkpoint()
        while not self._frames:
            self._frames.extend(self._decoder.feed(await self._stream.receive()))
            self._judge()
        return self._frames.popleft()

    @property
    def more(self) -> bool:
        """See Link."""
        return bool(self._frames)

    async def aclose(self) -> None:
        """See Link."""
        await self._stream.aclose()

    def _judge(self) -> None:
        """Give up a line on which nothing can be understood any more."""
        if self._frames:
            self._tolerated = self._decoder.errors + STORM
        elif self._decoder.errors >= self._tolerated:
            raise ModuleError(f"{self._stream.name}: {STORM} torn frames in a row")
