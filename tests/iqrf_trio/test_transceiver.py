"""The transceiver against a coordinator that speaks DPA and fails in every way it can.

All on a clock that jumps: times are exact, nothing waits for real.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.edges.ports import PortError
from iqrf_trio.transceiver import (
    GRACE_S,
    LINK_PATIENCE_S,
    LONGEST_PAUSE_S,
    SILENCE,
    Transceiver,
)
from protocol.dpa import commands
from protocol.dpa.counters import Count, kind_of
from protocol.dpa.errors import DpaTimeoutError, InterfaceError, ResponseCodeError
from protocol.dpa.packet import BROADCAST, Request, Response
from protocol.dpa.timing import RfMode, Timing, frc_ms
from protocol.dpa.transaction import Outcome
from tests.iqrf_trio.fakes import (
    CONFIRMATION_S,
    GARBAGE,
    LATE_S,
    LOCAL_S,
    RESET_MESSAGE,
    FakePort,
    Fault,
)

LED = Request(1, 0x06, 0x01)
OTHER_LED = Request(2, 0x06, 0x01)
LOCAL = commands.addr_info().request
GREETING = 6
"""Requests with which the transceiver learns the timing."""


def make(port: FakePort, **options: Any) -> Transceiver:
    options.setdefault("on_async", lambda frame: None)
    return Transceiver(port, **options)


@asynccontextmanager
async def running(
    transceiver: Transceiver, *, connected: bool = True
) -> AsyncIterator[trio.Nursery]:
    """The transceiver runs until the end of the block."""
    async with trio.open_nursery() as nursery:
        await nursery.start(transceiver.run)
        if connected:
            await transceiver.wait_connected()
        yield nursery
        nursery.cancel_scope.cancel()


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@pytest.fixture
def port() -> FakePort:
    return FakePort()


# --- transactions -----------------------------------------------------------------------------


async def test_a_call_brings_the_value(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        assert await transceiver.call(commands.bonded_devices()) == {1, 2, 3}


async def test_a_unicast_is_confirmed_and_answered(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        start = trio.current_time()
        outcome = await transceiver.transact(LED)
    assert outcome.status == 0
    assert outcome.confirmation is not None
    assert outcome.response is not None
    assert outcome.requested_at == start
    assert outcome.confirmed_at == pytest.approx(start + CONFIRMATION_S)
    assert outcome.responded_at == pytest.approx(start + CONFIRMATION_S + 0.12)


async def test_a_broadcast_needs_no_response(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        outcome = await transceiver.transact(Request(BROADCAST, 0x06, 0x01))
    assert outcome.status == 0
    assert outcome.response is None


async def test_one_transaction_at_a_time_in_order(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    outcomes: list[Outcome] = []

    async def transact(request: Request) -> None:
        outcomes.append(await transceiver.transact(request))

    async with running(transceiver), trio.open_nursery() as callers:
        for nadr in (3, 1, 2):
            callers.start_soon(transact, Request(nadr, 0x06, 0x01))
            await trio.sleep(0.001)
    assert [outcome.request.nadr for outcome in outcomes] == [3, 1, 2]
    for before, after in pairwise(outcomes):
        assert before.responded_at is not None
        assert after.requested_at >= before.responded_at


async def test_an_answer_may_come_before_the_port_is_done_sending(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(send_takes_s=0.1)
    transceiver = make(port)
    async with running(transceiver):
        outcome = await transceiver.transact(LOCAL)
    assert outcome.status == 0
    assert outcome.responded_at == pytest.approx(outcome.requested_at + LOCAL_S)


async def test_the_clients_patience_is_handed_on(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.SILENT)
        start = trio.current_time()
        outcome = await transceiver.transact(LOCAL, timeout_ms=7000)
    assert outcome.status == -1
    assert trio.current_time() - start == pytest.approx(7)


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.SILENT, -1),
        (Fault.NO_RESPONSE, -1),
        (Fault.ERROR, 1),
        (Fault.LATE, -1),
        (Fault.DUPLICATE, 0),
        (Fault.GARBAGE, 0),
        (Fault.DIES, -4),
        (Fault.NOT_SENT, -4),
        (Fault.STUCK, -1),
        (Fault.BUG, -4),
    ],
)
@pytest.mark.parametrize("request_", [LED, LOCAL], ids=["unicast", "local"])
async def test_each_fault_has_its_status_and_the_next_request_succeeds(
    fault: Fault,
    status: int,
    request_: Request,
    port: FakePort,
    autojump_clock: MockClock,
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(fault)
        assert (await transceiver.transact(request_)).status == status
        await trio.sleep(10)  # a lost link comes back
        assert (await transceiver.transact(request_)).status == 0
        assert (await transceiver.transact(OTHER_LED)).status == 0


async def test_call_raises_what_the_status_says(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.extend([Fault.SILENT, Fault.ERROR, Fault.NOT_SENT])
        with pytest.raises(DpaTimeoutError):
            await transceiver.call(commands.addr_info())
        with pytest.raises(ResponseCodeError) as caught:
            await transceiver.call(commands.addr_info())
        assert caught.value.status == 1
        with pytest.raises(InterfaceError):
            await transceiver.call(commands.addr_info())


async def test_a_late_answer_is_counted_and_not_taken_for_another(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.LATE)
        assert (await transceiver.transact(LED)).status == -1
        await trio.sleep(LATE_S - 1)
        outcome = await transceiver.transact(OTHER_LED)
        await trio.sleep(2)
    assert outcome.status == 0
    assert transceiver.counters[Count.TIMEOUT] == 1
    assert transceiver.counters[Count.LATE] == 1
    assert transceiver.counters[Count.UNEXPECTED] == 0


async def test_a_late_answer_is_not_taken_for_that_of_an_equal_request(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.LATE)
        start = trio.current_time()
        assert (await transceiver.transact(LED)).status == -1
        # Sent just before the late answer comes, so that it is not confirmed yet.
        due = start + CONFIRMATION_S + 0.12 + LATE_S
        await trio.sleep_until(due - CONFIRMATION_S / 2)
        outcome = await transceiver.transact(LED)
    assert outcome.status == 0
    assert outcome.responded_at == pytest.approx(outcome.requested_at + CONFIRMATION_S + 0.12)


async def test_duplicates_are_counted(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.DUPLICATE)
        await transceiver.transact(LED)
        await trio.sleep(1)
    assert transceiver.counters[Count.UNEXPECTED] == 2  # confirmation and response


async def test_garbage_is_counted_and_logged(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.link.emit([(0, GARBAGE), (0, b"\x00" * 80)])
        await trio.sleep(1)
    assert transceiver.counters[Count.GARBAGE] == 2
    assert "00.01.02" in caplog.text


# --- frames nobody asked for ------------------------------------------------------------------


async def test_asynchronous_frames_are_handed_on_even_during_a_transaction(
    port: FakePort, autojump_clock: MockClock
) -> None:
    frames: list[bytes] = []
    transceiver = make(port, on_async=frames.append)
    as_request = bytes.fromhex("0300067f0200aabb")
    as_response = Response(1, 0x06, 0x01, 2, asynchronous=True).encode()  # as if it answered LED
    async with running(transceiver):
        port.link.emit([(0.01, as_request), (0.05, as_response)])
        outcome = await transceiver.transact(LED)
    assert outcome.response is not None
    assert not outcome.response.asynchronous
    assert frames == [as_request, as_response]
    assert transceiver.counters[Count.ASYNCHRONOUS] == 2


async def test_a_consumer_of_asynchronous_frames_that_raises_does_no_harm(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_frame: bytes) -> None:
        raise ZeroDivisionError

    transceiver = make(port, on_async=fail)
    async with running(transceiver):
        port.link.emit([(0, bytes.fromhex("0300067f0200aabb"))])
        await trio.sleep(0.1)
        assert (await transceiver.transact(LED)).status == 0
    assert transceiver.counters[Count.OPENED] == 1
    assert "03.00.06.7f.02.00.aa.bb" in caplog.text


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


async def test_the_trace_sees_every_frame(port: FakePort, autojump_clock: MockClock) -> None:
    frames: list[tuple[str, str]] = []
    transceiver = make(port, trace=lambda way, frame: frames.append((way, frame.hex("."))))
    async with running(transceiver):
        frames.clear()
        port.coordinator.faults.append(Fault.GARBAGE)
        await transceiver.transact(LED)
    assert frames == [
        ("out", "01.00.06.01.ff.ff"),
        ("in", "00.01.02"),
        ("in", "01.00.06.01.ff.ff.ff.28.01.04.01"),
        ("in", "01.00.06.81.02.00.00.00"),
    ]


# --- the timing -------------------------------------------------------------------------------


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


async def test_answers_that_pass_by_teach_too(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.bonded = frozenset(range(1, 31))
        await transceiver.call(commands.bonded_devices())
        assert transceiver.timing.bonded == 30


async def test_an_frc_is_given_the_time_that_the_network_asks_for(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.SILENT)
        start = trio.current_time()
        outcome = await transceiver.transact(commands.frc_send(0, bytes(2)).request)
        assert outcome.status == -1
        took = trio.current_time() - start
        assert took == pytest.approx(1.2 * frc_ms(transceiver.timing) / 1000 + 1, abs=0.01)


async def test_a_port_without_readiness_waits_for_the_air(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port, waits_for_air=True)
    async with running(transceiver):
        port.coordinator.hops = 9
        first = await transceiver.transact(LED)
        local = await transceiver.transact(LOCAL)
        second = await transceiver.transact(OTHER_LED)
    assert first.confirmed_at is not None
    assert first.responded_at is not None
    assert local.requested_at == pytest.approx(first.responded_at)
    assert second.requested_at == pytest.approx(first.confirmed_at + (9 + 1) * 0.04 * 2)


async def test_a_port_with_readiness_does_not_wait_for_the_air(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        first = await transceiver.transact(LED)
        second = await transceiver.transact(OTHER_LED)
    assert second.requested_at == first.responded_at


async def test_the_air_is_free_once_a_discovery_given_up_is_answered(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port, waits_for_air=True)
    discovery = commands.discovery(7, 0).request
    async with running(transceiver):
        start = trio.current_time()
        assert (await transceiver.transact(discovery, timeout_ms=1000)).status == -1
        outcome = await transceiver.transact(LED)
    assert outcome.status == 0
    assert outcome.requested_at == pytest.approx(start + port.coordinator.discovery_s)


# --- counters ---------------------------------------------------------------------------------

KINDS = {
    LED: Count.UNICAST,
    Request(0xFE, 0x06, 0x01): Count.UNICAST,
    Request(BROADCAST, 0x06, 0x01): Count.BROADCAST,
    commands.frc_send(0, bytes(2)).request: Count.FRC,
    commands.frc_send_selective(0x90, [1], bytes(4)).request: Count.FRC,
    commands.frc_extra_result().request: Count.LOCAL,
    commands.discovery(7, 0).request: Count.DISCOVERY,
    LOCAL: Count.LOCAL,
}


@pytest.mark.parametrize(("request_", "kind"), KINDS.items())
def test_the_kind_of_a_request(request_: Request, kind: Count) -> None:
    assert kind_of(request_) is kind


async def test_radio_transactions_are_those_that_the_network_feels(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        before = transceiver.counters
        for request in KINDS:
            assert (await transceiver.transact(request)).status == 0
        after = transceiver.counters
    assert before.radio == 0
    assert before[Count.LOCAL] == GREETING
    assert after.radio == 5
    assert after[Count.BROADCAST] == 1
    assert after[Count.LOCAL] == GREETING + 2


# --- the link ---------------------------------------------------------------------------------


async def test_a_lost_link_comes_back(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.DIES)
        start = trio.current_time()
        outcome = await transceiver.transact(LED)
        assert outcome.status == -4
        assert trio.current_time() == start  # it does not wait for its deadline
        assert not transceiver.connected
        await transceiver.wait_connected()
        assert trio.current_time() - start == pytest.approx(1 + GREETING * LOCAL_S)
        assert (await transceiver.transact(LED)).status == 0
        assert port.links[0].closed
    assert port.reset_at == []


async def test_who_waits_behind_the_loss_of_a_link_does_not_try_it(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    statuses = []

    async def transact() -> None:
        statuses.append((await transceiver.transact(LED)).status)

    async with running(transceiver):
        port.coordinator.faults.append(Fault.DIES)
        async with trio.open_nursery() as callers:
            for _ in range(10):
                callers.start_soon(transact)
        assert statuses == [-4] * 10
        assert transceiver.counters[Count.UNICAST] == 1


async def test_the_pauses_between_attempts_grow(autojump_clock: MockClock) -> None:
    port = FakePort(refusals=10)
    transceiver = make(port)
    start = trio.current_time()
    async with running(transceiver, connected=False):
        await trio.sleep(400)
        assert transceiver.connected
    pauses = gaps(port.opened_at)
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
    assert port.reset_at[0] == pytest.approx(start + 1 + 2 + 4)


async def test_the_pauses_start_afresh_after_a_link_that_worked(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(refusals=5)
    transceiver = make(port)
    async with running(transceiver):
        port.link.fail(PortError("cable pulled"))
        lost_at = trio.current_time()
        await trio.sleep(5)
        assert transceiver.connected
        assert port.opened_at[-1] == pytest.approx(lost_at + 1)


async def test_a_request_waits_briefly_for_a_link_that_is_down(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(refusals=1)
    transceiver = make(port)
    async with running(transceiver, connected=False):
        start = trio.current_time()
        outcome = await transceiver.transact(LED)
        assert outcome.status == -4
        assert trio.current_time() - start == pytest.approx(LINK_PATIENCE_S)
        await trio.sleep(0.3)
        # The link opens at 1 s, and the coordinator is greeted.
        assert (await transceiver.transact(LED)).status == 0


async def test_many_requests_at_a_link_that_is_down_wait_together(
    autojump_clock: MockClock,
) -> None:
    transceiver = make(FakePort(refusals=float("inf")))
    statuses = []

    async def transact() -> None:
        statuses.append((await transceiver.transact(LED)).status)

    async with running(transceiver, connected=False):
        start = trio.current_time()
        async with trio.open_nursery() as callers:
            for _ in range(32):
                callers.start_soon(transact)
        assert trio.current_time() - start == pytest.approx(LINK_PATIENCE_S)
    assert statuses == [-4] * 32


async def test_a_request_before_the_start_gets_no_link(
    port: FakePort, autojump_clock: MockClock
) -> None:
    assert (await make(port).transact(LED)).status == -4


@pytest.mark.parametrize("request_", [LED, LOCAL], ids=["unicast", "local"])
async def test_a_coordinator_that_falls_silent_is_reset(
    request_: Request, port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.broken = Fault.SILENT
        for _ in range(SILENCE):
            assert (await transceiver.transact(request_)).status == -1
        await trio.sleep(2)
        assert len(port.reset_at) == 1
        assert transceiver.connected
        assert (await transceiver.transact(request_)).status == 0
    assert transceiver.counters[Count.RESET] == 1


async def test_only_silence_in_a_row_is_a_reason_for_a_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    almost = [Fault.SILENT] * (SILENCE - 1)
    async with running(transceiver):
        port.coordinator.faults.extend([*almost, Fault.ERROR, *almost, Fault.NONE, *almost])
        for _ in range(2 * SILENCE):
            await transceiver.transact(LOCAL)
        assert (await transceiver.transact(Request(BROADCAST, 0x06, 0x01))).status == -1
        await transceiver.transact(LOCAL)
        assert (await transceiver.transact(Request(BROADCAST, 0x06, 0x01))).status == 0
        port.coordinator.faults.extend(almost)
        for _ in almost:
            assert (await transceiver.transact(LOCAL)).status == -1
        assert transceiver.connected
    assert port.reset_at == []


async def test_nodes_that_fall_silent_are_no_reason_for_a_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.broken = Fault.NO_RESPONSE
        for _ in range(SILENCE * 2):
            assert (await transceiver.transact(LED)).status == -1
        assert transceiver.connected
    assert port.reset_at == []


async def test_a_coordinator_busy_with_a_discovery_given_up_is_not_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.discovery_s = 20
    transceiver = make(port)
    async with running(transceiver):
        assert (
            await transceiver.transact(commands.discovery(7, 0).request, timeout_ms=500)
        ).status == -1
        port.coordinator.broken = Fault.SILENT
        for _ in range(SILENCE * 2):
            assert (await transceiver.transact(LOCAL)).status == -1
        assert transceiver.connected


async def test_a_coordinator_deaf_when_the_link_comes_back_is_asked_again_later(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.discovery_s = 20
    transceiver = make(port)
    async with running(transceiver):
        await transceiver.transact(commands.discovery(7, 0).request, timeout_ms=500)
        port.coordinator.faults.extend([Fault.SILENT] * SILENCE)
        port.link.fail(PortError("cable pulled"))
        await trio.sleep(1 + SILENCE * 0.5 + 0.1)
        assert (await transceiver.transact(LOCAL)).status == -4
        await transceiver.wait_connected()
    assert len(port.opened_at) == 3
    assert port.reset_at == []


async def test_a_coordinator_silent_from_the_start_is_reset_until_it_answers(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(mends=False)
    port.coordinator.broken = Fault.SILENT
    transceiver = make(port)
    async with running(transceiver, connected=False):
        await trio.sleep(100)
        assert (await transceiver.transact(LED)).status == -4
        port.coordinator.broken = Fault.NONE
        with trio.fail_after(LONGEST_PAUSE_S + 2):
            await transceiver.wait_connected()
    pauses = gaps(port.opened_at)
    silence = SILENCE * 0.5
    assert pauses[:4] == pytest.approx([silence + pause for pause in (1, 2, 4, 8)])
    assert len(port.reset_at) == len(port.opened_at) - 1


async def test_a_coordinator_that_takes_no_frame_is_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.extend([Fault.NOT_SENT] * SILENCE)
        for _ in range(SILENCE):
            assert (await transceiver.transact(LOCAL)).status == -4
        await trio.sleep(2)
        assert len(port.reset_at) == 1
        assert transceiver.connected


async def test_a_link_that_dies_while_it_is_greeted_is_given_up(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.faults.append(Fault.DIES)
    transceiver = make(port)
    start = trio.current_time()
    async with running(transceiver):
        assert trio.current_time() - start == pytest.approx(1 + GREETING * LOCAL_S)
    assert len(port.opened_at) == 2


async def test_a_reset_that_fails_is_one_more_failure(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Unresettable(FakePort):
        async def reset(self) -> None:
            await super().reset()
            if len(self.reset_at) == 1:
                raise PortError("no power pin")

    port = Unresettable(refusals=3)
    transceiver = make(port)
    async with running(transceiver):
        assert len(port.reset_at) == 2
    assert "no power pin" in caplog.text


async def test_a_bug_of_the_port_is_logged_and_the_port_opened_again(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.link.fail(ZeroDivisionError("a bug of the port"))
        await trio.sleep(2)
        assert (await transceiver.transact(LED)).status == 0
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == ["fake port failed"]


# --- cancellation and shutdown ----------------------------------------------------------------


async def test_a_cancelled_caller_lets_the_exchange_finish(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        start = trio.current_time()
        with trio.move_on_after(0.01) as scope:
            await transceiver.transact(LED)
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert trio.current_time() - start == pytest.approx(CONFIRMATION_S + 0.12)
        assert (await transceiver.transact(OTHER_LED)).status == 0
    assert transceiver.counters[Count.UNEXPECTED] == transceiver.counters[Count.LATE] == 0


async def test_a_cancelled_caller_that_waits_leaves_no_trace(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver) as nursery:
        nursery.start_soon(transceiver.transact, LED)
        await trio.sleep(0.01)
        with trio.move_on_after(0.01):
            await transceiver.transact(OTHER_LED)
        assert (await transceiver.transact(LED)).status == 0
    assert OTHER_LED not in [request for _, request in port.coordinator.took]


async def test_shutdown_finishes_the_transaction_on_the_air_and_refuses_the_waiting(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    statuses = []

    async def transact(request: Request) -> None:
        statuses.append((await transceiver.transact(request)).status)

    async with trio.open_nursery() as callers:
        async with running(transceiver):
            start = trio.current_time()
            callers.start_soon(transact, LED)
            await trio.sleep(0.01)
            callers.start_soon(transact, OTHER_LED)
            await trio.sleep(0.01)
        assert trio.current_time() - start == pytest.approx(CONFIRMATION_S + 0.12)
    assert statuses == [0, -3]
    assert transceiver.counters[Count.UNICAST] == 1
    assert port.link.closed
    assert (await transceiver.transact(LED)).status == -3


async def test_shutdown_waits_no_longer_than_the_grace_time(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.discovery_s = 100
    transceiver = make(port)
    statuses = []

    async def discover() -> None:
        outcome = await transceiver.transact(commands.discovery(7, 0).request)
        statuses.append(outcome.status)

    async with trio.open_nursery() as callers, running(transceiver):
        callers.start_soon(discover)
        await trio.sleep(1)
        start = trio.current_time()
    assert trio.current_time() - start == pytest.approx(GRACE_S)
    assert statuses == [-3]


async def test_shutdown_of_an_idle_transceiver_is_immediate(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        start = trio.current_time()
    assert trio.current_time() == start
    assert port.link.closed


async def test_shutdown_while_the_port_is_down_is_immediate(autojump_clock: MockClock) -> None:
    transceiver = make(FakePort(refusals=float("inf")))
    async with running(transceiver, connected=False):
        await trio.sleep(20)
        start = trio.current_time()
    assert trio.current_time() == start


# --- random histories -------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Fault),
            st.sampled_from([LED, OTHER_LED, LOCAL, Request(BROADCAST, 0x06, 0x01)]),
            st.sampled_from([0.0, 0.05, 1.0, 5.0]),  # until the next one
            st.booleans(),  # its caller goes away soon
        ),
        max_size=20,
    )
)
def test_whatever_fails_every_request_ends_and_a_good_port_works_again(
    history: list[tuple[Fault, Request, float, bool]],
) -> None:
    port = FakePort()
    transceiver = make(port)
    outcomes: list[Outcome] = []

    async def transact(request: Request, leaves: bool) -> None:
        with trio.move_on_after(0.02 if leaves else 1000):
            outcomes.append(await transceiver.transact(request))

    async def play() -> None:
        async with running(transceiver):
            with trio.fail_after(1000):
                async with trio.open_nursery() as callers:
                    for fault, request, pause, leaves in history:
                        port.coordinator.faults.append(fault)
                        callers.start_soon(transact, request, leaves)
                        await trio.sleep(pause)
            port.coordinator.faults.clear()
            await trio.sleep(100)
            outcome = await transceiver.transact(LED)
            assert outcome.status == 0

    trio.run(play, clock=MockClock(autojump_threshold=0))
    for outcome in outcomes:
        assert outcome.status in {0, 1, -1, -4}
        if outcome.response is not None:
            answered, asked = outcome.response, outcome.request
            assert (answered.nadr, answered.pnum, answered.pcmd) == (
                asked.nadr,
                asked.pnum,
                asked.pcmd,
            )
