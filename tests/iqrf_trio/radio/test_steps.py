"""Steps and leases: how procedures share the radio, or hold it, on a clock that jumps."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from protocol.errors import LocalProtocolError
from protocol.queue.scheduling import Kind, LeaseTimeout, RadioReserved
from protocol.queue.tallies import Fate
from tests.iqrf_trio.radio.scheduler_rig import (
    BACKGROUND,
    INTERACTIVE,
    PROCEDURE,
    Log,
    fates,
    running,
)

# --- steps ------------------------------------------------------------------------------------


async def test_perform_hands_on_result_and_exception(autojump_clock: MockClock) -> None:
    scheduler = Scheduler()

    async def fail() -> None:
        raise ZeroDivisionError

    async def answer() -> int:
        await trio.sleep(1)
        return 42

    async with running(scheduler):
        with pytest.raises(ZeroDivisionError):
            await scheduler.perform(PROCEDURE, fail)
        assert await scheduler.perform(BACKGROUND, answer) == 42


async def test_a_step_whose_caller_leaves_while_it_waits_never_runs(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("request", 5))
        await trio.sleep(1)
        with trio.move_on_after(1):
            await scheduler.perform(PROCEDURE, log.step("step"))
        await trio.sleep(100)
        assert log.answers == ["request"]
        assert fates(scheduler, Kind.STEP, PROCEDURE) == {Fate.WITHDRAWN: 1}


async def test_a_step_whose_caller_leaves_while_it_runs_is_finished(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        start = trio.current_time()
        with trio.move_on_after(1) as scope:
            await scheduler.perform(PROCEDURE, log.step("step", 5))
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert trio.current_time() - start == pytest.approx(5)
        assert log.answers == ["step"]


async def test_a_caller_that_leaves_as_its_turn_comes_gives_the_radio_back(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()

    async def leave(scope: trio.CancelScope) -> None:
        with scope:
            await scheduler.perform(PROCEDURE, log.step("step", 0))

    async with running(scheduler) as nursery:
        for _ in range(50):  # trio shuffles tasks that wake together: both orders come
            await scheduler.pause()
            scope = trio.CancelScope()
            nursery.start_soon(leave, scope)
            await wait_all_tasks_blocked()
            scheduler.resume()
            scope.cancel()
            await wait_all_tasks_blocked()
        await scheduler.perform(PROCEDURE, log.step("last", 0))
    assert log.answers[-1] == "last"
    ends = fates(scheduler, Kind.STEP, PROCEDURE)
    assert ends.pop(Fate.WITHDRAWN) > 0
    assert sum(ends.values()) > 1


async def test_a_job_that_performs_has_the_radio_already(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()

    async def work() -> None:
        await scheduler.perform(PROCEDURE, log.step("inside"))
        async with scheduler.lease(PROCEDURE) as held:
            await held.perform(log.step("leased inside"))

    async with running(scheduler):
        scheduler.submit_network(Job(INTERACTIVE, work, lambda: None))
        scheduler.submit_network(log.job("other"))
        await trio.sleep(10)
        assert log.answers == ["inside", "leased inside", "other"]


# --- leases -----------------------------------------------------------------------------------


async def test_a_lease_holds_the_radio_between_its_steps(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        async with scheduler.lease(PROCEDURE) as held:
            scheduler.submit_network(log.job("client"))
            await held.perform(log.step("step 0"))
            await trio.sleep(50)
            await scheduler.perform(BACKGROUND, log.step("step 1"))  # by whom does not matter
            assert log.answers == ["step 0", "step 1"]
        await trio.sleep(5)
        assert log.answers == ["step 0", "step 1", "client"]
        with pytest.raises(LocalProtocolError):
            await held.perform(log.step("too late"))


async def test_a_lease_ends_with_an_exception(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        with pytest.raises(ZeroDivisionError):
            async with scheduler.lease(PROCEDURE):
                raise ZeroDivisionError
        scheduler.submit_network(log.job("client"))
        await trio.sleep(5)
        assert log.answers == ["client"]


async def test_a_lease_whose_caller_leaves_while_it_waits_is_never_given(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("request", 5))
        await trio.sleep(1)
        with trio.move_on_after(1):
            async with scheduler.lease(PROCEDURE):
                raise AssertionError("it should still wait")
        scheduler.submit_network(log.job("next"))
        await trio.sleep(10)
        assert log.answers == ["request", "next"]


async def test_a_pause_holds_the_steps_of_a_lease_too(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()

    async def procedure() -> None:
        async with scheduler.lease(PROCEDURE) as held:
            await held.perform(log.step("step 0"))
            await held.perform(log.step("step 1"))

    async with running(scheduler) as nursery:
        nursery.start_soon(procedure)
        await trio.sleep(0.5)
        await scheduler.pause()
        scheduler.submit_network(log.job("client"))
        await trio.sleep(100)
        assert log.answers == ["step 0"]
        scheduler.resume()
        await trio.sleep(100)
        assert log.answers == ["step 0", "step 1", "client"]


async def test_a_request_that_waits_too_long_behind_a_lease_is_refused(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        async with scheduler.lease(PROCEDURE) as held:
            scheduler.submit_network(log.job("hasty", patience=3))
            scheduler.submit_network(log.job("patient"))
            no_refuse = log.job("hasty too", patience=3)
            no_refuse.refuse = None
            scheduler.submit_network(no_refuse)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(held.perform, log.step("long step", 60))
                await trio.sleep(2.9)
                assert log.refused == []
                await trio.sleep(0.2)
                assert log.refused == ["hasty: -8"]
                assert log.abandoned == ["hasty too"]
        await trio.sleep(5)
        assert log.answers == ["long step", "patient"]


async def test_a_step_that_waits_too_long_behind_a_lease_raises(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    outcome = []
    leased = trio.Event()

    async def impatient() -> None:
        await leased.wait()
        start = trio.current_time()
        with pytest.raises(LeaseTimeout):
            await scheduler.perform(INTERACTIVE, log.step("step"), patience=3)
        with pytest.raises(LeaseTimeout):
            async with scheduler.lease(PROCEDURE, patience=1):
                raise AssertionError("it should not be given")
        outcome.append(trio.current_time() - start)

    async with running(scheduler) as nursery:
        nursery.start_soon(impatient)
        async with scheduler.lease(PROCEDURE):
            leased.set()
            await trio.sleep(60)
        assert outcome == [pytest.approx(4)]


async def test_a_reserved_radio_serves_requests_only(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler) as nursery:
        scheduler.submit_network(log.job("before"))
        nursery.start_soon(scheduler.perform, BACKGROUND, log.step("accepted before"))
        await trio.sleep(0.5)
        scheduler.reserve()
        scheduler.reserve()
        with pytest.raises(RadioReserved) as refused:
            await scheduler.perform(PROCEDURE, log.step("step"))
        assert refused.value.status == -8
        with pytest.raises(RadioReserved):
            async with scheduler.lease(PROCEDURE):
                pytest.fail("leased")
        scheduler.submit_network(log.job("request"))
        await trio.sleep(10)
        scheduler.release()
        await scheduler.perform(PROCEDURE, log.step("step"))
    assert log.answers == ["before", "request", "accepted before", "step"]
    assert fates(scheduler, Kind.STEP, PROCEDURE) == {Fate.RESERVED: 1, Fate.ANSWERED: 1}
    assert fates(scheduler, Kind.LEASE, PROCEDURE) == {Fate.RESERVED: 1}


async def test_a_leased_radio_cannot_be_reserved(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        async with scheduler.lease(PROCEDURE):
            assert scheduler.leased
            with pytest.raises(RadioReserved):
                scheduler.reserve()
        assert not scheduler.reserved


async def test_what_a_lease_holder_starts_shares_the_lease(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        async with scheduler.lease(PROCEDURE), trio.open_nursery() as nursery:
            nursery.start_soon(scheduler.perform, PROCEDURE, log.step("one"))
            nursery.start_soon(scheduler.perform, PROCEDURE, log.step("two"))
        assert sorted(log.answers) == ["one", "two"]
