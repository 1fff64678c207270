"""What the coordinator tells of itself, asked when the link opens or by a reset message."""

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.ports import PortError
from iqrf_trio.radio.memory import Memory
from protocol.dpa.counters import Count
from protocol.dpa.packet import answer
from protocol.dpa.peripherals.coordinator import SET_DPA_PARAMS, SET_HOPS, discovery
from protocol.dpa.peripherals.frc import FRC_SET_PARAMS, frc_set_params
from protocol.dpa.requests import local_timeout_ms
from protocol.dpa.timing import RfMode, Timing
from protocol.network.parameters import DEFAULTS, Parameters
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
        await transceiver.call(frc_set_params(0x50))
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
        await transceiver.call(frc_set_params(0x50))
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


async def test_the_response_time_of_frcs_is_left_alone(
    port: FakePort, autojump_clock: MockClock
) -> None:
    """To read it is to set it; a link lost in between would leave the network with another one."""
    port.coordinator.frc_params = 0x30  # 1.32 s
    transceiver = make(port)
    async with running(transceiver):
        assert transceiver.timing.frc_response_ms == 40  # the default
        assert port.coordinator.frc_params == 0x30
        asked = {(request.pnum, request.pcmd) for _, request in port.coordinator.took}
        setting = {FRC_SET_PARAMS.key, SET_HOPS.key, SET_DPA_PARAMS.key}
        assert not asked & setting


async def test_where_the_response_time_is_not_known_the_longest_is_waited_for(
    port: FakePort, autojump_clock: MockClock
) -> None:
    async def recall(_: int) -> Parameters:
        await trio.lowlevel.checkpoint()
        return Parameters()

    transceiver = make(port, memory=Memory(recall))
    async with running(transceiver):
        assert transceiver.timing.frc_response_ms == 20_520
        await transceiver.call(frc_set_params(0x10))
        assert transceiver.timing.frc_response_ms == 360


async def test_what_was_kept_of_the_coordinator_is_known_on_a_new_link(
    port: FakePort, autojump_clock: MockClock
) -> None:
    kept = {0x81000001: Parameters(frc_response_time=0x30)}

    async def recall(coordinator: int) -> Parameters:
        await trio.sleep(0.1)
        return kept.get(coordinator, Parameters())

    transceiver = make(port, memory=Memory(recall, kept.__setitem__))
    async with running(transceiver):
        assert transceiver.timing.frc_response_ms == 1320
        await transceiver.call(frc_set_params(0x50))
        assert kept == {0x81000001: Parameters(frc_response_time=0x50)}
        port.link.fail(PortError("cable pulled"))
        await trio.sleep(0.1)
        await transceiver.wait_connected()
        assert transceiver.timing.frc_response_ms == 5160
        port.link.emit([(0, RESET_MESSAGE)])
        await trio.sleep(0.1)
        assert transceiver.timing.frc_response_ms == 40
    assert kept == {0x81000001: DEFAULTS}


async def test_the_coordinator_is_let_finish_what_another_run_of_the_program_began(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port, busy_s=30)
    start = trio.current_time()
    async with running(transceiver):
        assert port.coordinator.took[0][0] == pytest.approx(start + 30)
        assert transceiver.busy_s == 0


async def test_a_coordinator_that_speaks_is_not_busy(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port, busy_s=30)
    start = trio.current_time()
    async with running(transceiver, connected=False):
        await trio.sleep(5)
        port.link.emit([(0, answer(discovery(7, 0).request, hwpid=2).encode())])
        await transceiver.wait_connected()
        assert port.coordinator.took[0][0] == pytest.approx(start + 5)


async def test_a_module_is_not_reset_while_it_is_busy(autojump_clock: MockClock) -> None:
    port = FakePort(refusals=5)
    transceiver = make(port, busy_s=30)
    start = trio.current_time()
    async with running(transceiver):
        assert min(port.reset_at) == pytest.approx(start + 30)


async def test_a_port_that_resets_when_it_is_opened_waits_as_well(
    autojump_clock: MockClock,
) -> None:
    class Switching(FakePort):
        @property
        def opening_resets(self) -> bool:
            return True

    port = Switching()
    start = trio.current_time()
    async with running(make(port, busy_s=30)):
        assert port.opened_at == [pytest.approx(start + 30)]


async def test_what_is_left_behind_at_the_end_is_known(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.discovery_s = 1000
    transceiver = make(port)
    request = discovery(7, 0).request
    async with trio.open_nursery() as callers, running(transceiver):
        callers.start_soon(transceiver.transact, request)
        await trio.sleep(1)
    limit_s = local_timeout_ms(request, transceiver.timing) / 1000
    assert limit_s - 10 < transceiver.busy_s < limit_s


async def test_errors_while_learning_are_tolerated(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.faults.extend([Fault.ERROR, Fault.ERROR, Fault.SILENT, Fault.ERROR])
    transceiver = make(port)
    async with running(transceiver):
        assert transceiver.timing == Timing(discovered=2)
        assert (await transceiver.transact(LED)).status == 0
