"""How the transceiver deals with modules that start, hang, or answer late."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import define
from trio.testing import MockClock

from iqrf_trio.edges.ports import Link, ModuleError, PortError
from iqrf_trio.radio.open_link import START_S
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa.counters import Count
from protocol.dpa.packet import Request, answer
from protocol.dpa.peripherals.coordinator import discovery
from protocol.dpa.peripherals.frc import frc_send
from protocol.dpa.peripherals.memory import eeeprom_read, eeprom_read
from protocol.dpa.unanswered import UNSURE
from tests.iqrf_trio.radio.fakes import (
    CONFIRMATION_S,
    LOCAL_S,
    RESET_MESSAGE,
    FakeCoordinator,
    FakePort,
    Fault,
)

MID_1, MID_2 = (eeeprom_read(0, 0x4000 + 8 * node, 4).request for node in (1, 2))
NODE_1, NODE_2 = (eeprom_read(5, at, 4).request for at in (0, 8))


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
        await transceiver.transact(discovery(7, 0).request, timeout_ms=500)
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


FRC = frc_send(0, bytes(2)).request


@pytest.mark.parametrize("request_", [MID_1, FRC], ids=["local", "frc"])
async def test_the_same_question_is_not_answered_late_either(
    request_: Request, autojump_clock: MockClock
) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.SILENT)
        assert (await transceiver.transact(request_)).status == -1
        late(port, request_, b"late", 0.001)
        outcome = await transceiver.transact(request_)
        assert outcome.response is not None
        assert outcome.response.pdata != b"late"
        assert transceiver.counters[Count.LATE] == 1


async def test_an_frc_waits_until_it_is_proved_that_the_one_before_is_over(
    autojump_clock: MockClock,
) -> None:
    """A coordinator that is still collecting hears no question; it is asked once more."""
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.extend([Fault.SILENT] * 3)
        assert (await transceiver.transact(FRC)).status == -1
        late(port, FRC, b"late", 0.8)  # deaf for two more questions
        outcome = await transceiver.transact(FRC)
        assert outcome.status == 0
        assert outcome.response is not None
        assert outcome.response.pdata != b"late"
        asked = [request for _, request in port.coordinator.took[-4:]]
        assert [request == FRC for request in asked] == [True, False, False, True]


@pytest.mark.parametrize("next_", [NODE_1, NODE_2], ids=["same", "other"])
@pytest.mark.parametrize("at_s", [0.001, CONFIRMATION_S + 0.01, CONFIRMATION_S + 0.09])
async def test_a_nodes_late_answer_is_not_that_to_the_next_request(
    at_s: float, next_: Request, autojump_clock: MockClock
) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        assert (await transceiver.transact(NODE_1)).status == -1
        # It comes before the next one can be answered.
        late(port, NODE_1, b"late", at_s)
        outcome = await transceiver.transact(next_)
        assert outcome.status == 0
        assert outcome.response is not None
        assert outcome.response.pdata == b""
        assert transceiver.counters[Count.LATE] == 1


async def test_a_lost_answer_fails_one_request(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        statuses = [(await transceiver.transact(each)).status for each in (NODE_1, NODE_2) * 5]
        assert statuses == [-1] + [0] * 9
        # It cannot be told whether an answer that comes in time is the lost one.
        assert transceiver.counters[Count.DISPUTED] == 9
        assert transceiver.counters[Count.LATE] == 0


@pytest.mark.parametrize("again_s", [0.0, 0.0005, CONFIRMATION_S + 0.01])
async def test_a_doubled_answer_is_not_that_to_the_next_request(
    again_s: float, autojump_clock: MockClock
) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        assert (await transceiver.transact(NODE_1)).status == 0
        late(port, NODE_1, b"again", again_s)
        outcome = await transceiver.transact(NODE_2)
        assert outcome.response is not None
        assert outcome.response.pdata == b""
        assert transceiver.counters[Count.UNEXPECTED] == 1


async def test_a_late_answer_is_recognised_on_the_next_link(autojump_clock: MockClock) -> None:
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        assert (await transceiver.transact(NODE_1)).status == -1
        port.link.fail(PortError("cable pulled"))
        await trio.sleep(0.1)
        await transceiver.wait_connected()
        late(port, NODE_1, b"late", CONFIRMATION_S + 0.01)
        outcome = await transceiver.transact(NODE_2)
        assert outcome.response is not None
        assert outcome.response.pdata == b""


async def test_an_answer_is_not_early_because_the_loop_was_busy(autojump_clock: MockClock) -> None:
    """While something else held the loop up, the confirmation lay about unread."""
    port = FakePort()
    async with running(port) as transceiver:
        await transceiver.wait_connected()
        port.coordinator.faults.append(Fault.NO_RESPONSE)
        assert (await transceiver.transact(NODE_1)).status == -1
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def hold_up() -> None:
                await trio.sleep(CONFIRMATION_S - 0.005)
                autojump_clock.jump(0.1)

            outcome = await transceiver.transact(NODE_2)
        assert outcome.status == 0
        assert outcome.confirmed_at is not None
        assert outcome.responded_at is not None
        assert outcome.responded_at - outcome.confirmed_at < 0.1  # after 0.12 s in truth


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
            await transceiver.transact(eeeprom_read(0, at, 4).request)
        assert transceiver.counters[Count.OPENED] > 1
