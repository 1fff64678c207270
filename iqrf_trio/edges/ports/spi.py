"""The port to a module on SPI. A worker thread polls until something comes or is to be sent."""

import threading
import time
from collections import deque
from contextlib import suppress

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from iqrf_trio.edges.ports.shared_work import SharedWork
from iqrf_trio.edges.power import Power
from iqrf_trio.edges.spibus import SpiBus
from iqrf_trio.shutdown import Share, Shutdown
from protocol.dpa.packet import BROADCAST, Confirmation, Request, parse
from protocol.dpa.requests import local_timeout_ms
from protocol.dpa.timing import Timing, estimate_ms, is_remote, soonest_ms
from protocol.errors import RemoteProtocolError
from protocol.link import spi
from protocol.link.spi_master import PATIENCE_S, Exchange, Master, Order, Watch
from protocol.link.tr_info import TrInfo

LEAVING_S = 1.0
"""How long a thread may take to notice that nobody waits for it; it looks every 25 ms."""

INTRODUCTION_S = 0.5
"""How long a module may take to tell who it is; it does so within 20 ms, or not at all."""


@define(eq=False)
class _Nudge:
    """Ends a wait in another thread, or the next one; a bare lock wakes up cheapest."""

    _given: threading.Lock = field(init=False, factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self._given.acquire()

    def give(self) -> None:
        with suppress(RuntimeError):  # given already, and not yet taken
            self._given.release()

    def wait(self, timeout_s: float) -> None:
        self._given.acquire(timeout=max(0.0, timeout_s))


class SpiPort(Port):
    """Opens a device of the SPI bus; with `power` the module can be switched off and on.

    `slow` is for modules older than TR-72D.
    """

    def __init__(
        self,
        device: str,
        power: Power | None = None,
        *,
        slow: bool = False,
        shutdown: Shutdown | None = None,
    ) -> None:
        self._device = device
        self._power = power
        self._slow = slow
        self._shutdown = shutdown or Shutdown()

    @property
    def name(self) -> str:
        """See Port."""
        return f"spi {self._device}"

    async def open(self) -> "SpiLink":
        """See Port."""
        # The device first: without it there is no reason to touch the pins.
        bus = SpiBus.open(self._device, spi.SPEED_HZ, spi.SELECT_US)
        try:
            starting = self._power is not None and await self._power.up()
        except BaseException:
            bus.close()
            raise
        master = Master(self._slow, now=time.monotonic())
        link = SpiLink(self.name, bus, master, starting=starting, shutdown=self._shutdown)
        try:
            self.met(await link.introduce())
        except BaseException:
            await link.aclose()
            raise
        return link

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
class _Start:
    """A thread begins, or is called off before it has begun: whichever comes first."""

    _free: threading.Lock = field(init=False, factory=threading.Lock)

    def go(self) -> bool:
        """The thread begins; False if it was called off."""
        return self._free.acquire(blocking=False)

    def call_off(self) -> bool:
        """The thread is not wanted; False if it has begun."""
        return self._free.acquire(blocking=False)


@define(eq=False)
class SpiLink(Link):
    """Messages to and from the module.

    One thread at a time uses bus and master; what others want of it is put into `_wishes`. A thread
    that the driver does not give back keeps both: nobody waits for it longer than LEAVING_S, or
    than the `shutdown` allows.
    """

    _name: str
    _bus: SpiBus
    _master: Master
    starting: bool = field(default=False, kw_only=True)
    _shutdown: Shutdown = field(factory=Shutdown, kw_only=True)
    _at_work: bool = field(init=False, default=False)
    _frames: deque[bytes] = field(init=False, factory=deque)
    _wishes: deque[tuple[Order, bool]] = field(init=False, factory=deque)
    """Orders that are new (True), or not wanted any more."""
    _nudge: _Nudge = field(init=False, factory=_Nudge)
    _polling: SharedWork = field(init=False)
    _token: trio.lowlevel.TrioToken = field(init=False, factory=trio.lowlevel.current_trio_token)

    def __attrs_post_init__(self) -> None:
        """Who sends and who receives share the thread."""
        self._polling = SharedWork(self._hop)

    async def introduce(self) -> TrInfo | None:
        """Ask the module who it is, before anything else; None if it does not say."""
        self._master.introduce()
        with trio.move_on_after(INTRODUCTION_S):
            await self._polling.until(lambda: not self._master.curious)
        self._master.incurious()
        return self._master.tr_info

    async def send(self, frame: bytes) -> None:
        """See Link."""
        order = Order(frame, _patience_s(frame))
        self._wish(order, wanted=True)
        try:
            await self._polling.until(lambda: order.done)
        finally:
            if not order.done:
                self._wish(order, wanted=False)
        if order.refusal:
            raise PortError(f"{self._name}: message not taken: {order.refusal}")

    async def receive(self) -> bytes:
        """See Link."""
        await self._polling.until(lambda: bool(self._frames))
        return self._frames.popleft()

    @property
    def more(self) -> bool:
        """See Link."""
        return bool(self._frames)

    async def aclose(self) -> None:
        """See Link."""
        if not self._at_work:
            self._bus.close()
        await trio.lowlevel.checkpoint()

    def _wish(self, order: Order, *, wanted: bool) -> None:
        self._wishes.append((order, wanted))
        self._nudge.give()

    async def _hop(self) -> None:
        if self._at_work:
            raise ModuleError(f"{self._name}: the bus does not answer")
        left, start = trio.Event(), _Start()
        try:
            await trio.to_thread.run_sync(self._work, start, left, abandon_on_cancel=True)
        except trio.Cancelled:
            # A thread that has not begun never will; else it would meet the one after it.
            if not start.call_off():
                await self._leave(left)
            raise
        if self._master.failure:
            raise ModuleError(f"{self._name}: {self._master.failure}")

    async def _leave(self, left: trio.Event) -> None:
        """Wait for the thread that was cancelled, which has begun."""
        with self._shutdown.shield(LEAVING_S, Share.REST):
            await left.wait()

    # In the thread.

    def _work(self, start: "_Start", left: trio.Event) -> None:
        if not start.go():
            return
        self._at_work = True
        try:
            self._poll()
        finally:
            self._at_work = False
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(left.set)

    def _poll(self) -> None:
        """Carry on until there is something for somebody."""
        curious = self._master.curious
        while not self._worth_returning() and curious == self._master.curious:
            self._take_wishes()
            todo = self._master.next(time.monotonic())
            if isinstance(todo, Exchange):
                received = self._bus.exchange(todo.packet, todo.gap_us)
                self._master.shifted(received, time.monotonic())
            elif isinstance(todo, Watch):
                self._watch(todo)
            else:
                trio.from_thread.check_cancelled()
                self._nudge.wait(todo.until - time.monotonic())

    def _watch(self, watch: Watch) -> None:
        """Look at an idle module, which is most of what is ever done: nothing else is in here."""
        seen = shown = bytes((watch.status,))
        while seen == shown:
            trio.from_thread.check_cancelled()
            self._nudge.wait(watch.pause_s)
            if self._wishes:
                return
            seen = self._bus.exchange(spi.CHECK, watch.gap_us)
        self._master.shifted(seen, time.monotonic())

    def _take_wishes(self) -> None:
        while self._wishes:
            order, wanted = self._wishes.popleft()
            if wanted:
                self._master.send(order)
            else:
                self._master.withdraw(order)

    def _worth_returning(self) -> bool:
        if self._master.finished:
            self._master.finished.clear()
            if self._polling.alone:
                return True
            # Whoever sent may go on, while this thread stays for the answer.
            self._token.run_sync_soon(self._polling.wake)
        news = bool(self._master.received)
        while self._master.received:
            frame = self._master.received.popleft()
            self._frames.append(frame)
            self._expect(frame)
        return news or bool(self._master.failure)

    def _expect(self, frame: bytes) -> None:
        """Have the master be there when the answer comes that a confirmation announces."""
        try:
            packet = parse(frame)
        except RemoteProtocolError:
            return
        if isinstance(packet, Confirmation) and packet.nadr != BROADCAST:
            self._master.expect(soonest_ms(packet) / 1000, estimate_ms(packet) / 1000)


def _patience_s(frame: bytes) -> float:
    """How long the coordinator may be at work on a message, in the largest network."""
    try:
        request = parse(frame)
    except RemoteProtocolError:
        return PATIENCE_S
    if not isinstance(request, Request) or is_remote(request):
        return PATIENCE_S
    return PATIENCE_S + local_timeout_ms(request, Timing()) / 1000
