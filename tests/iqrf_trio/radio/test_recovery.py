"""How the transceiver deals with modules that start, hang, or answer late."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import define
from trio.testing import MockClock

from iqrf_trio.edges.ports import Link, ModuleError
from iqrf_trio.radio.transceiver import START_S, Transceiver
from protocol.dpa import commands
from protocol.dpa.counters import Count
from protocol.dpa.packet import Request, answer
from protocol.dpa.unanswered import DOUBT_S, UNSURE
from tests.iqrf_trio.radio.fakes import LOCAL_S, RESET_MESSAGE, FakeCoordinator, FakePort, Fault

MID_1, MID_2 = (commands.eeeprom_read(0, 0x4000 + 8 * node, 4).request for node in (1, 2))
NODE_1, NODE_2 = (commands.eeprom_read(5, at, 4).request for at in (0, 8))


@asynccontextmanager
async def running(port: FakePort, **options: Any) -> AsyncIterator[Transceiver]:
    transceiver = Transceiver(port, on_async=lambda frame: None, **options)
    async with trio.open_nursery() as nursery:
        await nursery.start(transceiver.run)
        yield transceiver
        nursery.cancel_scope.cancel()


def late(port: FakePort, request: Request, pdata: bytes, delay_s: float) -> None:
    """Have a response to `request` come after a while."""
    port.link.emit([(delay_s, answer(request, hwpid=2, pdata=pdata).encode())])


# --- modules that start -------------------------------------------------------------------------


@define(eq=False)
class Starting(FakePort):
    """A port that switches its module on."""

    reports_after_s: float = 1.0

    async def open(self) -> Link:
        await super().open()
        self.link.starting = True
        self.link.emit([(self.reports_after_s, RESET_MESSAGE)])
        return self.link


@pytest.mark.parametrize(("reports_after_s", "asked_after_s"), [(1.0, 1.0), (10.0, START_S)])
async def test_a_module_just_switched_on_is_given_time_to_report(
    reports_after_s: float, asked_after_s: float, autojump_clock: MockClock
) -> None:
    port = Starting(reports_after_s=reports_after_s)
    async with running(port) as transceiver:
        start = trio.current_time()
        await transceiver.wait_connected()
        assert port.coordinator.took[0][0] - start == pytest.approx(asked_after_s)


async def test_a_module_that_was_on_is_asked_at_once(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        start = trio.current_time()
        await transceiver.wait_connected()
        assert port.coordinator.took[0][0] == start


# --- modules that hang --------------------------------------------------------------------------


async def test_a_module_that_needs_a_reset_gets_one(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        start = trio.current_time()
        port.link.fail(ModuleError("no module for 1.5 s"))
        await trio.sleep(0.1)
        assert not transceiver.connected
        await transceiver.wait_connected()
        assert port.reset_at == [pytest.approx(start + 1)]


async def test_a_module_that_cannot_even_be_opened_gets_a_reset(autojump_clock: MockClock) -> None:
    class Hanging(FakePort):
        async def open(self) -> Link:
            link = await super().open()
            if not self.reset_at:
                raise ModuleError("the module holds the bus")
            return link

    port = Hanging()
    start = trio.current_time()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        assert port.reset_at == [pytest.approx(start + 1)]


async def test_a_module_that_was_reset_is_not_busy_any_more(autojump_clock: MockClock) -> None:
    port = FakePort()
    port.coordinator.discovery_s = 1000
    async with running(port, waits_for_air=True) as transceiver:
        await transceiver.wait_connected()
        await transceiver.transact(commands.discovery(7, 0).request, timeout_ms=500)
        port.link.fail(ModuleError("no module for 1.5 s"))
        await trio.sleep(0.1)
        await transceiver.wait_connected()
        start = trio.current_time()
        outcome = await transceiver.transact(Request(1, 0x06, 0x01))
    assert outcome.requested_at == start


async def test_a_port_says_itself_whether_the_air_is_to_be_waited_for(
    autojump_clock: MockClock,
) -> None:
    class Mute(FakePort):
        waits_for_air = True

    assert Transceiver(Mute(), on_async=print).waits_for_air
    assert not Transceiver(FakePort(), on_async=print).waits_for_air
    assert not Transceiver(Mute(), on_async=print, waits_for_air=False).waits_for_air


# --- answers that come late ---------------------------------------------------------------------


async def test_before_other_data_are_asked_for_the_coordinator_has_to_catch_up(
    autojump_clock: MockClock,
) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.SILENT)
        assert (await transceiver.transact(MID_1)).status == -1
        late(port, MID_1, b"late", 0.001)
        start = trio.current_time()
        outcome = await transceiver.transact(MID_2)
        assert outcome.response is not None
        assert outcome.response.pdata == b""
        assert trio.current_time() - start == pytest.approx(2 * LOCAL_S)
        assert transceiver.counters[Count.LATE] == 1
        # It has: nothing is asked in between any more.
        asked = len(port.coordinator.took)
        await transceiver.transact(MID_1)
        assert len(port.coordinator.took) == asked + 1


async def test_the_same_question_may_be_answered_late(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.SILENT)
        assert (await transceiver.transact(MID_1)).status == -1
        late(port, MID_1, b"late", 0.001)
        outcome = await transceiver.transact(MID_1)
        assert outcome.response is not None
        assert outcome.response.pdata == b"late"


async def test_a_nodes_late_answer_is_not_that_to_other_data(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        assert (await transceiver.transact(NODE_1)).status == -1
        # It comes between the confirmation and the answer of the next one.
        late(port, NODE_1, b"late", 0.1)
        outcome = await transceiver.transact(NODE_2)
        assert outcome.status == 0
        assert outcome.response is not None
        assert outcome.response.pdata == b""
        assert transceiver.counters[Count.LATE] == 1


async def test_after_a_while_no_late_answer_is_reckoned_with(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        assert (await transceiver.transact(NODE_1)).status == -1
        await trio.sleep(DOUBT_S)
        assert (await transceiver.transact(NODE_2)).status == 0


@define(eq=False)
class DeafNodes(FakeCoordinator):
    """A coordinator of which no node answers."""

    def answers(self, request: Request, fault: Fault) -> Iterator[tuple[float, bytes]]:
        return super().answers(request, Fault.NO_RESPONSE if request.nadr else fault)


async def test_nodes_that_do_not_answer_are_no_sign_of_a_late_coordinator(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(DeafNodes())
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        for _ in range(3 * UNSURE):
            assert (await transceiver.transact(NODE_1)).status == -1
        assert transceiver.counters[Count.OPENED] == 1


async def test_a_link_that_is_hopelessly_late_is_opened_again(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.local_s = 3.0
        for at in range(4 * UNSURE):
            await transceiver.transact(commands.eeeprom_read(0, at, 4).request)
        assert transceiver.counters[Count.OPENED] > 1
