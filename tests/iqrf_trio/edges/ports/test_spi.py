"""The SPI port with its worker thread; the bus is a simulated module in the event loop."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
import trio
from attrs import define

from iqrf_trio.edges.ports import ModuleError, PortError
from iqrf_trio.edges.ports import spi as spi_port
from iqrf_trio.edges.ports.shared_work import SharedWork
from iqrf_trio.edges.ports.spi import INTRODUCTION_S, SpiLink, SpiPort
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.serving.bus_faults import BusFault
from iqrf_trio.simulator.serving.spi import SpiModule, Transfer
from protocol.dpa.packet import Confirmation, Request, Response, parse
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.timing import estimate_ms, soonest_ms
from protocol.link import spi
from protocol.link.spi_master import ABSENCE_S, Master
from tests.packages import needs_spi

SOON_S = 0.25
"""Nobody waits so long for a thread."""

REQUEST = bonded_devices().request.encode()
LED = Request(1, 0x06, 0x03).encode()


@define(eq=False)
class Bus:
    """Speaks to a module that lives in the event loop."""

    module: SpiModule
    broken: str = ""
    closed: bool = False
    exchanges: int = 0

    def exchange(self, packet: bytes, gap_us: int) -> bytes:
        self.exchanges += 1
        if self.broken:
            raise PortError(self.broken)
        transfers = [Transfer(bytes((byte,)), spi.SPEED_HZ, gap_us, False) for byte in packet]
        return trio.from_thread.run_sync(self.module.message, transfers)

    def close(self) -> None:
        self.closed = True


@define
class Rig:
    link: SpiLink
    bus: Bus

    @property
    def module(self) -> SpiModule:
        return self.bus.module


@asynccontextmanager
async def rig(speed: float = 0, master: Master | None = None) -> AsyncIterator[Rig]:
    module = SpiModule(generate(3, 1), speed)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(module.run)
            bus = Bus(module)
            # It stands in for a SpiBus, which is never without a device of the kernel's.
            master = master or Master(False, now=monotonic())
            link = SpiLink("spi x", bus, master)  # type: ignore[arg-type]
            yield Rig(link, bus)
            await link.aclose()
            assert bus.closed
            nursery.cancel_scope.cancel()


async def test_a_module_answers() -> None:
    async with rig() as it:
        for _ in range(3):
            await it.link.send(REQUEST)
            assert (await it.link.receive())[8:9] == b"\x0e"


async def test_a_frame_is_sent_while_another_task_waits_for_one() -> None:
    async with rig() as it, trio.open_nursery() as nursery:
        received: list[bytes] = []

        async def receive() -> None:
            while len(received) < 3:
                received.append(await it.link.receive())

        nursery.start_soon(receive)
        for _ in range(3):
            start = trio.current_time()
            await it.link.send(REQUEST)
            # It does not wait until the thread has had enough of polling.
            assert trio.current_time() - start < SOON_S


async def test_waiting_ends_soon_when_cancelled() -> None:
    async with rig() as it:
        with trio.move_on_after(0.05) as scope:
            await it.link.receive()
        assert scope.cancelled_caught
        start = trio.current_time()
        with trio.move_on_after(0.01):
            await it.link.receive()
        assert trio.current_time() - start < SOON_S
        await it.link.send(REQUEST)
        assert await it.link.receive()


async def test_threads_that_are_cancelled_before_they_begin_meet_no_other() -> None:
    async with rig() as it:
        for pauses in [*range(6)] * 40:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(it.link.receive)
                for _ in range(pauses):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            await it.link.send(REQUEST)
            assert await it.link.receive()


async def test_a_bus_that_does_not_come_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spi_port, "LEAVING_S", 0.05)
    go_on, hangs = threading.Event(), threading.Event()

    class Hanging(Bus):
        def exchange(self, packet: bytes, gap_us: int) -> bytes:
            hangs.set()
            go_on.wait()
            raise PortError("too late")

    bus = Hanging(SpiModule(generate(3, 1), 0))
    link = SpiLink("spi x", bus, Master(False, now=monotonic()))  # type: ignore[arg-type]
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.receive)
            await trio.to_thread.run_sync(hangs.wait)
            nursery.cancel_scope.cancel()
        with pytest.raises(ModuleError, match="the bus does not answer"):
            await link.receive()
        await link.aclose()
        assert not bus.closed
    finally:
        go_on.set()


async def test_a_message_given_up_in_time_is_not_sent() -> None:
    async with rig() as it:
        it.module.faults.set(BusFault.BUSY)
        with trio.move_on_after(0.05) as scope:
            await it.link.send(REQUEST)
        assert scope.cancelled_caught
        it.module.faults.clear()
        with trio.move_on_after(0.1):
            await it.link.receive()
        assert it.module.mesh.counters.received == 0


async def test_a_message_not_taken_is_an_error() -> None:
    async with rig() as it:
        it.module.faults.set(BusFault.GARBLED)
        with pytest.raises(PortError, match="spi x: message not taken: rejected"):
            await it.link.send(REQUEST)


@pytest.mark.slow
async def test_a_module_that_is_gone_is_an_error_for_everybody() -> None:
    async with rig() as it:
        it.module.faults.set(BusFault.STUCK, status=spi.NO_MODULE)
        start = trio.current_time()
        with pytest.raises(ModuleError, match="spi x: no module for"):
            await it.link.receive()
        assert trio.current_time() - start < ABSENCE_S + SOON_S
        with pytest.raises(ModuleError, match="spi x: no module for"):
            await it.link.send(REQUEST)


async def test_a_bus_that_is_gone_is_an_error() -> None:
    async with rig() as it:
        it.bus.broken = "spi x: No such device"
        with pytest.raises(PortError, match="No such device"):
            await it.link.receive()


@needs_spi
async def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(PortError, match=r"spi /dev/spidev250\.9: No such file or directory"):
        await SpiPort("/dev/spidev250.9").open()


class Told(Master):
    """Keeps when it was told that an answer comes; how often it looks then is its own test's."""

    expected: list[tuple[float, float]]

    def expect(self, first_s: float, last_s: float) -> None:
        self.expected.append((first_s, last_s))
        super().expect(first_s, last_s)


async def test_an_answer_is_awaited_when_a_confirmation_says_so() -> None:
    master = Told(False, now=monotonic())
    master.expected = []
    async with rig(speed=1, master=master) as it:
        await it.link.send(LED)
        confirmation = parse(await it.link.receive())
        assert isinstance(confirmation, Confirmation)
        due = soonest_ms(confirmation) / 1000, estimate_ms(confirmation) / 1000
        assert master.expected == [due]
        assert isinstance(parse(await it.link.receive()), Response)
        assert master.expected == [due]


async def test_a_module_tells_who_it_is() -> None:
    async with rig() as it:
        info = await it.link.introduce()
        assert info is not None
        assert info.mid == it.module.mesh.coordinator.mid
        assert info.ibk == it.module.mesh.coordinator.ibk
        await it.link.send(REQUEST)
        assert await it.link.receive()


async def test_what_is_received_before_the_introduction_is_kept() -> None:
    async with rig() as it:
        it.module.slave.offer(REQUEST)
        it.module.slave.offer(REQUEST)
        assert await it.link.introduce()
        assert [await it.link.receive(), await it.link.receive()] == [REQUEST, REQUEST]


@pytest.mark.parametrize("mode", [BusFault.STUCK, BusFault.BUSY, BusFault.GARBLED])
async def test_who_does_not_answer_holds_nothing_up(mode: BusFault) -> None:
    async with rig() as it:
        it.module.faults.set(mode, status=spi.SUSPENDED)
        start = trio.current_time()
        assert await it.link.introduce() is None
        assert trio.current_time() - start < INTRODUCTION_S + SOON_S
        it.module.faults.clear()
        await it.link.send(REQUEST)
        assert await it.link.receive()


# --- work that is shared ------------------------------------------------------------------------


async def test_one_works_for_all() -> None:
    done: list[int] = []
    working: list[bool] = []

    async def work() -> None:
        assert not working
        working.append(True)
        await trio.lowlevel.checkpoint()
        done.append(len(done))
        working.clear()

    shared = SharedWork(work)
    async with trio.open_nursery() as nursery:
        for count in (3, 1, 5):
            nursery.start_soon(shared.until, lambda count=count: len(done) >= count)
    assert len(done) == 5


async def test_when_who_works_is_cancelled_another_one_goes_on() -> None:
    ready = trio.Event()

    async def work() -> None:
        await ready.wait()

    shared = SharedWork(work)
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def first() -> None:
            with scope:
                await shared.until(ready.is_set)

        nursery.start_soon(first)
        await trio.testing.wait_all_tasks_blocked()
        before = shared.alone
        nursery.start_soon(shared.until, ready.is_set)
        await trio.testing.wait_all_tasks_blocked()
        assert (before, shared.alone) == (True, False)
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        ready.set()
