"""The transceiver against a coordinator that speaks DPA and fails in every way it can.

All on a clock that jumps: times are exact, nothing waits for real.
"""

import logging
from itertools import pairwise

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.shutdown import GRACE_S, Share
from protocol.dpa.counters import Count, kind_of
from protocol.dpa.errors import DpaTimeoutError, InterfaceError, ResponseCodeError
from protocol.dpa.packet import BROADCAST, Request, Response
from protocol.dpa.peripherals.coordinator import addr_info, bonded_devices, discovery
from protocol.dpa.peripherals.frc import frc_extra_result, frc_send, frc_send_selective
from protocol.dpa.timing import frc_ms
from protocol.dpa.transaction import Outcome
from tests.iqrf_trio.radio.fakes import CONFIRMATION_S, GARBAGE, LATE_S, LOCAL_S, FakePort, Fault
from tests.iqrf_trio.radio.rig import GREETING, LED, LOCAL, OTHER_LED, make, running

# --- transactions -----------------------------------------------------------------------------


async def test_a_call_brings_the_value(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        assert await transceiver.call(bonded_devices()) == {1, 2, 3}


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


async def test_a_clients_patience_has_a_limit(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "iqrf_trio.transceiver")
    transceiver = make(port, timeout_limit_s=5)
    async with running(transceiver):
        for request, fault in ((LOCAL, Fault.SILENT), (LED, Fault.NO_RESPONSE)):
            port.coordinator.faults.append(fault)
            start = trio.current_time()
            outcome = await transceiver.transact(request, timeout_ms=900_000)
            assert outcome.status == -1
            assert trio.current_time() - start == pytest.approx(5, abs=2 * CONFIRMATION_S)
    assert caplog.text.count("a timeout of 900.0 s was asked for, 5.0 s is the limit") == 2


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
            await transceiver.call(addr_info())
        with pytest.raises(ResponseCodeError) as caught:
            await transceiver.call(bonded_devices())
        assert caught.value.status == 1
        with pytest.raises(InterfaceError):
            await transceiver.call(addr_info())


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


async def test_a_module_gone_mad_does_not_fill_the_log(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        for _ in range(2):
            port.link.emit([(0, GARBAGE)] * 1000)
            await trio.sleep(1)
            assert (await transceiver.transact(LED)).status == 0
    assert transceiver.counters[Count.GARBAGE] == 2000
    warned = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(warned) == 2  # once before each sign of sense


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


async def test_answers_that_pass_by_teach_too(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.bonded = frozenset(range(1, 31))
        await transceiver.call(bonded_devices())
        assert transceiver.timing.bonded == 30


async def test_an_frc_is_given_the_time_that_the_network_asks_for(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.SILENT)
        start = trio.current_time()
        outcome = await transceiver.transact(frc_send(0, bytes(2)).request)
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


# --- counters ---------------------------------------------------------------------------------

KINDS = {
    LED: Count.UNICAST,
    Request(0xFE, 0x06, 0x01): Count.UNICAST,
    Request(BROADCAST, 0x06, 0x01): Count.BROADCAST,
    frc_send(0, bytes(2)).request: Count.FRC,
    frc_send_selective(0x90, [1], bytes(4)).request: Count.FRC,
    frc_extra_result().request: Count.LOCAL,
    discovery(7, 0).request: Count.DISCOVERY,
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
        outcome = await transceiver.transact(discovery(7, 0).request)
        statuses.append(outcome.status)

    async with trio.open_nursery() as callers, running(transceiver):
        callers.start_soon(discover)
        await trio.sleep(1)
        start = trio.current_time()
    assert trio.current_time() - start == pytest.approx(Share.AIR * GRACE_S)
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
