"""Management jobs run beside the radio, as many as may."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from protocol.queue.lanes import Lane
from protocol.queue.scheduling import Kind, QueueClosed, QueueFull
from protocol.queue.tallies import Fate
from tests.iqrf_trio.radio.scheduler_rig import INTERACTIVE, PROCEDURE, Log, fates, running


async def test_management_runs_side_by_side_up_to_its_capacity(autojump_clock: MockClock) -> None:
    scheduler = Scheduler(management_capacity=2)
    start = trio.current_time()
    answered = []

    async def work() -> None:
        await trio.sleep(3)
        answered.append(trio.current_time() - start)

    job = Job(INTERACTIVE, work, lambda: None)
    async with running(scheduler):
        scheduler.submit_management(job)
        scheduler.submit_management(job)
        with pytest.raises(QueueFull) as caught:
            scheduler.submit_management(job)
        assert caught.value.capacity == 2
        assert scheduler.management_running == 2
        await trio.sleep(4)
        assert answered == [pytest.approx(3)] * 2
        assert scheduler.management_running == 0
        scheduler.submit_management(job)


async def test_management_capacity_zero_refuses_all(log: Log) -> None:
    scheduler = Scheduler(management_capacity=0)
    async with running(scheduler):
        with pytest.raises(QueueFull) as caught:
            scheduler.submit_management(log.job("version"))
        assert caught.value.capacity == 0
        with pytest.raises(QueueFull):
            scheduler.manage(lambda: "version")


async def test_what_need_not_wait_is_managed_in_place(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler(management_capacity=1)

    def fail() -> None:
        raise ZeroDivisionError

    async with running(scheduler):
        await scheduler.pause()
        assert scheduler.manage(lambda: scheduler.paused)
        with pytest.raises(ZeroDivisionError):
            scheduler.manage(fail)
        series = fates(scheduler, Kind.REQUEST, INTERACTIVE, Lane.MANAGEMENT)
        assert series == {Fate.ANSWERED: 1, Fate.FAILED: 1}
        scheduler.submit_management(log.job("stuck", 1000))
        with pytest.raises(QueueFull):
            scheduler.manage(fail)
        assert scheduler.management_running == 1
        scheduler.close()
        with pytest.raises(QueueClosed):
            scheduler.manage(fail)
        scheduler.shutdown.grace_s = 0


async def test_management_does_not_wait_for_the_radio(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("request", 50))
        await trio.sleep(1)
        answered = []

        async def stop_the_queue() -> None:
            await scheduler.pause()
            answered.append("stop")

        async def version() -> None:
            answered.append("version")

        scheduler.submit_management(Job(INTERACTIVE, stop_the_queue, lambda: None))
        scheduler.submit_management(Job(INTERACTIVE, version, lambda: None))
        await trio.sleep(1)
        assert answered == ["version"]
        await trio.sleep(50)
        assert answered == ["version", "stop"]


async def test_management_before_the_start_and_after_the_end_is_closed(log: Log) -> None:
    scheduler = Scheduler()
    with pytest.raises(QueueClosed):
        scheduler.submit_management(log.job("early"))
    async with running(scheduler):
        scheduler.close()
        with pytest.raises(QueueClosed):
            scheduler.submit_management(log.job("late"))


async def test_a_management_job_that_a_request_starts_does_not_share_its_radio(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    start = trio.current_time()

    async def began() -> None:
        log.answers.append(f"step at {trio.current_time() - start:g}")

    async def beside() -> None:
        await scheduler.perform(PROCEDURE, began)

    async def work() -> None:
        scheduler.submit_management(Job(INTERACTIVE, beside, lambda: None))
        await trio.sleep(5)

    async with running(scheduler):
        scheduler.submit_network(Job(INTERACTIVE, work, lambda: None))
        await trio.sleep(10)
    assert log.answers == ["step at 5"]


async def test_no_management_job_begins_while_its_lane_ends(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    lane = trio.CancelScope()

    async def run() -> None:
        with lane:
            await scheduler.run_management()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await wait_all_tasks_blocked()
        scheduler.submit_management(log.job("running"))
        await wait_all_tasks_blocked()
        lane.cancel()
        await wait_all_tasks_blocked()
        with pytest.raises(QueueClosed):
            scheduler.submit_management(log.job("late"))
    assert log.answers == ["running"]
