"""On a mesh that loses frames, one lost answer costs one request, whatever is asked for."""

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.counters import Count
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.memory import RAM_READ
from tests.iqrf_trio.radio.rig import running

NODE, BLOCK, RAM = 1, 4, 48
LOSS = 0.05
READS = 240


def block(number: int) -> Request:
    return RAM_READ.call(NODE, bytes((number * BLOCK % RAM, BLOCK))).request


def same(_number: int) -> Request:
    return block(0)


async def statuses(mesh: Mesh, requests: list[Request], pause_s: float) -> tuple[list[int], int]:
    """What became of each request, and how many answers were rejected or late."""
    port = SimulatorPort(mesh)
    transceiver = Transceiver(port, on_async=lambda frame: None)
    async with running(transceiver):
        mesh.world.loss = LOSS
        outcomes = []
        for request in requests:
            outcomes.append((await transceiver.transact(request)).status)
            await trio.sleep(pause_s)
    return outcomes, transceiver.counters[Count.LATE]


async def test_reading_block_by_block_succeeds_as_often_as_reading_one_again_and_again(
    autojump_clock: MockClock,
) -> None:
    for seed in range(5):
        results = [
            await statuses(generate(3, seed), [which(number) for number in range(READS)], 0.0)
            for which in (block, same)
        ]
        assert results[0] == results[1]  # the very same frames were lost
        failed = sum(status != 0 for status in results[0][0])
        assert 0 < failed < 3 * LOSS * READS
        assert results[0][1] == 0


@given(
    st.lists(st.booleans(), min_size=1, max_size=30),
    st.sampled_from([0.0, 0.1, 2.0]),
    st.sampled_from([1.0, 10.0, 0.0]),
)
def test_so_many_answers_are_lost_so_many_requests_fail(
    lost: list[bool], pause_s: float, speed: float
) -> None:
    """Also where the mesh is faster than the model of the timing."""
    mesh = generate(3)

    async def play() -> None:
        transceiver = Transceiver(SimulatorPort(mesh, speed), on_async=lambda frame: None)
        async with running(transceiver):
            for number, fails in enumerate(lost):
                if fails:
                    mesh.faults.arm(Fault.NO_RESPONSE)
                outcome = await transceiver.transact(block(number))
                assert (outcome.status != 0) is fails
                await trio.sleep(pause_s)

    trio.run(play, clock=MockClock(autojump_threshold=0))
