"""Transactions that no task waits for: they come to the same as those that one does."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.shutdown import GRACE_S, Share
from protocol.dpa.errors import DpaAbortedError, DpaTimeoutError, InterfaceError
from protocol.dpa.packet import BROADCAST, Request
from protocol.dpa.transaction import Outcome
from tests.iqrf_trio.radio.fakes import FakeCoordinator, FakePort, Fault
from tests.iqrf_trio.radio.rig import LED, LOCAL, OTHER_LED, make, running

PAUSES_S = (0.013, 0.317, 8.013)
"""Between two requests. With none the patience of a request could end in the very moment in which
the greeting of a new link goes on, and chance would say which of them comes first."""

REQUESTS = (LED, OTHER_LED, LOCAL, Request(BROADCAST, 0x06, 0x01))


async def ask(transceiver: Transceiver, request: Request) -> Outcome:
    """What comes of a request that is begun, if it can be, and else waited for."""
    outcomes: list[Outcome] = []
    over = trio.Event()

    def conclude(outcome: Outcome) -> None:
        outcomes.append(outcome)
        over.set()

    if not transceiver.begin(request, None, conclude):
        return await transceiver.transact(request)
    await over.wait()
    (outcome,) = outcomes
    return outcome


async def outcomes_of(
    asked: Sequence[tuple[int, Fault, float]], *, at_once: bool
) -> tuple[list[Outcome], list[tuple[float, Request]]]:
    port = FakePort(at_once=at_once)
    transceiver = make(port)
    outcomes = []
    async with running(transceiver):
        for number, fault, pause_s in asked:
            port.coordinator.faults = deque([fault])
            outcomes.append(await ask(transceiver, REQUESTS[number]))
            await trio.sleep(pause_s)
    return outcomes, port.coordinator.took


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(REQUESTS) - 1),
            st.sampled_from([fault for fault in Fault if fault is not Fault.BUG]),
            st.sampled_from(PAUSES_S),
        ),
        max_size=8,
    )
)
def test_both_ways_come_to_the_same(asked: list[tuple[int, Fault, float]]) -> None:
    ways = [
        trio.run(
            partial(outcomes_of, asked, at_once=at_once), clock=MockClock(autojump_threshold=0)
        )
        for at_once in (False, True)
    ]
    (waited, took), (begun, took_begun) = ways
    assert [told(each) for each in begun] == [told(each) for each in waited]
    assert [request for _, request in took_begun] == [request for _, request in took]


def told(outcome: Outcome) -> tuple[Request, int, bool, bool]:
    return (
        outcome.request,
        outcome.status,
        outcome.confirmation is None,
        outcome.response is None,
    )


async def test_the_next_one_begins_in_the_step_that_ends_the_one_before(
    autojump_clock: MockClock,
) -> None:
    transceiver = make(FakePort(at_once=True), waits_for_air=False)
    outcomes: list[Outcome] = []
    over = trio.Event()

    def conclude(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if len(outcomes) == 3:
            over.set()
        else:
            assert transceiver.begin(LOCAL, None, conclude)

    async with running(transceiver):
        assert transceiver.begin(LOCAL, None, conclude)
        assert not transceiver.begin(LED, None, conclude), "one at a time"
        await over.wait()
    for before, after in pairwise(outcomes):
        assert before.responded_at == after.requested_at


async def test_silence_ends_at_the_deadline(autojump_clock: MockClock) -> None:
    port = FakePort(FakeCoordinator(), at_once=True)
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults = deque([Fault.SILENT, Fault.SILENT, Fault.SILENT])
        begun_at = trio.current_time()
        outcome = await ask(transceiver, LOCAL)
        assert outcome.status == DpaTimeoutError.code
        took_s = trio.current_time() - begun_at
        begun_at = trio.current_time()
        outcome = await transceiver.transact(LED)
        assert took_s == pytest.approx(trio.current_time() - begun_at, abs=0.2)


async def test_a_lost_link_ends_it_at_once(autojump_clock: MockClock) -> None:
    port = FakePort(at_once=True)
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults = deque([Fault.DIES])
        begun_at = trio.current_time()
        assert (await ask(transceiver, LED)).status == InterfaceError.code
        assert trio.current_time() == begun_at
        assert not transceiver.begin(LED, None, lambda _: None), "the link is down"
        await transceiver.wait_connected()
        assert (await ask(transceiver, LED)).status == 0


async def test_the_shutdown_leaves_it_its_share_of_the_time(autojump_clock: MockClock) -> None:
    port = FakePort(FakeCoordinator(discovery_s=60), at_once=True)
    transceiver = make(port)
    outcomes: list[tuple[float, Outcome]] = []
    async with running(transceiver):
        discovery = Request(0, 0x00, 0x07, pdata=bytes((7, 0)))
        began = transceiver.begin(
            discovery, None, lambda outcome: outcomes.append((trio.current_time(), outcome))
        )
        assert began
        await trio.sleep(1)
        stopped_at = trio.current_time()
    ((ended_at, outcome),) = outcomes
    assert outcome.status == DpaAbortedError.code
    assert ended_at - stopped_at == pytest.approx(GRACE_S * Share.AIR)


async def test_a_bug_of_whoever_concludes_harms_nobody(autojump_clock: MockClock) -> None:
    transceiver = make(FakePort(at_once=True))

    def conclude(_: Outcome) -> None:
        raise ZeroDivisionError

    async with running(transceiver):
        assert transceiver.begin(LOCAL, None, conclude)
        await trio.sleep(1)
        assert (await ask(transceiver, LOCAL)).status == 0
