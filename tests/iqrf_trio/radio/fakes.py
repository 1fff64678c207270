"""A coordinator that speaks DPA, behind a port, with faults to choose; time is trio's clock."""

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, Port, PortError
from protocol.dpa.packet import BROADCAST, Confirmation, Request, Response, answer, parse
from protocol.dpa.peripherals.coordinator import (
    ADDR_INFO,
    BONDED_DEVICES,
    DISCOVERED_DEVICES,
    DISCOVERY,
    AddrInfo,
)
from protocol.dpa.peripherals.exploration import ENUMERATE, PeripheralEnumeration
from protocol.dpa.peripherals.frc import (
    FRC_EXTRA_RESULT,
    FRC_SEND,
    FRC_SEND_SELECTIVE,
    FRC_SET_PARAMS,
    FrcAnswer,
)
from protocol.dpa.peripherals.os import OS_READ, OsInfo

LOCAL_S = 0.01
CONFIRMATION_S = 0.025
TIMESLOT = 4  # 40 ms
LATE_S = 5.0
GARBAGE = b"\x00\x01\x02"

COORDINATOR_IS = PeripheralEnumeration(
    dpa=0x0417,
    user_per_nr=0,
    embedded=frozenset({0, 2, 13}),
    hwpid=2,
    hwpid_version=1,
    flags=0b001,  # STD
)
RESET_MESSAGE = Response(
    0, 0xFF, 0x3F, hwpid=2, pdata=COORDINATOR_IS.encode(), asynchronous=True
).encode()


class Fault(Enum):
    """What can go wrong with one request."""

    NONE = "none"
    SILENT = "nothing comes back"
    NO_RESPONSE = "the node is confirmed, but does not answer"
    ERROR = "ERROR_FAIL comes back"
    LATE = "the response comes when nobody waits for it any more"
    DUPLICATE = "each frame comes twice"
    GARBAGE = "a torn frame comes first"
    DIES = "the link breaks"
    NOT_SENT = "the port does not take the frame"
    STUCK = "the port never takes the frame"
    BUG = "the port raises what it should not"


@define(eq=False)
class FakeCoordinator:
    """A coordinator and its nodes: everything asked is answered well, unless a fault is due.

    `faults` are used up one per request, then `broken` is the rule. `took` holds what was sent
    to it, with the time.
    """

    bonded: frozenset[int] = frozenset({1, 2, 3})
    discovered: frozenset[int] = frozenset({1, 2})
    hops: int = 1
    faults: deque[Fault] = field(factory=deque)
    broken: Fault = Fault.NONE
    local_s: float = LOCAL_S
    discovery_s: float = 3.0
    frc_params: int = 0
    took: list[tuple[float, Request]] = field(factory=list)

    def next_fault(self) -> Fault:
        return self.faults.popleft() if self.faults else self.broken

    def answers(self, request: Request, fault: Fault) -> Iterator[tuple[float, bytes]]:
        """The frames that come back, each with its delay in seconds."""
        if fault is Fault.SILENT:
            return
        if fault is Fault.GARBAGE:
            yield 0.0, GARBAGE
        delay = self.local_s
        if request.nadr:
            confirmation = Confirmation(
                request.nadr,
                request.pnum,
                request.pcmd,
                request.hwpid,
                dpa_value=40,
                hops=self.hops,
                timeslot=TIMESLOT,
                hops_response=self.hops,
            )
            yield CONFIRMATION_S, confirmation.encode()
            # A node in range is heard in the first slot of its answer.
            delay = CONFIRMATION_S + ((self.hops + 1) * TIMESLOT + 4) / 100
        elif (request.pnum, request.pcmd) == DISCOVERY.key:
            delay = self.discovery_s
        if fault is Fault.LATE:
            delay += LATE_S
        if request.nadr != BROADCAST and fault is not Fault.NO_RESPONSE:
            yield delay, self.response(request, fault).encode()

    def response(self, request: Request, fault: Fault) -> Response:
        if fault is Fault.ERROR:
            return answer(request, hwpid=2, rcode=1)
        if (request.pnum, request.pcmd) == FRC_SET_PARAMS.key:
            before, self.frc_params = self.frc_params, request.pdata[0]
            return answer(request, hwpid=2, pdata=bytes((before,)))
        return answer(request, hwpid=2, pdata=self.pdata(request.pnum, request.pcmd))

    def pdata(self, pnum: int, pcmd: int) -> bytes:
        table: dict[tuple[int, int], Callable[[], bytes]] = {
            OS_READ.key: OsInfo(
                0x81000001, 0x46, 0x24, 0x08D8, 40, 80, 0, 0x31, bytes(16), COORDINATOR_IS
            ).encode,
            ENUMERATE.key: COORDINATOR_IS.encode,
            ADDR_INFO.key: AddrInfo(len(self.bonded), 42).encode,
            BONDED_DEVICES.key: lambda: BONDED_DEVICES.encode(self.bonded),
            DISCOVERED_DEVICES.key: lambda: DISCOVERED_DEVICES.encode(self.discovered),
            DISCOVERY.key: lambda: bytes((len(self.discovered),)),
            FRC_SEND.key: FrcAnswer(len(self.bonded), bytes(55)).encode,
            FRC_SEND_SELECTIVE.key: FrcAnswer(len(self.bonded), bytes(55)).encode,
            FRC_EXTRA_RESULT.key: lambda: bytes(9),
        }
        return table[pnum, pcmd]() if (pnum, pcmd) in table else b""


@define(eq=False)
class FakeLink(Link):
    """A link to a FakeCoordinator; frames come when they are due."""

    coordinator: FakeCoordinator
    send_takes_s: float = 0.0
    at_once: bool = False
    """Whether a frame can be sent without waiting, unless a fault is against it."""
    broken: Exception | None = None
    closed: bool = False
    _due: list[tuple[float, int, bytes]] = field(factory=list)
    _serial: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    async def send(self, frame: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self._check()
        fault = self.coordinator.next_fault()
        if fault is Fault.NOT_SENT:
            raise PortError("busy")
        if fault is Fault.STUCK:
            await trio.sleep_forever()
        self._carry(frame, fault)
        await trio.sleep(self.send_takes_s)

    def try_send(self, frame: bytes) -> bool:
        faults = self.coordinator.faults
        fault = faults[0] if faults else self.coordinator.broken
        if not self.at_once or fault in {Fault.NOT_SENT, Fault.STUCK}:
            return False
        self._check()
        self._carry(frame, self.coordinator.next_fault())
        return True

    def _carry(self, frame: bytes, fault: Fault) -> None:
        request = parse(frame)
        assert isinstance(request, Request)
        self.coordinator.took.append((trio.current_time(), request))
        if fault is Fault.DIES:
            self.fail(PortError("cable pulled"))
        elif fault is Fault.BUG:
            self.fail(ZeroDivisionError("a bug of the port"))
        else:
            frames = self.coordinator.answers(request, fault)
            self.emit(frames, times=2 if fault is Fault.DUPLICATE else 1)

    def emit(self, frames: Iterable[tuple[float, bytes]], *, times: int = 1) -> None:
        """Have frames received after their delays."""
        for delay, frame in frames:
            for _ in range(times):
                self._serial += 1
                heapq.heappush(self._due, (trio.current_time() + delay, self._serial, frame))
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """From now on the link is gone."""
        self.broken = error
        self._changed.set()

    async def receive(self) -> bytes:
        await trio.lowlevel.checkpoint()
        while True:
            self._check()
            due_at = self._due[0][0] if self._due else math.inf
            if due_at <= trio.current_time():
                return heapq.heappop(self._due)[2]
            self._changed = trio.Event()
            with trio.move_on_at(due_at):
                await self._changed.wait()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True

    def _check(self) -> None:
        if self.closed:
            raise PortError("the link is closed")
        if self.broken is not None:
            raise self.broken


@define(eq=False)
class FakePort(Port):
    """A port to a FakeCoordinator. The next `refusals` attempts to open it fail.

    `opened_at` are the times of all attempts; `reset_at` those of resets, which mend what is
    broken if `mends`.
    """

    coordinator: FakeCoordinator = field(factory=FakeCoordinator)
    refusals: float = 0
    resettable: bool = True
    mends: bool = True
    send_takes_s: float = 0.0
    at_once: bool = False
    opened_at: list[float] = field(factory=list)
    reset_at: list[float] = field(factory=list)
    links: list[FakeLink] = field(factory=list)

    @property
    def name(self) -> str:
        return "fake port"

    @property
    def link(self) -> FakeLink:
        return self.links[-1]

    async def open(self) -> Link:
        await trio.lowlevel.checkpoint()
        self.opened_at.append(trio.current_time())
        if self.refusals > 0:
            self.refusals -= 1
            raise PortError("no such device")
        self.links.append(FakeLink(self.coordinator, self.send_takes_s, self.at_once))
        return self.link

    @property
    def can_reset(self) -> bool:
        return self.resettable

    async def reset(self) -> None:
        await trio.lowlevel.checkpoint()
        self.reset_at.append(trio.current_time())
        if self.mends:
            self.coordinator.broken = Fault.NONE
