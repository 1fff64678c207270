"""The transceiver keeps the way to the coordinator open, and does one DPA transaction at a time."""

import logging
import math
from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeVar

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from protocol.dpa import commands
from protocol.dpa.call import Call
from protocol.dpa.commands import name_of
from protocol.dpa.counters import Count, Counters, kind_of
from protocol.dpa.errors import (
    BadResponseError,
    DpaAbortedError,
    DpaError,
    DpaTimeoutError,
    InterfaceError,
    status_text,
)
from protocol.dpa.packet import COORDINATOR, Confirmation, Packet, Request, Response, parse
from protocol.dpa.timing import Timing, is_remote, observe, observe_reset, uses_radio
from protocol.dpa.transaction import Outcome, Transaction
from protocol.dpa.unanswered import Unanswered
from protocol.errors import RemoteProtocolError

log = logging.getLogger("iqrf_trio.transceiver")
T = TypeVar("T")

LINK_PATIENCE_S = 0.5
"""How long a request waits for a link that is down."""

REMEDY = "; sudo iqrf-trio doctor tells what to do"
"""What the first failure in a row says besides its reason."""

LONGEST_PAUSE_S = 60
"""Between two attempts to open the port; the first is 1 s, each further one twice as long."""

RESET_AFTER = 3
"""Failures to open the port in a row, after which the module behind it is reset."""

SILENCE = 3
"""Requests in a row to which the coordinator said nothing at all: it hangs, or is gone."""

START_S = 3.0
"""How long a module that was just switched on may take until it reports so."""

GRACE_S = 5.0
"""What the transaction on the air has to finish at shutdown."""

CLOSING_S = 1.0
"""What a link has to let go of its device."""

_ENUMERATION = commands.ENUMERATE.key

Trace = Callable[[Literal["out", "in"], bytes], None]
"""Is told each frame: sent, or received whatever it is."""


@define(eq=False)
class _Flight:
    """The transaction under way.

    Its scope shields it, and ends it at its deadline, or when the link is lost.
    """

    transaction: Transaction
    scope: trio.CancelScope = field(init=False)
    _over: trio.Event = field(factory=trio.Event, init=False)

    @scope.default
    def _make_scope(self) -> trio.CancelScope:
        return trio.CancelScope(shield=True, deadline=self.transaction.deadline)

    def receive(self, packet: Packet) -> bool:
        belongs = self.transaction.receive(packet, trio.current_time())
        if self.transaction.outcome is None:
            self.scope.deadline = self.transaction.deadline
        else:
            self._over.set()
        return belongs

    def fail(self, status: int) -> None:
        self.transaction.fail(status, trio.current_time())
        self.scope.cancel()

    async def wait(self) -> None:
        """Until there is an outcome."""
        if self.transaction.outcome is None:
            await self._over.wait()


@define(eq=False)
class _Session:
    """One link, from its opening to its loss.

    `silent` counts requests without any echo, `started` is set by a report of a reset.
    """

    link: Link
    started: trio.Event = field(factory=trio.Event)
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    silent: int = 0
    reason: str = "closed"


@define(eq=False)
class Transceiver:
    """The one user of the port.

    `on_async` is given each frame that a device sent unasked, `on_answer` each outcome with a
    response; neither waits, nor raises but for a bug. `trace` sees all frames.
    `waits_for_air` is for ports without a signal of readiness, and the port's own word unless it
    is given: a request that needs the radio is held back until the routing before it is over.
    `timing` is what is known of the network, learned from the coordinator when the link opens and
    from all answers that pass by.
    """

    _port: Port
    on_async: Callable[[bytes], None] = field(kw_only=True)
    on_answer: Callable[[Outcome], None] = field(kw_only=True, default=lambda _: None)
    trace: Trace | None = field(kw_only=True, default=None)
    waits_for_air: bool = field(kw_only=True)
    timing: Timing = field(factory=Timing, init=False)
    _turn: trio.StrictFIFOLock = field(factory=trio.StrictFIFOLock, init=False)
    _scope: trio.CancelScope = field(init=False)
    _stopping: bool = field(default=False, init=False)
    _session: _Session | None = field(default=None, init=False)
    _up: trio.Event = field(factory=trio.Event, init=False)
    _flight: _Flight | None = field(default=None, init=False)
    _air_free_at: float = field(default=-math.inf, init=False)
    _air_changed: trio.Event = field(factory=trio.Event, init=False)
    _unanswered: Unanswered = field(factory=Unanswered, init=False)
    _failures: int = field(default=0, init=False)
    _reset_due: bool = field(default=False, init=False)
    _counts: Counter[Count] = field(factory=Counter, init=False)

    @waits_for_air.default
    def _word_of_the_port(self) -> bool:
        return self._port.waits_for_air

    @_scope.default
    def _make_scope(self) -> trio.CancelScope:
        return trio.CancelScope(shield=True)

    @property
    def connected(self) -> bool:
        """Whether the link is open and the coordinator has answered."""
        return self._session is not None

    @property
    def counters(self) -> Counters:
        """The counters of this moment."""
        return Counters(dict(self._counts))

    async def wait_connected(self) -> None:
        """Wait until `connected`."""
        while self._session is None:
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
                await self._wait_for_air()
            if self._session is None:
                with trio.move_on_at(patience_ends):
                    await self.wait_connected()
            if self._unanswered and self._session is not None:
                await self._dispel_doubt(self._session, request)
            session = self._session
            if session is None or session.scope.cancel_called or self._stopping:
                return self._unsent(request)
            return await self._exchange(session, request, timeout_ms)
        finally:
            self._turn.release()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Open the port, again and again if need be, and read; for as long as the daemon lives.

        When cancelled, the transaction on the air has GRACE_S to finish; later ones get -3.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_open)
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._stopping = True
                grace = 0 if self._flight is None else GRACE_S
                self._scope.deadline = trio.current_time() + grace

    async def _wait_for_air(self) -> None:
        while self._air_free_at > trio.current_time():
            self._air_changed = trio.Event()
            with trio.move_on_at(self._air_free_at):
                await self._air_changed.wait()

    # One link after the other.

    async def _keep_open(self) -> None:
        with self._scope:
            while True:
                reason = await self._serve()
                self._failures += 1
                self._reset_due |= self._failures >= RESET_AFTER
                pause = min(2 ** (self._failures - 1), LONGEST_PAUSE_S)
                log.warning(
                    "%s: %s; next attempt in %d s%s",
                    self._port.name,
                    reason,
                    pause,
                    REMEDY if self._failures == 1 else "",
                )
                await trio.sleep(pause)

    async def _serve(self) -> str:
        """The boundary of the port: open it and use it until it fails; returns why it did."""
        try:
            if self._reset_due:
                await self._reset()
            link = await self._port.open()
            self._counts[Count.OPENED] += 1
            try:
                return await self._use(link)
            finally:
                with trio.move_on_after(CLOSING_S, shield=True):
                    await link.aclose()
        except PortError as error:
            self._reset_due |= isinstance(error, ModuleError)
            return str(error)
        except Exception:
            log.exception("%s failed", self._port.name)
            return "internal error"

    async def _reset(self) -> None:
        log.warning("%s: resetting the module", self._port.name)
        self._counts[Count.RESET] += 1
        await self._port.reset()
        self._reset_due = False
        self._air_is_free()

    async def _use(self, link: Link) -> str:
        session = _Session(link)
        self._unanswered.clear()
        with session.scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read, session)
                try:
                    await self._greet(session)
                    log.info("%s: connected; %s", self._port.name, self.timing)
                    self._session = session
                    self._up.set()
                    await trio.sleep_forever()
                finally:
                    self._lose(session, session.reason)
        return session.reason

    async def _greet(self, session: _Session) -> None:
        """Learn what the timing needs to know. Who says nothing is lost, errors do not matter."""
        if session.link.starting:
            # Without a report the greeting tells as much.
            with trio.move_on_after(START_S):
                await session.started.wait()
        for _ in range(SILENCE):
            outcome = await self._exchange(session, commands.os_read(COORDINATOR).request)
            if outcome.response is not None:
                break
        else:
            self._lose(session, "no answer from the coordinator")
        for call in (
            commands.enumerate_peripherals(COORDINATOR),
            commands.addr_info(),
            commands.bonded_devices(),
            commands.discovered_devices(),
        ):
            await self._exchange(session, call.request)
        await self._learn_frc_time(session)

    async def _learn_frc_time(self, session: _Session) -> None:
        """Only setting the response time of FRCs tells what it was; it is set back at once."""
        shortest = commands.frc_set_params(0)
        try:
            before = (await self._exchange(session, shortest.request)).value(shortest)
        except DpaError:
            return
        if before:
            await self._exchange(session, commands.frc_set_params(before).request)

    def _lose(self, session: _Session, reason: str) -> None:
        """Give the link up; what is under way on it fails, and nothing new begins on it."""
        if not session.scope.cancel_called:
            session.reason = reason
            session.scope.cancel()
        self._session = None
        if self._up.is_set():  # if not, it is still waited for
            self._up = trio.Event()
        if self._flight is not None:
            self._flight.fail(self._down_status)

    # Frames in.

    async def _read(self, session: _Session) -> None:
        try:
            while True:
                self._received(session, await session.link.receive())
        except PortError as error:
            self._reset_due |= isinstance(error, ModuleError)
            self._lose(session, str(error))

    def _received(self, session: _Session, frame: bytes) -> None:
        if self.trace is not None:
            self.trace("in", frame)
        try:
            packet = parse(frame)
        except RemoteProtocolError as error:
            self._counts[Count.GARBAGE] += 1
            log.warning("%s: %s: %s", self._port.name, error, frame.hex("."))
            return
        session.silent = self._failures = 0
        if isinstance(packet, Request) or (isinstance(packet, Response) and packet.asynchronous):
            self._unasked(session, packet, frame)
        elif self._flight is None or not self._flight.receive(packet):
            self._unwanted(packet, frame)

    def _unasked(self, session: _Session, packet: Request | Response, frame: bytes) -> None:
        self._counts[Count.ASYNCHRONOUS] += 1
        if packet.nadr == COORDINATOR and (packet.pnum, packet.pcmd) == _ENUMERATION:
            session.started.set()
            self._learn_of_reset(frame)
        try:
            self.on_async(frame)
        except Exception:
            log.exception("the asynchronous frame %s was not passed on", frame.hex("."))

    def _learn_of_reset(self, frame: bytes) -> None:
        try:
            enumeration = commands.ENUMERATE.decode(frame[8:])
        except BadResponseError as error:
            log.warning("reset message %s: %s", frame.hex("."), error)
            return
        log.info("the coordinator was reset: %s", enumeration)
        self.timing = observe_reset(self.timing, enumeration)

    def _unwanted(self, packet: Confirmation | Response, frame: bytes) -> None:
        """A frame that came too late, or for nothing."""
        if (request := self._unanswered.late(packet)) is not None:
            self._counts[Count.LATE] += 1
            log.info("late: %s", frame.hex("."))
            if not is_remote(request):
                # The coordinator is done with what it was thought to be busy with.
                self._air_is_free()
            return
        self._counts[Count.UNEXPECTED] += 1
        log.warning("unexpected: %s", frame.hex("."))

    def _air_is_free(self) -> None:
        self._air_free_at = min(self._air_free_at, trio.current_time())
        self._air_changed.set()

    # Transactions.

    async def _exchange(
        self, session: _Session, request: Request, timeout_ms: int | None = None
    ) -> Outcome:
        await trio.lowlevel.checkpoint_if_cancelled()  # the last chance before the shield
        now = trio.current_time()
        free = self._air_free_at <= now
        transaction = Transaction(
            request,
            self.timing,
            now,
            timeout_ms,
            air_free_at=self._air_free_at,
            rivals=self._unanswered.rivals(request, now),
        )
        flight = self._flight = _Flight(transaction)
        self._counts[kind_of(request)] += 1
        try:
            with flight.scope:
                await self._send(session, transaction)
                await flight.wait()
        finally:
            now = trio.current_time()
            transaction.tick(now)
            transaction.fail(DpaAbortedError.code, now)
            self._air_free_at = transaction.air_free_at
            if self._flight is flight:
                self._flight = None
            if self._stopping:
                self._scope.cancel()
        assert transaction.outcome is not None
        self._judge(session, transaction.outcome, now, free=free)
        return transaction.outcome

    async def _send(self, session: _Session, transaction: Transaction) -> None:
        frame = transaction.request.encode()
        if self.trace is not None:
            self.trace("out", frame)
        try:
            await session.link.send(frame)
        except PortError as error:
            log.warning("%s: %s not sent: %s", self._port.name, frame.hex("."), error)
            transaction.fail(InterfaceError.code, trio.current_time())

    def _judge(self, session: _Session, outcome: Outcome, now: float, *, free: bool) -> None:
        """What an outcome teaches: of the network, and of the coordinator's health."""
        request = outcome.request
        if outcome.response is not None:
            self.timing = observe(self.timing, request, outcome.response)
        if outcome.confirmation is not None or outcome.response is not None:
            self._unanswered.answered(request, now)
            try:
                self.on_answer(outcome)
            except Exception:
                log.exception("the answer to %s was not passed on", request)
        if outcome.status < 0:
            name = name_of(request.pnum, request.pcmd)
            log.info("%s to %d: %s", name, request.nadr, status_text(outcome.status))
        if outcome.status == DpaTimeoutError.code:
            self._counts[Count.TIMEOUT] += 1
            self._unanswered.add(request, now)
        # Given up while it may still be busy, the coordinator is not to blame.
        busy = not free or self._air_free_at > now
        mute = outcome.confirmation is None and outcome.response is None
        if mute and not busy:
            session.silent += 1
            if session.silent >= SILENCE:
                self._reset_due = True
                self._lose(session, f"no answer to {SILENCE} requests in a row")

    async def _dispel_doubt(self, session: _Session, request: Request) -> None:
        """Have the coordinator answer something else first, if its next answers may be late."""
        if not self._unanswered.doubtful(request, trio.current_time()):
            return
        if probe := self._unanswered.probe():
            await self._exchange(session, probe)
        else:
            self._lose(session, "answers come too late")

    def _unsent(self, request: Request) -> Outcome:
        now = trio.current_time()
        return Outcome(request, self._down_status, None, None, now, None, None)

    @property
    def _down_status(self) -> int:
        return DpaAbortedError.code if self._stopping else InterfaceError.code
