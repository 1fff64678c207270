"""The scheduler's promises to clients, procedures and the operator, on a clock that jumps.

Rows Q and D are the conformance rows of the request queues; there is no row Q5. Where a row has
a handler square a number, here a job's answer is its name in `Log.answers`.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.radio.jobs import Job
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.shutdown import Share, Shutdown
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind, QueueClosed, QueueFull, RadioReserved
from protocol.queue.tallies import Fate, Series
from tests.iqrf_trio.radio.scheduler_rig import (
    BACKGROUND,
    INTERACTIVE,
    PROCEDURE,
    Log,
    fates,
    running,
)

# --- conformance rows of the queues -----------------------------------------------------------

GRACE_S = 10.0
"""What a shutdown may take in these tests; jobs under way have 6 s of it."""


async def test_q1_two_wait_right_after_two_pushes(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        assert scheduler.network_waiting == 0
        scheduler.submit_network(log.job("2"))
        scheduler.submit_network(log.job("3"))
        assert scheduler.network_waiting == 2
        await trio.sleep(2.5)
        assert scheduler.network_waiting == 0
        assert log.answers == ["2", "3"]


async def test_q2_one_waits_after_one_push(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        assert scheduler.network_waiting == 0
        scheduler.submit_network(log.job("2", 0))
        assert scheduler.network_waiting == 1


async def test_q3_one_after_the_other(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("2"))
        scheduler.submit_network(log.job("3"))
        await trio.sleep(1.1)
        assert log.answers == ["2"]
        assert scheduler.network_waiting == 0  # the one under way does not wait
        await trio.sleep(1.1)
        assert log.answers == ["2", "3"]


async def test_q4_what_was_pushed_before_a_stop_waits_for_the_start(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("2"))
        await scheduler.pause()
        await trio.sleep(1.1)
        assert scheduler.network_waiting == 1
        assert log.answers == []
        scheduler.resume()
        await trio.sleep(1.1)
        assert scheduler.network_waiting == 0
        assert log.answers == ["2"]


async def test_q6_clearing_a_stopped_queue_leaves_nothing(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        await scheduler.pause()
        for _ in range(3):
            scheduler.submit_network(log.job("2"))
        assert scheduler.network_waiting == 3
        scheduler.close()
        assert scheduler.network_waiting == 0
        assert log.abandoned == ["2", "2", "2"]
        scheduler.resume()
        await trio.sleep(10)
        assert log.answers == []


async def test_d5_three_requests_held_by_a_stop_come_in_order_after_the_start(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        await scheduler.pause()
        for name in ("first", "second", "third"):
            scheduler.submit_network(log.job(name))
        await trio.sleep(1000)
        assert log.answers == []
        scheduler.resume()
        await trio.sleep(10)
        assert log.answers == ["first", "second", "third"]


async def test_d7_a_stop_is_answered_after_the_request_under_way(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("request", 5))
        scheduler.submit_network(log.job("next"))
        await trio.sleep(1)
        began = trio.current_time()
        await scheduler.pause()
        log.answers.append("stop")
        assert trio.current_time() - began == pytest.approx(4)
        await trio.sleep(100)
        assert log.answers == ["request", "stop"]


async def test_d8_stopping_and_starting_twice_is_fine(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        await scheduler.pause()
        await scheduler.pause()
        states = [scheduler.paused]
        scheduler.resume()
        scheduler.resume()
        states.append(scheduler.paused)
        assert states == [True, False]
        scheduler.submit_network(log.job("request"))
        await trio.sleep(2)
        assert log.answers == ["request"]


# --- the pause --------------------------------------------------------------------------------


async def test_a_pause_waits_for_the_step_not_for_the_procedure(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()

    async def procedure() -> None:
        for number in range(3):
            await scheduler.perform(PROCEDURE, log.step(f"step {number}", 2))

    async with running(scheduler) as nursery:
        nursery.start_soon(procedure)
        await trio.sleep(1)
        await scheduler.pause()
        assert log.answers == ["step 0"]
        await trio.sleep(100)
        assert log.answers == ["step 0"]
        scheduler.resume()
        await trio.sleep(100)
        assert log.answers == ["step 0", "step 1", "step 2"]


async def test_a_pause_whose_caller_goes_away_stays(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler()
    async with running(scheduler):
        scheduler.submit_network(log.job("request", 5))
        scheduler.submit_network(log.job("next"))
        await trio.sleep(1)
        with trio.move_on_after(1) as scope:
            await scheduler.pause()
        assert scope.cancelled_caught
        await trio.sleep(100)
        assert log.answers == ["request"]
        assert scheduler.paused


async def test_many_may_pause_at_once_even_if_somebody_resumes(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    returned = []

    async def pause() -> None:
        await scheduler.pause()
        returned.append(trio.current_time())

    async with running(scheduler) as nursery:
        start = trio.current_time()
        scheduler.submit_network(log.job("request", 5))
        scheduler.submit_network(log.job("next", 50))
        await trio.sleep(1)
        for _ in range(3):
            nursery.start_soon(pause)
        await trio.sleep(1)
        scheduler.resume()
        await trio.sleep(100)
        assert returned == [pytest.approx(start + 5)] * 3
        assert log.answers == ["request", "next"]


async def test_puts_are_accepted_during_a_pause_until_the_queue_is_full(log: Log) -> None:
    scheduler = Scheduler(network_capacity=2)
    async with running(scheduler):
        await scheduler.pause()
        scheduler.submit_network(log.job("one"))
        scheduler.submit_network(log.job("two"))
        with pytest.raises(QueueFull) as caught:
            scheduler.submit_network(log.job("three"))
        assert caught.value.capacity == 2
    assert log.abandoned == ["one", "two"]


# --- priorities -------------------------------------------------------------------------------


async def test_clients_come_between_the_steps_of_a_procedure(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()

    async def procedure() -> None:
        for number in range(2):
            await scheduler.perform(PROCEDURE, log.step(f"step {number}"))

    async with running(scheduler):
        enumeration = Job(PROCEDURE, procedure, lambda: None)
        scheduler.submit_network(enumeration)
        await trio.sleep(0.5)
        scheduler.submit_network(log.job("client"))
        await trio.sleep(10)
        assert log.answers == ["step 0", "client", "step 1"]


@pytest.mark.parametrize("priority", [PROCEDURE, BACKGROUND])
async def test_a_flood_of_clients_holds_a_step_up_for_the_bound_and_one_job(
    priority: Priority, log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler(background_wait=10)
    start = trio.current_time()
    async with running(scheduler):
        for number in range(30):
            scheduler.submit_network(log.job(f"client {number}", 3))
        await wait_all_tasks_blocked()
        await scheduler.perform(priority, log.step("step"))
        began = dict(log.began)["step"] - start
        assert 10 <= began <= 10 + 3


async def test_two_submitted_procedures_run_one_after_the_other(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()

    def procedure(name: str) -> Callable[[], Awaitable[None]]:
        async def steps() -> None:
            await scheduler.perform(PROCEDURE, log.step(f"{name} 0"))
            await trio.sleep(5)  # beside the radio
            await scheduler.perform(PROCEDURE, log.step(f"{name} 1"))

        return steps

    async with running(scheduler):
        scheduler.submit_network(Job(PROCEDURE, procedure("first"), lambda: None))
        scheduler.submit_network(Job(PROCEDURE, procedure("second"), lambda: None))
        await trio.sleep(3)
        scheduler.submit_network(log.job("client"))
        await trio.sleep(100)
    assert log.answers == ["first 0", "client", "first 1", "second 0", "second 1"]


# --- errors and shutdown ----------------------------------------------------------------------


async def test_a_job_that_raises_is_logged_by_name_and_the_next_one_runs(
    log: Log, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = Scheduler()

    async def fail() -> None:
        raise ZeroDivisionError("oops")

    async with running(scheduler):
        scheduler.submit_network(Job(INTERACTIVE, fail, lambda: None, name="iqrfRaw 17"))
        scheduler.submit_management(Job(INTERACTIVE, fail, lambda: None, name="iqrfDb 18"))
        scheduler.submit_network(log.job("next"))
        await trio.sleep(5)
        assert log.answers == ["next"]
        assert fates(scheduler, Kind.REQUEST, INTERACTIVE) == {Fate.FAILED: 1, Fate.ANSWERED: 1}
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert sorted(record.getMessage() for record in errors) == [
        "iqrfDb 18 failed",
        "iqrfRaw 17 failed",
    ]
    assert all(record.exc_info for record in errors)


async def test_an_abandon_that_raises_does_not_take_the_others_with_it(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = Scheduler()

    def fail() -> None:
        raise ZeroDivisionError

    async with running(scheduler):
        await scheduler.pause()
        scheduler.submit_network(Job(INTERACTIVE, lambda: log.work("never"), fail))
        scheduler.submit_network(log.job("other"))
        scheduler.close()
        assert log.abandoned == ["other"]
    assert "was not told" in caplog.text


async def test_shutdown_finishes_the_running_job_and_abandons_the_waiting(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler(shutdown=Shutdown(GRACE_S))
    start = trio.current_time()
    async with running(scheduler):
        scheduler.submit_network(log.job("running", 4))
        scheduler.submit_network(log.job("waiting"))
        scheduler.submit_management(Job(INTERACTIVE, partial(trio.sleep, 3), lambda: None))
        await trio.sleep(1)
    assert trio.current_time() - start == pytest.approx(4)
    assert log.answers == ["running"]
    assert log.abandoned == ["waiting"]
    assert fates(scheduler, Kind.REQUEST, INTERACTIVE, Lane.MANAGEMENT) == {Fate.ANSWERED: 1}
    with pytest.raises(QueueClosed):
        scheduler.submit_network(log.job("late"))
    assert fates(scheduler, Kind.REQUEST, INTERACTIVE) == {
        Fate.ANSWERED: 1,
        Fate.ABANDONED: 1,
        Fate.CLOSED: 1,
    }


async def test_shutdown_waits_no_longer_than_the_grace_time(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler(shutdown=Shutdown(GRACE_S))
    start = trio.current_time()

    def stuck(name: str, priority: Priority = INTERACTIVE) -> Job:
        return Job(priority, trio.sleep_forever, lambda: log.abandoned.append(name))

    async with running(scheduler):
        scheduler.submit_network(stuck("procedure", PROCEDURE))
        scheduler.submit_network(stuck("endless"))
        scheduler.submit_network(stuck("waiting"))
        scheduler.submit_management(stuck("management"))
        await trio.sleep(1)
    assert trio.current_time() - start == pytest.approx(1 + Share.WORK * GRACE_S)
    # Those cut short are told as well, so that nobody waits for an answer in vain.
    assert sorted(log.abandoned) == ["endless", "management", "procedure", "waiting"]


async def test_shutdown_tells_a_procedure_that_its_next_step_will_not_run(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler(shutdown=Shutdown(GRACE_S))

    async def procedure() -> None:
        try:
            await scheduler.perform(PROCEDURE, log.step("step 0", 3))
            await scheduler.perform(PROCEDURE, log.step("step 1", 3))
        except QueueClosed:
            log.answers.append("shutting down")

    async with running(scheduler):
        scheduler.submit_network(Job(PROCEDURE, procedure, lambda: None))
        await trio.sleep(1)
    assert log.answers == ["step 0", "shutting down"]


async def test_shutdown_wakes_whoever_waits_for_a_step_or_lease(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler()
    ended = []

    async def step() -> None:
        with pytest.raises(QueueClosed):
            await scheduler.perform(BACKGROUND, log.step("step"))
        ended.append("step")

    async def lease() -> None:
        with pytest.raises(QueueClosed):
            async with scheduler.lease(PROCEDURE):
                raise AssertionError("it should not be given")
        ended.append("lease")

    async with trio.open_nursery() as callers, running(scheduler):
        scheduler.submit_network(log.job("running", 2))
        await trio.sleep(1)
        callers.start_soon(step)
        callers.start_soon(lease)
        await trio.sleep(0.5)
    assert sorted(ended) == ["lease", "step"]


async def test_a_step_is_cut_short_at_the_end_of_the_grace_time(
    log: Log, autojump_clock: MockClock
) -> None:
    scheduler = Scheduler(shutdown=Shutdown(GRACE_S))
    start = trio.current_time()

    async def step() -> None:
        with pytest.raises(QueueClosed):
            await scheduler.perform(BACKGROUND, log.step("step", 1000))

    async with trio.open_nursery() as callers, running(scheduler):
        callers.start_soon(step)
        await trio.sleep(1)
    assert trio.current_time() - start == pytest.approx(1 + Share.WORK * GRACE_S)


async def test_each_series_has_its_figures(log: Log, autojump_clock: MockClock) -> None:
    scheduler = Scheduler(network_capacity=2)
    async with running(scheduler):
        scheduler.submit_network(log.job("first", 2))
        scheduler.submit_network(log.job("second", 2))
        with pytest.raises(QueueFull):
            scheduler.submit_network(log.job("third"))
        await scheduler.perform(BACKGROUND, log.step("step", 0.2))
    clients = scheduler.statistics()[Series(Lane.NETWORK, Kind.REQUEST, INTERACTIVE)]
    assert clients.accepted == 2
    assert clients.fates[Fate.ANSWERED] == 2
    assert clients.fates[Fate.FULL] == 1
    assert clients.waited.total_s == pytest.approx(2)
    assert clients.ran.total_s == pytest.approx(4)
    assert clients.ran.counts[5] == 2  # 1 s .. 3 s
    worker = scheduler.statistics()[Series(Lane.NETWORK, Kind.STEP, BACKGROUND)]
    assert worker.waited.total_s == pytest.approx(4)
    assert worker.ran.total_s == pytest.approx(0.2)


# --- random histories -------------------------------------------------------------------------

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.sampled_from(Priority), st.sampled_from([0.5, 2.0])),
        st.tuples(st.just("step"), st.sampled_from(Priority), st.sampled_from([0.5, 2.0])),
        st.tuples(st.just("lease"), st.sampled_from(Priority), st.sampled_from([0.5, 2.0])),
        st.tuples(st.just("cancelled step"), st.sampled_from(Priority), st.just(1.0)),
        st.tuples(st.just("failing"), st.sampled_from(Priority), st.just(1.0)),
        st.tuples(st.just("reserve"), st.just(INTERACTIVE), st.just(0.0)),
        st.tuples(st.just("release"), st.just(INTERACTIVE), st.just(0.0)),
        st.tuples(st.just("pause"), st.just(INTERACTIVE), st.just(0.0)),
        st.tuples(st.just("resume"), st.just(INTERACTIVE), st.just(0.0)),
        st.tuples(st.just("sleep"), st.just(INTERACTIVE), st.sampled_from([0.0, 1.0, 7.0])),
    ),
    max_size=30,
)


@given(actions=ACTIONS, capacity=st.integers(0, 5))
def test_whatever_happens_each_accepted_job_has_one_fate(
    actions: list[tuple[str, Priority, float]], capacity: int
) -> None:
    log = Log()
    scheduler = Scheduler(network_capacity=capacity, shutdown=Shutdown(GRACE_S))
    accepted = []
    raised = []
    silent = False

    async def pause() -> None:
        nonlocal silent
        await scheduler.pause()
        silent = scheduler.paused and not scheduler.on_air

    async def step(priority: Priority, name: str, seconds: float) -> None:
        async def work() -> None:
            assert not silent, "once a pause is answered the radio is silent"
            await log.work(name, seconds)

        try:
            await scheduler.perform(priority, work)
        except (QueueClosed, RadioReserved):
            log.abandoned.append(name)

    async def fail(name: str) -> None:
        raised.append(name)
        raise ZeroDivisionError(name)

    async def lease(priority: Priority, name: str, seconds: float) -> None:
        try:
            async with scheduler.lease(priority) as held:
                await held.perform(log.step(name, seconds))
        except (QueueClosed, RadioReserved):
            log.abandoned.append(name)

    async def leaving(priority: Priority, name: str, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await step(priority, name, 5)

    async def history() -> None:
        nonlocal silent
        async with trio.open_nursery() as callers, running(scheduler) as nursery:
            for number, (action, priority, seconds) in enumerate(actions):
                name = f"{action} {number}"
                if action == "request":
                    job = log.job(name, seconds, priority, patience=3)
                    if priority is not INTERACTIVE:
                        job.work = partial(step, priority, name, seconds)
                    try:
                        scheduler.submit_network(job)
                        accepted.append(name)
                    except QueueFull:
                        assert scheduler.network_waiting == capacity
                elif action == "failing":
                    try:
                        scheduler.submit_network(
                            Job(priority, partial(fail, name), partial(raised.append, name))
                        )
                        accepted.append(name)
                    except QueueFull:
                        assert scheduler.network_waiting == capacity
                elif action == "reserve":
                    with suppress(RadioReserved):
                        scheduler.reserve()
                elif action == "release":
                    scheduler.release()
                elif action == "step":
                    callers.start_soon(step, priority, name, seconds)
                    accepted.append(name)
                elif action == "lease":
                    callers.start_soon(lease, priority, name, seconds)
                    accepted.append(name)
                elif action == "cancelled step":
                    callers.start_soon(leaving, priority, name, seconds)
                elif action == "pause":
                    nursery.start_soon(pause)
                elif action == "resume":
                    silent = False
                    scheduler.resume()
                else:
                    await trio.sleep(seconds)

    trio.run(history, clock=MockClock(autojump_threshold=0))
    refused = [text.removesuffix(": -8") for text in log.refused]
    ended = [
        name
        for name in log.answers + log.abandoned + refused + raised
        if not name.startswith("cancelled step")
    ]
    assert sorted(ended) == sorted(accepted)
    for figures in scheduler.statistics().values():
        rejected = sum(figures.fates[fate] for fate in (Fate.FULL, Fate.CLOSED, Fate.RESERVED))
        assert sum(figures.fates.values()) - rejected == figures.accepted
