"""The watchdog: fed while the loop is quick and requests are dispatched, and only then."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.notify import Notifier
from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.services.watchdog import Watchdog
from protocol.queue.lanes import Priority
from tests.iqrf_trio.service_manager import ServiceManager, service_manager

PERIOD_S = 30.0


async def watch(nursery: trio.Nursery, manager: ServiceManager, scheduler: Scheduler) -> None:
    await nursery.start(scheduler.run_management)
    nursery.start_soon(Watchdog(Notifier(manager.address, PERIOD_S), scheduler).run)
    await trio.testing.wait_all_tasks_blocked()


async def test_it_is_fed_three_times_per_period(
    tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    with service_manager(tmp_path) as manager:
        await watch(nursery, manager, Scheduler())
        await trio.sleep(2 * PERIOD_S + 1)
        assert manager.heard() == ["WATCHDOG=1"] * 7


async def test_a_loop_that_is_held_up_does_not_feed_it(
    tmp_path: Path,
    nursery: trio.Nursery,
    mock_clock: MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with service_manager(tmp_path) as manager:
        await watch(nursery, manager, Scheduler())
        assert manager.heard() == ["WATCHDOG=1"]
        mock_clock.jump(25)  # what a task does that computes without end
        await trio.testing.wait_all_tasks_blocked()
        assert manager.heard() == []
        assert "the event loop was held up for 15.0 s" in caplog.text
        mock_clock.jump(10)
        await trio.testing.wait_all_tasks_blocked()
        assert manager.heard() == ["WATCHDOG=1"]


async def test_a_lane_that_runs_nothing_does_not_feed_it(
    tmp_path: Path,
    nursery: trio.Nursery,
    autojump_clock: MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with service_manager(tmp_path) as manager:
        scheduler = Scheduler()
        nursery.start_soon(Watchdog(Notifier(manager.address, PERIOD_S), scheduler).run)
        await trio.sleep(PERIOD_S + 1)
        assert manager.heard() == ["WATCHDOG=1"]
        assert "have not been dispatched" in caplog.text
        await nursery.start(scheduler.run_management)
        await trio.sleep(PERIOD_S)
        assert manager.heard() == ["WATCHDOG=1"] * 2


@pytest.mark.parametrize("capacity", [0, 1, 32])
async def test_clients_that_fill_the_lane_do_not_matter(
    capacity: int, tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    with service_manager(tmp_path) as manager:
        scheduler = Scheduler(management_capacity=capacity)
        await watch(nursery, manager, scheduler)
        stuck = trio.Event()
        for _ in range(capacity):
            scheduler.submit_management(Job(Priority.INTERACTIVE, stuck.wait, stuck.set))
        await trio.sleep(PERIOD_S + 1)
        assert manager.heard() == ["WATCHDOG=1"] * 4
        stuck.set()


async def test_a_silent_radio_does_not_matter(
    tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    with service_manager(tmp_path) as manager:
        scheduler = Scheduler()
        await nursery.start(scheduler.run_network)
        scheduler.submit_network(Job(Priority.INTERACTIVE, trio.sleep_forever, lambda: None))
        await watch(nursery, manager, scheduler)
        await trio.sleep(PERIOD_S + 1)
        assert manager.heard() == ["WATCHDOG=1"] * 4
        nursery.cancel_scope.cancel()


async def test_without_a_period_there_is_nothing_to_do() -> None:
    await Watchdog(Notifier(), Scheduler()).run()
