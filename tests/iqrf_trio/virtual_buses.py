"""Every kind of port with a simulated module behind it, all on a clock that jumps."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import trio
from attrs import define, field
from trio.testing import memory_stream_pair

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from iqrf_trio.edges.ports.cdc import CdcLink
from iqrf_trio.edges.ports.serial import SerialStream
from iqrf_trio.edges.ports.shared_work import SharedWork
from iqrf_trio.edges.ports.tcp import TcpLink
from iqrf_trio.edges.ports.uart import UartLink
from iqrf_trio.simulator.connection import MeshClosedError, RunningMesh
from iqrf_trio.simulator.mesh import BOOT_S, Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFault, BusFaults
from iqrf_trio.simulator.serving.carrier import Carrier
from iqrf_trio.simulator.serving.lines import BareLine, CdcLine, Line, UartLine
from protocol.link import spi
from protocol.link.spi_master import Exchange, Order, Watch
from tests.iqrf_trio.simulator.serving.spi_wire import Wire


@define(eq=False)
class Bus(Port):
    """A port whose bus can be spoiled; `unplug` breaks the link that is open."""

    mesh: Mesh
    nursery: trio.Nursery
    faults: BusFaults = field(factory=BusFaults)
    resets: int = 0
    opened: int = 0
    plugged: bool = True

    @property
    def name(self) -> str:
        return type(self).__name__

    async def open(self) -> Link:
        await trio.lowlevel.checkpoint()
        self.opened += 1
        if not self.plugged:
            raise PortError("no such device")
        return await self.link()

    async def link(self) -> Link:
        raise NotImplementedError

    async def reset(self) -> None:
        await trio.lowlevel.checkpoint()
        self.resets += 1
        self.restart()

    def restart(self) -> None:
        """What a module does that loses its supply for a moment."""
        self.mesh.reset(trio.current_time())

    def unplug(self) -> None:
        self.plugged = False

    def plug(self) -> None:
        self.plugged = True


@define(eq=False)
class LineBus(Bus):
    """A line of bytes in memory."""

    make: Callable[[trio.abc.Stream], Link] = field(kw_only=True)
    line: Callable[[BusFaults], Line] = field(kw_only=True)
    waits: bool = field(kw_only=True, default=False)
    _scope: trio.CancelScope = field(factory=trio.CancelScope)
    _inside: RunningMesh = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._inside = RunningMesh(self.mesh)

    @property
    def waits_for_air(self) -> bool:  # type: ignore[override] # here a test decides
        return self.waits

    async def link(self) -> Link:
        ours, theirs = memory_stream_pair()
        inside = await self._inside.connect()
        self._scope = trio.CancelScope()
        carrier = Carrier(self.line(self.faults), inside, self._inside.reset, self.faults)
        self.nursery.start_soon(self._carry, carrier, theirs, self._scope)
        return self.make(ours)

    async def _carry(
        self, carrier: Carrier, stream: trio.abc.Stream, scope: trio.CancelScope
    ) -> None:
        try:
            with scope:
                await carrier.run(stream)
        except* (MeshClosedError, trio.BrokenResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    def unplug(self) -> None:
        super().unplug()
        self._scope.cancel()


@define(eq=False)
class WireBus(Bus):
    """SPI, byte by byte."""

    _wire: Wire | None = None
    _epoch: float = field(factory=trio.current_time)

    async def link(self) -> Link:
        self._wire = Wire(self.mesh, self.faults, now=trio.current_time())
        return WireLink(self._wire, self)

    def restart(self) -> None:
        super().restart()
        if self._wire is not None:
            self._wire.slave.restart(trio.current_time() + BOOT_S)


@define(eq=False)
class WireLink(Link):
    """As the real one, but in Trio's time instead of a thread."""

    wire: Wire
    bus: WireBus
    _working: SharedWork = field(init=False)
    _nudge: trio.Event = field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._working = SharedWork(self._work)

    async def send(self, frame: bytes) -> None:
        order = Order(frame, 1000)
        self.wire.master.send(order)
        self._nudge.set()
        try:
            await self._working.until(lambda: order.done)
        finally:
            self.wire.master.withdraw(order)
        if order.refusal:
            raise PortError(order.refusal)

    async def receive(self) -> bytes:
        await self._working.until(lambda: bool(self.wire.master.received))
        return self.wire.master.received.popleft()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()

    async def _work(self) -> None:
        if not self.bus.plugged:
            raise PortError("no such device")
        self.wire.now = trio.current_time()
        todo = self.wire.master.next(self.wire.now)
        if isinstance(todo, Exchange):
            self.wire.exchange(todo)
            self._working.wake()
            await trio.sleep_until(self.wire.now)
        else:
            pause_s = todo.pause_s if isinstance(todo, Watch) else todo.until - trio.current_time()
            self._nudge = trio.Event()
            with trio.move_on_after(max(0, pause_s)) as watching:
                await self._nudge.wait()
            if isinstance(todo, Watch) and watching.cancelled_caught:
                self.wire.now = trio.current_time()
                self.wire.exchange(Exchange(spi.CHECK, todo.gap_us))
        if self.wire.master.failure:
            raise ModuleError(self.wire.master.failure)


def _serial(link: Callable[[SerialStream], Link], stream: trio.abc.Stream) -> Link:
    return link(SerialStream("serial", stream))


BUSES: Mapping[str, Callable[[Mesh, trio.Nursery], Bus]] = {
    "tcp": partial(
        LineBus, make=partial(TcpLink, "tcp"), line=lambda faults: BareLine(), waits=True
    ),
    "uart": partial(LineBus, make=partial(_serial, UartLink), line=UartLine, waits=True),
    "cdc": partial(LineBus, make=partial(_serial, CdcLink), line=CdcLine),
    "spi": WireBus,
}

MODES: Mapping[str, frozenset[BusFault]] = {
    "tcp": frozenset((BusFault.SILENT, BusFault.DELAYED, BusFault.SPLIT, BusFault.MERGED)),
    "uart": frozenset(
        (
            BusFault.SILENT,
            BusFault.GARBLED,
            BusFault.DELAYED,
            BusFault.SPLIT,
            BusFault.MERGED,
        )
    ),
    "cdc": frozenset(
        (BusFault.SILENT, BusFault.BUSY, BusFault.DELAYED, BusFault.SPLIT, BusFault.MERGED)
    ),
    "spi": frozenset(
        (
            BusFault.SILENT,
            BusFault.GARBLED,
            BusFault.BUSY,
            BusFault.STUCK,
            BusFault.SLOW,
            BusFault.GLITCH,
        )
    ),
}
"""The faults that a bus can have."""


@asynccontextmanager
async def bus(kind: str, mesh: Mesh) -> AsyncIterator[Bus]:
    async with trio.open_nursery() as nursery:
        yield BUSES[kind](mesh, nursery)
        nursery.cancel_scope.cancel()
