"""The port to a module in a USB device that speaks the vendor's ASCII framing (CDC)."""

from collections import deque
from math import inf

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from iqrf_trio.edges.ports.serial import SerialStream
from iqrf_trio.edges.ports.shared_work import SharedWork
from protocol.errors import RemoteProtocolError
from protocol.link import cdc
from protocol.link.tr_info import TrInfo

REPLY_S = 1.0
"""How long the device may take for a reply; they come within milliseconds."""

GREETINGS = 5
"""How often a device is asked whether it is one: just plugged in, it may need seconds."""

BUSY_ATTEMPTS, BUSY_PAUSE_S = 10, 0.05
"""How often a message is offered to a module that is busy."""

STORM = 20
"""Things without sense in a row, after which the module had better be reset."""

_HOLD_S = 0.1
"""How long a reply that may be complete waits for more of it."""


class CdcPort(Port):
    """Opens the virtual serial port of a USB device, whenever it is plugged in."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._was_reset = False

    @property
    def name(self) -> str:
        """See Port."""
        return f"cdc {self._device}"

    async def open(self) -> "CdcLink":
        """See Port."""
        await trio.lowlevel.checkpoint()
        link = CdcLink(SerialStream.open(self.name, self._device), starting=self._was_reset)
        try:
            await link.greet()
            self.met(await link.introduce())
        except BaseException:
            await link.aclose()
            raise
        self._was_reset = False
        return link

    async def reset(self) -> None:
        """See Port."""
        async with await self.open() as link:
            await link.order(cdc.RESET_MODULE, cdc.Kind.RESET_MODULE)
        self._was_reset = True


@define(eq=False)
class CdcLink(Link):
    """Commands to the device one at a time; messages of the module come in between."""

    _stream: SerialStream
    starting: bool = field(default=False, kw_only=True)
    _decoder: cdc.Decoder = field(init=False, factory=cdc.Decoder)
    _frames: deque[bytes] = field(init=False, factory=deque)
    _replies: deque[cdc.Reply] = field(init=False, factory=deque)
    _turn: trio.Lock = field(init=False, factory=trio.Lock)
    _reading: SharedWork = field(init=False)
    _tolerated: int = field(init=False, default=STORM)

    def __attrs_post_init__(self) -> None:
        """Who sends and who receives read together."""
        self._reading = SharedWork(self._read)

    async def greet(self) -> None:
        """Find out whether the device is one, and there; raises PortError."""
        for _ in range(GREETINGS):
            if await self._ask(cdc.TEST, cdc.Kind.TEST):
                return
        raise PortError(f"{self._stream.name}: no reply; is it an IQRF device in CDC mode?")

    async def introduce(self) -> TrInfo | None:
        """Ask the module who it is; None if that cannot be learned."""
        reply = await self._ask(cdc.MODULE_INFO, cdc.Kind.MODULE_INFO)
        try:
            return TrInfo.decode(reply.content) if reply else None
        except RemoteProtocolError:
            return None

    async def order(self, command: bytes, kind: cdc.Kind) -> None:
        """Have the device do something; raises PortError when it does not."""
        reply = await self._ask(command, kind)
        if reply is None or not reply.ok:
            raise PortError(f"{self._stream.name}: {_word(reply)} to {command[:3].decode()}")

    async def send(self, frame: bytes) -> None:
        """See Link."""
        for _ in range(BUSY_ATTEMPTS):
            reply = await self._ask(cdc.send_data(frame), cdc.Kind.DATA_SENT)
            if reply is not None and reply.ok:
                return
            if reply is None or not reply.busy:
                break
            await trio.sleep(BUSY_PAUSE_S)
        raise PortError(f"{self._stream.name}: message not taken: {_word(reply)}")

    async def receive(self) -> bytes:
        """See Link."""
        await self._reading.until(lambda: bool(self._frames))
        return self._frames.popleft()

    @property
    def more(self) -> bool:
        """See Link."""
        return bool(self._frames)

    async def aclose(self) -> None:
        """See Link."""
        await self._stream.aclose()

    async def _ask(self, command: bytes, kind: cdc.Kind) -> cdc.Reply | None:
        """The reply to a command; None if there is none in time."""
        async with self._turn:
            self._replies.clear()
            with trio.move_on_after(REPLY_S):
                await self._stream.send(command)
                while True:
                    await self._reading.until(lambda: bool(self._replies))
                    # A reply that was given up may come late; it is of another kind, mostly.
                    reply = self._replies.popleft()
                    if reply.kind in {kind, cdc.Kind.ERROR}:
                        return reply
        return None

    async def _read(self) -> None:
        with trio.move_on_after(_HOLD_S if self._decoder.pending else inf) as hold:
            self._take(self._decoder.feed(await self._stream.receive()))
        if hold.cancelled_caught:
            self._take(self._decoder.flush())
        self._judge()

    def _take(self, events: list[cdc.Event]) -> None:
        for event in events:
            if isinstance(event, cdc.Received):
                self._frames.append(event.data)
            else:
                self._replies.append(event)
            self._tolerated = self._decoder.errors + STORM

    def _judge(self) -> None:
        if self._decoder.errors >= self._tolerated:
            raise ModuleError(f"{self._stream.name}: nothing that makes sense")


def _word(reply: cdc.Reply | None) -> str:
    """What the device said."""
    return "no reply" if reply is None else reply.content.decode("ascii", "replace") or "ERR"
