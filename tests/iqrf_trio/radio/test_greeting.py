"""What the coordinator tells of itself, asked when the link opens or by a reset message."""

import pytest
import trio
from trio.testing import MockClock

from protocol.dpa import commands
from protocol.dpa.counters import Count
from protocol.dpa.timing import RfMode, Timing
from tests.iqrf_trio.radio.fakes import RESET_MESSAGE, FakePort, Fault
from tests.iqrf_trio.radio.rig import GREETING, LED, make, running


@pytest.mark.parametrize("pcmd", [0x3F, 0xBF])
async def test_a_reset_message_teaches_the_timing(
    pcmd: int, port: FakePort, autojump_clock: MockClock
) -> None:
    frames: list[bytes] = []
    transceiver = make(port, on_async=frames.append)
    message = RESET_MESSAGE[:3] + bytes((pcmd,)) + RESET_MESSAGE[4:]
    async with running(transceiver):
        await transceiver.call(commands.frc_set_params(0x50))
        assert transceiver.timing.frc_response_ms == 5160
        port.link.emit([(0, message)])
        await trio.sleep(0.1)
    assert transceiver.timing.frc_response_ms == 40
    assert frames == [message]


async def test_what_a_node_reports_of_itself_teaches_nothing(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        await transceiver.call(commands.frc_set_params(0x50))
        before = transceiver.timing
        port.link.emit([(0, bytes((3,)) + RESET_MESSAGE[1:])])
        port.link.emit([(0, RESET_MESSAGE[:2] + b"\x5e" + RESET_MESSAGE[3:])])
        await trio.sleep(0.1)
        assert transceiver.counters[Count.ASYNCHRONOUS] == 2
        assert transceiver.timing == before


async def test_a_torn_reset_message_is_handed_on_and_teaches_nothing(
    port: FakePort, autojump_clock: MockClock
) -> None:
    frames: list[bytes] = []
    transceiver = make(port, on_async=frames.append)
    async with running(transceiver):
        port.link.emit([(0, RESET_MESSAGE[:-3])])
        await trio.sleep(0.1)
        assert (await transceiver.transact(LED)).status == 0
    assert frames == [RESET_MESSAGE[:-3]]


async def test_the_timing_is_learned_when_the_link_opens(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    assert transceiver.timing == Timing()
    async with running(transceiver):
        assert transceiver.timing == Timing(RfMode.STD, bonded=3, discovered=2)
        assert len(port.coordinator.took) == GREETING


async def test_the_response_time_of_frcs_is_learned_and_left_as_it_is(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.frc_params = 0x30  # 1.32 s
    transceiver = make(port)
    async with running(transceiver):
        assert transceiver.timing.frc_response_ms == 1320
        assert port.coordinator.frc_params == 0x30
        assert len(port.coordinator.took) == GREETING + 1


async def test_errors_while_learning_are_tolerated(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.faults.extend([Fault.ERROR, Fault.ERROR, Fault.SILENT, Fault.ERROR])
    transceiver = make(port)
    async with running(transceiver):
        assert transceiver.timing == Timing(discovered=2)
        assert (await transceiver.transact(LED)).status == 0
