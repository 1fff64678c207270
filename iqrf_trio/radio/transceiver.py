"""The transceiver does one DPA transaction at a time, over the link there is."""

import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeVar

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, Port, PortError
from iqrf_trio.radio.doubt import dispelled
from iqrf_trio.radio.flight import Air, Flight, tell_shortened
from iqrf_trio.radio.greeting import after_reset, greet, is_reset_message, mid_in
from iqrf_trio.radio.lag import Lag
from iqrf_trio.radio.learning import Learning
from iqrf_trio.radio.links import Links
from iqrf_trio.radio.memory import Memory
from iqrf_trio.radio.open_link import SILENCE, OpenLink
from iqrf_trio.radio.timer import Timer
from iqrf_trio.shutdown import Share, Shield, Shutdown
from protocol.dpa.call import Call
from protocol.dpa.counters import Count, Counters, kind_of
from protocol.dpa.errors import DpaAbortedError, DpaTimeoutError, InterfaceError
from protocol.dpa.keys import shown
from protocol.dpa.packet import COORDINATOR, Confirmation, Request, Response
from protocol.dpa.requests import uses_radio
from protocol.dpa.timing import Timing
from protocol.dpa.transaction import CLIENT_LIMIT_MS, Outcome, Transaction
from protocol.dpa.unanswered import Unanswered

log = logging.getLogger("iqrf_trio.transceiver")
T = TypeVar("T")

LINK_PATIENCE_S = 0.5
"""How long a request waits for a link that is down."""

Trace = Callable[[Literal["out", "in"], bytes], None]
"""Is told each frame: sent, or received whatever it is."""


@define(eq=False)
class Transceiver:
    """The one user of the port.

    `on_async` is given each frame that a device sent unasked, `on_answer` each outcome, also of
    what got no answer; neither waits, nor raises but for a bug. `trace` sees all frames.
    `waits_for_air` is for ports without a signal of readiness, and the port's own word unless it
    is given: a request that needs the radio is held back until the routing before it is over.
    When the `shutdown` begins, the transaction on the air has its share of the time that is left.
    `timeout_limit_s` is the longest timeout that a client may ask for.
    `timing` is what is known of the network, learned from the coordinator when the link opens and
    from all answers that pass by; `memory` has what the coordinator does not tell.
    `busy_s`: how long the coordinator may be at work on what another run of the program gave up; so
    long it is neither asked nor reset, unless it speaks.
    """

    _port: Port
    on_async: Callable[[bytes], None] = field(kw_only=True)
    on_answer: Callable[[Outcome], None] = field(kw_only=True, default=lambda _: None)
    trace: Trace | None = field(kw_only=True, default=None)
    waits_for_air: bool = field(kw_only=True)
    shutdown: Shutdown = field(factory=Shutdown, kw_only=True)
    timeout_limit_s: float = field(kw_only=True, default=CLIENT_LIMIT_MS / 1000)
    memory: Memory = field(factory=Memory, kw_only=True)
    _busy_s: float = field(default=0.0, kw_only=True)
    tap: Callable[[bytes], None] | None = field(default=None, init=False)
    _counts: Counter[Count] = field(factory=Counter, init=False)
    _turn: trio.Semaphore = field(factory=lambda: trio.Semaphore(1, max_value=1), init=False)
    """Of whoever transacts, first come first served; no lock, as no task may be what transacts."""
    _timer: Timer = field(init=False)
    _air: Air = field(factory=Air, init=False)
    _flight: Flight | None = field(default=None, init=False)
    _reads: int = field(default=0, init=False)
    """Reads of the port so far; several frames may come in one."""
    _lag: Lag = field(factory=Lag, init=False)
    _learning: Learning = field(init=False)
    _links: Links = field(init=False)
    _link: OpenLink | None = field(default=None, init=False)
    _up: trio.Event = field(factory=trio.Event, init=False)
    _scope: Shield = field(init=False)
    _stopping: bool = field(default=False, init=False)

    @waits_for_air.default
    def _word_of_the_port(self) -> bool:
        return self._port.waits_for_air

    @_learning.default
    def _make_learning(self) -> Learning:
        unanswered = Unanswered(self._port.real_time)
        return Learning(unanswered, self.memory, self.on_answer, self._counts)

    @_links.default
    def _make_links(self) -> Links:
        return Links(self._port, self._counts, self._air, self.shutdown)

    @_timer.default
    def _make_timer(self) -> Timer:
        return Timer(self.shutdown, lambda: self._flight)

    @_scope.default
    def _make_shield(self) -> Shield:
        return self.shutdown.shield(share=Share.REST)

    @property
    def timing(self) -> Timing:
        """What is known of the network's timing."""
        return self._learning.timing

    @timing.setter
    def timing(self, timing: Timing) -> None:
        self._learning.timing = timing

    @property
    def connected(self) -> bool:
        """Whether the link is open and the coordinator has answered."""
        return self._link is not None

    @property
    def counters(self) -> Counters:
        """The counters of this moment."""
        return Counters(dict(self._counts))

    @property
    def busy_s(self) -> float:
        """How much longer the network is routing or the coordinator at work, as far as is known."""
        return max(0.0, self._air.free_at - trio.current_time())

    async def wait_connected(self) -> None:
        """Wait until `connected`."""
        while self._link is None:
            await self._up.wait()

    async def call(self, call: Call[T]) -> T:
        """The value of the answer to `call`; raises DpaError."""
        outcome = await self.transact(call.request)
        return outcome.value(call)

    async def transact(self, request: Request, timeout_ms: int | None = None) -> Outcome:
        """Do one transaction, after those asked for before; `timeout_ms` as Transaction takes it.

        Never raises DpaError: the status of the outcome tells (-4 if the link is down or gets
        lost, -3 at shutdown). Cancelling takes a waiting request back; one on the wire is finished
        first.
        """
        patience_ends = trio.current_time() + LINK_PATIENCE_S
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            if self.waits_for_air and uses_radio(request):
                await self._air.wait()
            if self._link is None:
                with trio.move_on_at(patience_ends):
                    await self.wait_connected()
            link = self._link
            if link is not None and not await self._certain(link, request):
                # Sent now, it could be given the answer to another request.
                status = self._down_status if self._stopping else DpaTimeoutError.code
                return self._unsent(request, status)
            if link is None or link.lost or self._stopping:
                return self._unsent(request, self._down_status)
            return await self._exchange(link, request, timeout_ms)
        finally:
            self._turn.release()

    async def write(self, frame: bytes) -> None:
        """Send a frame as it is, after the transactions before it; answers go to the `tap` alone.

        Raises PortError where the link is down or does not take it.
        """
        async with self._turn:
            link = self._link
            if link is None or self._stopping:
                raise PortError("the link is down")
            if self.trace is not None:
                self.trace("out", frame)
            with self.shutdown.shield(share=Share.AIR):
                await link.link.send(frame)

    def begin(
        self, request: Request, timeout_ms: int | None, conclude: Callable[[Outcome], None]
    ) -> bool:
        """Send a request in this step, if nothing has to be waited for; else False.

        `conclude` is then called once, in the step in which there is an outcome, as `transact`
        has it. It may begin the next transaction.
        """
        link, now = self._link, trio.current_time()
        if link is None or link.lost or self._stopping:
            return False
        if self.waits_for_air and self._air.free_at > now and uses_radio(request):
            return False
        if self._learning.unanswered.doubtful(request):
            return False
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            return False
        frame = request.encode()
        try:
            sent = link.link.try_send(frame)
        except PortError as error:
            self._lose(link, error)
            sent = False
        if not sent:
            self._turn.release()
            return False
        if self.trace is not None:
            self.trace("out", frame)
        free = self._air.free_at <= now
        flight = self._launch(request, timeout_ms, now)
        flight.conclude = partial(self._concluded, link, flight, conclude, free=free)
        self._timer.expect(flight)
        return True

    def _concluded(
        self,
        link: OpenLink,
        flight: Flight,
        conclude: Callable[[Outcome], None],
        now: float,
        *,
        free: bool,
    ) -> None:
        """End what `begin` has begun."""
        outcome = self._land(flight, now)
        self._judge(link, flight.transaction, now, free=free)
        self._turn.release()
        try:
            conclude(outcome)
        except Exception:
            log.exception("the outcome of %s was not passed on", outcome.request)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Open the port, again and again if need be, and read; for as long as the daemon lives.

        When cancelled, the transaction on the air is finished within its share of the shutdown's
        time; later ones get -3.
        """
        self._lag = Lag(trio.lowlevel.current_clock().current_time)
        trio.lowlevel.add_instrument(self._lag)
        self._air.free_at = trio.current_time() + self._busy_s
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_open)
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                trio.lowlevel.remove_instrument(self._lag)
                self._stopping = True
                self.shutdown.begin()
                if self._flight is None:
                    self._scope.cancel()

    async def _keep_open(self) -> None:
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._timer.run)
                await self._links.run(self._use)

    # One link.

    async def _use(self, opened: Link) -> str:
        """Greet the coordinator, and serve whoever transacts until the link is lost."""
        link = OpenLink(opened, self._port.name, self._counts)
        self._learning.unanswered.relinked()
        with link.scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read, link)
                try:
                    await self._greet(link)
                    await trio.sleep_forever()
                finally:
                    self._lose(link, PortError(link.reason))
        return link.reason

    async def _greet(self, link: OpenLink) -> None:
        if link.link.starting:
            self._air.clear()
            await link.wait_started()
        # While it is busy it hears nothing, as after a discovery whose end the last link missed.
        await self._air.wait()
        if await greet(partial(self._ask, link), SILENCE):
            log.info("%s: connected; %s", self._port.name, self.timing)
            self._link = link
            self._up.set()
        else:
            self._lose(link, PortError("no answer from the coordinator"))

    async def _ask(self, link: OpenLink, request: Request) -> Outcome:
        """A transaction of the greeting."""
        outcome = await self._exchange(link, request)
        if (mid := mid_in(outcome)) is not None:
            await self.memory.meet(mid)
            self._learning.met()
        return outcome

    def _lose(self, link: OpenLink, error: PortError) -> None:
        """Give the link up; what is under way on it fails, and nothing new begins on it."""
        self._links.blame(error)
        link.lose(error)
        if self._link is link:
            self._link, self._up = None, trio.Event()
        if self._flight is not None:
            self._flight.fail(self._down_status)

    async def _read(self, link: OpenLink) -> None:
        try:
            while True:
                same_read = link.link.more
                frame = await link.link.receive()
                self._reads += not same_read
                self._received(link, frame)
        except PortError as error:
            self._lose(link, error)

    # Frames in.

    def _received(self, link: OpenLink, frame: bytes) -> None:
        if self.trace is not None:
            self.trace("in", frame)
        if self.tap is not None:
            self.tap(frame)
        packet = link.packet_in(frame)
        if packet is None:
            return
        self._links.works()
        if packet.nadr == COORDINATOR and self._link is not link and self._flight is None:
            # Whatever it was thought to be busy with, it speaks.
            self._air.clear()
        if isinstance(packet, Request) or (isinstance(packet, Response) and packet.asynchronous):
            self._unasked(link, packet, frame)
            return
        flight, strays = self._flight, self._flight.transaction.strays if self._flight else []
        now = trio.current_time()
        if flight is None and self.tap is not None:
            return  # it answers a frame of whoever has the module
        if flight is None or not flight.receive(
            packet, now, lag_s=self._lag.at(now), read=self._reads
        ):
            self._unwanted(packet)
        while strays:
            self._unwanted(strays.pop(0))
        if flight is not None:
            if flight.transaction.outcome is None:
                self._timer.expect(flight)
            flight.settle(now)  # at the very end, as it may begin the next one

    def _unasked(self, link: OpenLink, packet: Request | Response, frame: bytes) -> None:
        self._counts[Count.ASYNCHRONOUS] += 1
        if is_reset_message(packet):
            link.starts()
            self.timing = after_reset(self.timing, frame)
            self.memory.reset()
        try:
            self.on_async(frame)
        except Exception:
            log.exception("the asynchronous frame %s was not passed on", shown(frame))

    def _unwanted(self, packet: Confirmation | Response) -> None:
        if self._learning.unwanted(packet):
            self._air.clear()

    # Transactions.

    async def _exchange(
        self, link: OpenLink, request: Request, timeout_ms: int | None = None
    ) -> Outcome:
        await trio.lowlevel.checkpoint_if_cancelled()  # the last chance before the shield
        now = trio.current_time()
        free = self._air.free_at <= now
        flight = self._launch(request, timeout_ms, now)
        try:
            await flight.carry_out(
                partial(self._send, link, flight.transaction),
                self.shutdown.shield(share=Share.AIR),
            )
        finally:
            now = trio.current_time()
            outcome = self._land(flight, now)
        self._judge(link, flight.transaction, now, free=free)
        return outcome

    def _launch(self, request: Request, timeout_ms: int | None, now: float) -> Flight:
        """A transaction that begins now."""
        former = self._learning.unanswered.former(request, now)
        longest_ms = round(self.timeout_limit_s * 1000)
        transaction = Transaction(
            request,
            self._learning.timing,
            now,
            timeout_ms,
            air_free_at=self._air.free_at,
            former=former,
            limit_ms=longest_ms,
        )
        tell_shortened(transaction, timeout_ms, longest_ms)
        limit = self.shutdown.limit_of(Share.AIR)
        flight = self._flight = Flight(transaction, self._reads, limit)
        self._counts[kind_of(request)] += 1
        return flight

    def _land(self, flight: Flight, now: float) -> Outcome:
        """The end of a transaction, whatever it came to."""
        outcome = flight.end(now)
        self._air.free_at = flight.transaction.air_free_at
        if self._flight is flight:
            self._flight = None
        if self._stopping:
            self._scope.cancel()
        return outcome

    async def _send(self, link: OpenLink, transaction: Transaction) -> None:
        if self.trace is not None:
            self.trace("out", transaction.request.encode())
        await link.send(transaction)

    def _judge(self, link: OpenLink, transaction: Transaction, now: float, *, free: bool) -> None:
        """What an outcome teaches: of the network, and of the coordinator's health."""
        outcome = transaction.outcome
        assert outcome is not None
        self._learning.finished(transaction, now)
        # Given up while it may still be busy, the coordinator is not to blame.
        busy = not free or self._air.free_at > now
        unheard = outcome.confirmation is None and outcome.response is None and not busy
        if unheard and (error := link.unheard()) is not None:
            self._lose(link, error)

    async def _certain(self, link: OpenLink, request: Request) -> bool:
        """Whether the answer to `request` can be told from those to others that are still due."""
        try:
            return await dispelled(self._learning.unanswered, request, partial(self._probe, link))
        except PortError as error:
            self._lose(link, error)
            return False

    async def _probe(self, link: OpenLink, request: Request) -> Outcome:
        outcome = await self._exchange(link, request)
        if link.lost:
            raise PortError(link.reason)
        return outcome

    def _unsent(self, request: Request, status: int) -> Outcome:
        return Outcome(request, status, None, None, trio.current_time(), None, None)

    @property
    def _down_status(self) -> int:
        return DpaAbortedError.code if self._stopping else InterfaceError.code
