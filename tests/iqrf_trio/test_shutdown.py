"""The shutdown's deadline, and the shields that may not outlive it."""

import threading
from math import inf

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.shutdown import AbandonedError, Share, Shield, Shutdown

SHARES = st.sampled_from(Share)
SECONDS = st.one_of(st.just(inf), st.floats(0, 10, allow_nan=False))


async def cut_off(shield: Shield) -> float:
    """When work without an end, which nobody outside can cancel, is cut off by the shield."""
    with trio.CancelScope() as outside:
        outside.cancel()
        with shield:
            await trio.sleep_forever()
    return trio.current_time()


@given(before=SECONDS, share=SHARES, begin_at=st.floats(0, 10, allow_nan=False))
def test_no_shield_outlives_its_share(before: float, share: Share, begin_at: float) -> None:
    async def run() -> None:
        shutdown, start = Shutdown(5.0), trio.current_time()
        shield = shutdown.shield(before, share)

        async def begin() -> None:
            await trio.sleep_until(start + begin_at)
            shutdown.begin()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(begin)
            ended = await cut_off(shield)
        expected = start + min(before, begin_at + share * 5.0)
        assert ended == pytest.approx(expected)

    trio.run(run, clock=MockClock(autojump_threshold=0))


@given(before=SECONDS, share=SHARES, late=st.floats(0, 7, allow_nan=False))
def test_a_shield_that_is_made_later_is_born_with_its_limit(
    before: float, share: Share, late: float
) -> None:
    async def run() -> None:
        shutdown = Shutdown(5.0)
        shutdown.begin()
        await trio.sleep(late)
        made = trio.current_time()
        ended = await cut_off(shutdown.shield(before, share))
        assert ended <= max(made, shutdown.stop_at) + 1e-6
        assert ended <= made + before + 1e-6
        if late < share * 5.0:
            assert ended <= shutdown.moment(share) + 1e-6

    trio.run(run, clock=MockClock(autojump_threshold=0))


async def test_what_cleans_up_after_its_share_has_the_next_one(autojump_clock: MockClock) -> None:
    shutdown = Shutdown(10.0)
    shutdown.begin()
    assert await cut_off(shutdown.shield(share=Share.AIR)) == shutdown.moment(Share.AIR)
    assert await cut_off(shutdown.shield(share=Share.AIR)) == shutdown.moment(Share.WORK)


async def test_a_deadline_that_is_moved_stays_within_the_limit(autojump_clock: MockClock) -> None:
    shutdown = Shutdown(5.0)
    shield = shutdown.shield(1.0)
    shutdown.begin()
    shield.deadline = trio.current_time() + 60
    assert await cut_off(shield) == shutdown.moment(Share.WORK)


async def test_the_signal_counts_once(autojump_clock: MockClock) -> None:
    shutdown = Shutdown(5.0)
    assert (shutdown.begun, shutdown.stop_at) == (False, inf)
    shutdown.begin()
    stop_at = shutdown.stop_at
    await trio.sleep(1)
    shutdown.begin()
    assert shutdown.stop_at == stop_at
    await shutdown.wait()


async def test_a_hop_ends_by_itself_even_when_cancelled() -> None:
    shutdown, go_on, done = Shutdown(), threading.Event(), []

    def work() -> None:
        go_on.wait()
        done.append(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shutdown.hop, work)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        go_on.set()
    assert done == [1]


async def test_a_thread_that_hangs_is_left_alone_at_shutdown() -> None:
    shutdown, go_on = Shutdown(0.0), threading.Event()
    try:
        async with trio.open_nursery() as nursery:

            async def hang() -> None:
                with pytest.raises(AbandonedError):
                    await shutdown.hop(go_on.wait)

            nursery.start_soon(hang)
            await trio.testing.wait_all_tasks_blocked()
            shutdown.begin()
    finally:
        go_on.set()


async def test_a_hop_raises_what_its_work_raises() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Shutdown().hop(fail)
