"""The port gives a mesh its time: real, faster, or none at all, and loses no frame over it."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.edges.ports import Link, PortError
from iqrf_trio.simulator.connection import MeshClock
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import BOOT_S
from iqrf_trio.wiring.simulator_port import SimulatorPort

ADDR_INFO = bytes.fromhex("00000000ffff")
LED_ON = bytes.fromhex("01000601ffff")
PING = bytes.fromhex("00000d00ffff000000")

# Four nodes, STD: an FRC takes 4 * 30 + 6 * 110 + 40 + 220 ms, and 3 ms in the coordinator.
FRC_S = 1.043


async def timed(link: Link, request: bytes, frames: int = 1) -> float:
    """How long it takes until so many frames have come."""
    start = trio.current_time()
    await link.send(request)
    for _ in range(frames):
        await link.receive()
    return trio.current_time() - start


@pytest.mark.parametrize("speed", [0.5, 1.0, 10.0, 7.3])
async def test_speed_divides_the_air_time(autojump_clock: MockClock, speed: float) -> None:
    async with await SimulatorPort(generate(4), speed).open() as link:
        assert await timed(link, LED_ON, 2) == pytest.approx(0.163 / speed)
        assert await timed(link, PING) == pytest.approx(FRC_S / speed)


async def test_at_speed_0_nothing_is_waited_for(autojump_clock: MockClock) -> None:
    port = SimulatorPort(generate(4), 0)
    async with await port.open() as link:
        assert await timed(link, LED_ON, 2) == 0
        assert await timed(link, PING) == 0
        # The mesh has had its time all the same.
        assert port.clock.now() == pytest.approx(0.163 + FRC_S)


async def test_at_speed_0_waiting_for_nothing_does_not_spin(autojump_clock: MockClock) -> None:
    async with await SimulatorPort(generate(1), 0).open() as link:
        start = trio.current_time()
        # The clock jumps only when all tasks are blocked: a loop would never let it.
        with trio.move_on_after(100):
            await link.receive()
        assert trio.current_time() == start + 100


async def test_the_clock_of_speed_0_runs_on_between_requests(autojump_clock: MockClock) -> None:
    port = SimulatorPort(generate(1), 0)
    async with await port.open() as link:
        await timed(link, LED_ON, 2)
        await trio.sleep(60)
        assert port.clock.now() == pytest.approx(60.163)


async def test_a_handful_of_requests_from_start_to_end(autojump_clock: MockClock) -> None:
    async with await SimulatorPort(generate(12)).open() as link:
        for request, response in (
            ("00000000ffff", "00000080002a00000c01"),
            ("00000d03ffff10", "00000d83002a000000"),
            ("03004b3effff", "03004bbe302a00"),
            ("00000d00ffff000000", "00000d80002a00"),
        ):
            await link.send(bytes.fromhex(request))
            while not (frame := await link.receive())[3] & 0x80:
                assert len(frame) == 11
            assert frame.hex().startswith(response)


async def test_thousands_of_requests_are_cheap() -> None:
    async with await SimulatorPort(generate(239), 0).open() as link:
        with trio.fail_after(30):
            for _ in range(5000):
                await link.send(ADDR_INFO)
                assert len(await link.receive()) == 10


async def test_a_cancelled_receive_loses_nothing(autojump_clock: MockClock) -> None:
    async with await SimulatorPort(generate(1)).open() as link:
        await link.send(LED_ON)
        frames = []
        # 3 ms and 163 ms: most of these end without a frame, one of them just at its time.
        for wait_ms in (1, 1, 1, 1, 100, 59, 1, 1):
            with trio.move_on_after(wait_ms / 1000):
                frames.append(await link.receive())
        assert [len(frame) for frame in frames] == [11, 8]


async def test_frames_that_are_due_together_survive_a_cancellation(
    autojump_clock: MockClock,
) -> None:
    mesh = generate(1)
    async with await SimulatorPort(mesh).open() as link:
        for number in range(5):
            mesh.emit(bytes((number,)) * 8, at=1.0)
        first = await link.receive()
        with trio.CancelScope() as scope:
            scope.cancel()
            await link.receive()
        assert scope.cancelled_caught
        rest = [await link.receive() for _ in range(4)]
        assert [frame[0] for frame in (first, *rest)] == [0, 1, 2, 3, 4]


async def test_a_frame_that_comes_sooner_is_not_kept_waiting(autojump_clock: MockClock) -> None:
    mesh = generate(4)
    async with await SimulatorPort(mesh).open() as link, trio.open_nursery() as nursery:
        came: list[tuple[float, int]] = []

        async def receive() -> None:
            start = trio.current_time()
            for _ in range(2):
                frame = await link.receive()
                came.append((round(trio.current_time() - start, 3), frame[0]))

        await link.send(PING)
        nursery.start_soon(receive)
        await trio.sleep(0.2)
        mesh.emit(b"\x07" * 8)
        await trio.sleep(5)
        assert came == [(0.2, 7), (FRC_S, 0)]


async def test_a_closed_link_wakes_its_receiver_and_refuses(autojump_clock: MockClock) -> None:
    link = await SimulatorPort(generate(1)).open()

    async def receive() -> None:
        with pytest.raises(PortError):
            await link.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await wait_all_tasks_blocked()
        await link.aclose()
    await link.aclose()
    with pytest.raises(PortError):
        await link.send(ADDR_INFO)


async def test_opening_again_closes_the_link_before(autojump_clock: MockClock) -> None:
    port = SimulatorPort(generate(1))
    first = await port.open()
    await first.send(LED_ON)
    await trio.sleep(0.1)
    second = await port.open()
    with pytest.raises(PortError):
        await first.receive()
    # The confirmation is gone with the first link, the response comes to the second one.
    assert (await second.receive())[3] == 0x81


async def test_a_reset_is_reported_after_booting(autojump_clock: MockClock) -> None:
    port = SimulatorPort(generate(1), 2.0)
    async with await port.open() as link:
        start = trio.current_time()
        await port.reset()
        assert (await link.receive())[2] == 0xFF
        assert trio.current_time() - start == pytest.approx(BOOT_S / 2)


async def test_the_mesh_survives_being_opened_again(autojump_clock: MockClock) -> None:
    port = SimulatorPort(generate(1), 0)
    async with await port.open() as link:
        await link.send(bytes.fromhex("00000005ffff01"))
        await link.receive()
    async with await port.open() as link:
        await link.send(ADDR_INFO)
        assert (await link.receive())[8] == 0


@given(
    st.floats(1e3, 1e9),
    st.sampled_from((0.0, 1.0, 7.3, 10.0)),
    st.lists(st.floats(1e-9, 1e4), min_size=1, max_size=20),
)
def test_what_was_waited_for_has_come(start: float, speed: float, steps: list[float]) -> None:
    # However the rounding goes: a clock that is a hair behind makes the coordinator deaf for the
    # next request, or has the link wait for ever for a time that it cannot reach.
    async def main() -> None:
        clock = MeshClock(speed)
        for step in steps:
            time = clock.now() + step
            await clock.sleep_until(time, trio.Event())
            assert clock.now() >= time

    clock = MockClock(autojump_threshold=0)
    clock.jump(start)
    trio.run(main, clock=clock)


def test_a_port_has_a_name_and_a_sensible_speed() -> None:
    assert SimulatorPort(generate(3)).name == "simulator with 3 nodes"
    with pytest.raises(ValueError, match="speed -1"):
        SimulatorPort(generate(3), -1)
