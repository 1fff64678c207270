"""A transaction comes to one outcome, by whatever frames and in whatever time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import (
    BadRequestError,
    BadResponseError,
    DpaAbortedError,
    DpaError,
    DpaTimeoutError,
    InterfaceError,
    ResponseCodeError,
)
from protocol.dpa.packet import Confirmation, Packet, Request, Response, answer, parse
from protocol.dpa.peripherals.coordinator import AddrInfo, addr_info, bond_node
from protocol.dpa.peripherals.frc import frc_send
from protocol.dpa.peripherals.inputs_outputs import LEDR_ON, uart_write_read
from protocol.dpa.peripherals.os import os_read
from protocol.dpa.timing import RfMode, Timing
from protocol.dpa.transaction import Former, Outcome, Transaction

TIMING = Timing(RfMode.STD, bonded=5, discovered=5)
NOW = 1000.0

LOCAL = addr_info().request
LOCAL_ANSWER = answer(LOCAL, hwpid=0, pdata=b"\x05\x09")
REMOTE = Request(1, 0x06, 0x01)
CONFIRMATION = Confirmation(1, 0x06, 0x01, 0xFFFF, 0x3B, hops=1, timeslot=4, hops_response=1)
REMOTE_ANSWER = answer(REMOTE, hwpid=2)
BROADCAST = Request(0xFF, 0x06, 0x01)
BROADCAST_CONFIRMATION = Confirmation(0xFF, 0x06, 0x01, 0xFFFF, 0, 3, 8, 0)
FRC = frc_send(0).request


def _start(request: Request, **options: float) -> Transaction:
    timeout_ms = options.get("timeout_ms")
    return Transaction(
        request,
        TIMING,
        NOW,
        timeout_ms=None if timeout_ms is None else int(timeout_ms),
        air_free_at=options.get("air_free_at", -math.inf),
    )


def _outcome(transaction: Transaction) -> Outcome:
    assert transaction.outcome is not None
    return transaction.outcome


def _wait_ms(transaction: Transaction, since: float = NOW) -> float:
    return round((transaction.deadline - since) * 1000, 3)


def test_the_coordinator_answers_without_confirming() -> None:
    transaction = _start(LOCAL)
    assert _wait_ms(transaction) == 500
    assert transaction.receive(LOCAL_ANSWER, NOW + 0.02)
    outcome = _outcome(transaction)
    assert outcome == Outcome(LOCAL, 0, None, LOCAL_ANSWER, NOW, None, NOW + 0.02)
    assert outcome.value(addr_info()) == AddrInfo(5, 9)


def test_a_node_answers_after_the_confirmation() -> None:
    transaction = _start(REMOTE)
    assert transaction.receive(CONFIRMATION, NOW + 0.025)
    assert transaction.outcome is None
    assert transaction.receive(REMOTE_ANSWER, NOW + 0.15)
    assert _outcome(transaction) == Outcome(
        REMOTE, 0, CONFIRMATION, REMOTE_ANSWER, NOW, NOW + 0.025, NOW + 0.15
    )


def test_the_air_is_busy_until_the_routing_is_over_but_nobody_waits_for_it() -> None:
    transaction = _start(REMOTE)
    transaction.receive(CONFIRMATION, NOW)
    assert transaction.air_free_at == pytest.approx(NOW + 0.2)
    transaction.receive(REMOTE_ANSWER, NOW + 0.112)
    assert transaction.outcome is not None
    assert transaction.air_free_at == pytest.approx(NOW + 0.16)


def test_the_air_is_free_at_the_latest_when_the_answer_is_there() -> None:
    transaction = _start(REMOTE)
    transaction.receive(CONFIRMATION, NOW)
    transaction.receive(REMOTE_ANSWER, NOW + 0.3)
    assert transaction.air_free_at == NOW + 0.3


@pytest.mark.parametrize(
    ("request_", "ms"), [(LOCAL, 500), (REMOTE, 500), (FRC, 2416), (BROADCAST, 500)]
)
def test_silence_ends_with_a_timeout(request_: Request, ms: int) -> None:
    transaction = _start(request_)
    assert _wait_ms(transaction) == ms
    transaction.tick(transaction.deadline - 0.001)
    assert transaction.outcome is None
    transaction.tick(transaction.deadline)
    assert _outcome(transaction).status == -1
    with pytest.raises(DpaTimeoutError):
        _outcome(transaction).raise_for_status()


def test_the_confirmation_says_how_long_to_wait_for_the_node() -> None:
    transaction = _start(REMOTE)
    transaction.receive(Confirmation(1, 6, 1, 0xFFFF, 0, 13, 8, 13), NOW + 0.03)
    # 14 slots of 80 ms there, 14 of at most 100 ms back, 40 ms of reserve, 100 ms of margin.
    assert _wait_ms(transaction, NOW + 0.03) == 14 * 80 + 14 * 100 + 40 + 100
    transaction.tick(transaction.deadline)
    outcome = _outcome(transaction)
    assert (outcome.status, outcome.confirmed_at) == (-1, NOW + 0.03)
    assert transaction.air_free_at == transaction.deadline


def test_a_short_way_is_given_half_a_second_all_the_same() -> None:
    transaction = _start(REMOTE)
    transaction.receive(CONFIRMATION, NOW + 0.03)
    assert _wait_ms(transaction, NOW + 0.03) == 500


def test_a_node_that_listens_to_its_uart_is_waited_for() -> None:
    request = uart_write_read(1, 200).request
    transaction = _start(request)
    transaction.receive(Confirmation(1, 0x0C, 2, 0xFFFF, 0, 1, 4, 1), NOW)
    assert _wait_ms(transaction) == 80 + 120 + 40 + 100 + 2000
    assert transaction.air_free_at == pytest.approx(NOW + 2.2)


def test_a_broadcast_is_over_when_its_air_time_is() -> None:
    transaction = _start(BROADCAST)
    assert transaction.receive(BROADCAST_CONFIRMATION, NOW + 0.03)
    assert _wait_ms(transaction, NOW + 0.03) == 4 * 80 + 40
    assert not transaction.receive(answer(BROADCAST, hwpid=1), NOW + 0.1)
    transaction.tick(transaction.deadline - 0.001)
    assert transaction.outcome is None
    transaction.tick(transaction.deadline)
    outcome = _outcome(transaction)
    assert outcome == Outcome(BROADCAST, 0, BROADCAST_CONFIRMATION, None, NOW, NOW + 0.03, None)
    assert transaction.air_free_at == transaction.deadline
    outcome.value(LEDR_ON.call(0xFF))
    with pytest.raises(BadResponseError):
        outcome.value(os_read(0xFF))


@pytest.mark.parametrize(
    ("request_", "timeout_ms", "ms"),
    [
        (LOCAL, -1, 500),
        (LOCAL, 0, 500),
        (LOCAL, 100, 500),
        (LOCAL, 3000, 3000),
        (FRC, 0, 2416),
        (FRC, 1000, 2416),
        (FRC, 10**9, 60_000),
        (REMOTE, 0, 500),
        (REMOTE, 3000, 500),
    ],
)
def test_a_client_may_wish_for_a_timeout(request_: Request, timeout_ms: int, ms: int) -> None:
    assert _wait_ms(_start(request_, timeout_ms=timeout_ms)) == ms


@pytest.mark.parametrize(("timeout_ms", "ms"), [(0, 500), (100, 500), (3000, 3000)])
def test_a_client_may_wait_longer_for_a_node(timeout_ms: int, ms: int) -> None:
    transaction = _start(REMOTE, timeout_ms=timeout_ms)
    transaction.receive(CONFIRMATION, NOW)
    assert _wait_ms(transaction) == ms


def test_a_client_cannot_make_the_network_faster_than_it_is() -> None:
    transaction = _start(REMOTE, timeout_ms=600)
    transaction.receive(Confirmation(1, 6, 1, 0xFFFF, 0, 13, 8, 13), NOW)
    assert _wait_ms(transaction) == 2660


@pytest.mark.parametrize(
    ("request_", "ms"), [(REMOTE, 3200), (BROADCAST, 3200), (FRC, 5416), (LOCAL, 500)]
)
def test_what_is_still_on_the_air_is_waited_for(request_: Request, ms: int) -> None:
    transaction = _start(request_, air_free_at=NOW + 3)
    assert _wait_ms(transaction) == ms
    transaction.tick(transaction.deadline)
    assert transaction.air_free_at >= NOW + 3


def test_a_local_command_leaves_alone_what_is_on_the_air() -> None:
    transaction = _start(LOCAL, air_free_at=NOW + 3)
    transaction.receive(LOCAL_ANSWER, NOW + 0.01)
    assert transaction.air_free_at == NOW + 3
    assert _start(LOCAL).air_free_at == NOW


def test_the_coordinator_is_deaf_while_it_works_on_what_was_given_up() -> None:
    transaction = _start(bond_node(1, 0).request, timeout_ms=1000)
    transaction.tick(NOW + 10.9)
    assert transaction.outcome is None
    transaction.fail(-4, NOW + 1)
    assert transaction.air_free_at == NOW + 11


def test_what_was_not_sent_keeps_nobody_busy() -> None:
    transaction = _start(bond_node(1, 0).request)
    transaction.fail(-4, NOW + 1, sent=False)
    assert transaction.air_free_at == NOW


def test_the_limit_of_a_clients_timeout_is_a_setting_and_never_below_the_model() -> None:
    for asked_ms, limit_ms, ms in ((9000, 5000, 5000), (4000, 5000, 4000), (9000, 1000, 2416)):
        transaction = Transaction(FRC, TIMING, NOW, asked_ms, limit_ms=limit_ms)
        assert _wait_ms(transaction) == ms
        assert transaction.shortened is (asked_ms > limit_ms)
    assert not Transaction(FRC, TIMING, NOW).shortened


def test_an_error_takes_the_place_of_the_confirmation() -> None:
    transaction = _start(REMOTE)
    error = answer(REMOTE, hwpid=0, rcode=8)
    assert transaction.receive(error, NOW + 0.02)
    assert _outcome(transaction).status == 8
    with pytest.raises(ResponseCodeError, match="ERROR_NADR: LEDR SetOn to 1"):
        _outcome(transaction).raise_for_status()


def test_an_answer_without_confirmation_counts_once_no_confirmation_can_come() -> None:
    transaction = _start(REMOTE)
    assert transaction.receive(REMOTE_ANSWER, NOW + 0.12)
    assert transaction.outcome is None
    transaction.tick(transaction.deadline)
    assert _outcome(transaction) == Outcome(REMOTE, 0, None, REMOTE_ANSWER, NOW, None, NOW + 0.12)


LATE = Response(1, 6, 1, 2, dpa_value=0x11)
UNANSWERED, SETTLED = Former(unanswered=1), Former(settled=True)


def _follow(former: Former) -> Transaction:
    """A request to which there was an equal one before."""
    return Transaction(REMOTE, TIMING, NOW, former=former)


@pytest.mark.parametrize("former", [UNANSWERED, SETTLED])
def test_a_late_answer_to_an_equal_request_before_is_told_by_the_confirmation(
    former: Former,
) -> None:
    transaction = _follow(former)
    transaction.receive(LATE, NOW + 0.01)
    transaction.receive(CONFIRMATION, NOW + 0.03)
    assert transaction.outcome is None
    transaction.receive(REMOTE_ANSWER, NOW + 0.15)
    assert _outcome(transaction).response == REMOTE_ANSWER


@pytest.mark.parametrize("at", [0.01, 0.07])
def test_a_late_answer_does_not_stand_in_for_a_node_that_keeps_silent(at: float) -> None:
    transaction = _follow(UNANSWERED)
    transaction.receive(REMOTE_ANSWER, NOW + at)
    transaction.receive(CONFIRMATION, NOW + 0.08)
    transaction.tick(transaction.deadline)
    assert _outcome(transaction).status == -1
    assert transaction.rejected == 1


def test_a_confirmation_behind_its_response_is_no_reason_to_throw_the_answer_away() -> None:
    transaction = _start(REMOTE)
    transaction.receive(REMOTE_ANSWER, NOW + 0.12)
    transaction.receive(CONFIRMATION, NOW + 0.13)
    outcome = _outcome(transaction)
    assert (outcome.status, outcome.response, outcome.confirmation) == (
        0,
        REMOTE_ANSWER,
        CONFIRMATION,
    )
    transaction = _follow(UNANSWERED)
    transaction.receive(REMOTE_ANSWER, NOW + 0.12, read=1)
    transaction.receive(CONFIRMATION, NOW + 0.12, read=1)
    assert _outcome(transaction).response == REMOTE_ANSWER


# The soonest answer comes 120 ms after the confirmation, 20 ms sooner it is rejected.
@pytest.mark.parametrize(("after", "rejected"), [(0.01, 1), (0.0999, 1), (0.1001, 0), (0.13, 0)])
def test_an_answer_before_any_node_can_answer_is_left_to_a_request_before(
    after: float, rejected: int
) -> None:
    transaction = _follow(UNANSWERED)
    transaction.receive(CONFIRMATION, NOW + 0.025)
    assert transaction.receive(LATE, NOW + 0.025 + after) is not rejected
    assert transaction.rejected == rejected
    if rejected:
        assert transaction.receive(REMOTE_ANSWER, NOW + 0.15)
    assert _outcome(transaction).status == 0


def test_each_unanswered_request_before_is_left_one_answer() -> None:
    transaction = _follow(Former(unanswered=2))
    transaction.receive(CONFIRMATION, NOW + 0.025)
    taken = [transaction.receive(LATE, NOW + 0.03) for _ in range(3)]
    assert taken == [False, False, True]
    assert transaction.outcome is not None  # quicker than the model, but whose should it be?


@pytest.mark.parametrize(
    ("lag_s", "read", "rejected"), [(0.0, None, 1), (0.095, None, 0), (0.0, 7, 0)]
)
def test_nothing_is_rejected_for_a_time_that_is_not_known(
    lag_s: float, read: int | None, rejected: int
) -> None:
    transaction = _follow(UNANSWERED)
    transaction.receive(CONFIRMATION, NOW + 0.1, lag_s=lag_s, read=read)
    transaction.receive(REMOTE_ANSWER, NOW + 0.11, read=read)
    assert transaction.rejected == rejected


def test_an_answer_that_may_come_twice_is_kept_for_a_better_one() -> None:
    transaction = _follow(SETTLED)
    transaction.receive(CONFIRMATION, NOW + 0.025)
    assert transaction.receive(LATE, NOW + 0.035)
    assert transaction.outcome is None
    transaction.receive(REMOTE_ANSWER, NOW + 0.15)
    assert _outcome(transaction).response == REMOTE_ANSWER
    assert transaction.strays == [LATE]


def test_an_answer_that_may_come_twice_is_taken_when_no_other_can_come() -> None:
    transaction = _follow(SETTLED)
    transaction.receive(CONFIRMATION, NOW + 0.025)
    transaction.receive(LATE, NOW + 0.035)
    # 80 ms there, 120 back at most, 40 of reserve, 100 of margin.
    assert _wait_ms(transaction, NOW + 0.025) == 340
    transaction.tick(transaction.deadline)
    outcome = _outcome(transaction)
    assert (outcome.response, outcome.responded_at) == (LATE, NOW + 0.035)
    assert transaction.quick


@pytest.mark.parametrize(("request_", "kept_s"), [(LOCAL, 0.0009), (FRC, 0.099)])
def test_a_doubled_answer_of_the_coordinator_is_told_by_its_time(
    request_: Request, kept_s: float
) -> None:
    transaction = Transaction(request_, TIMING, NOW, former=SETTLED)
    transaction.receive(answer(request_, hwpid=0, pdata=b"again"), NOW + kept_s)
    assert transaction.outcome is None
    mine = answer(request_, hwpid=0, pdata=b"mine")
    transaction.receive(mine, NOW + kept_s + 0.002)
    assert _outcome(transaction).response == mine


@pytest.mark.parametrize("former", [Former(), SETTLED])
def test_an_unknown_node_is_refused_at_once(former: Former) -> None:
    transaction = _follow(former)
    assert transaction.receive(answer(REMOTE, hwpid=0, rcode=8), NOW + 0.02)
    assert _outcome(transaction).status == 8


def test_a_late_error_does_not_take_the_place_of_the_confirmation() -> None:
    transaction = _follow(UNANSWERED)
    assert transaction.receive(answer(REMOTE, hwpid=0, rcode=1), NOW + 0.07)
    transaction.receive(CONFIRMATION, NOW + 0.075)
    transaction.receive(REMOTE_ANSWER, NOW + 0.2)
    assert _outcome(transaction).status == 0


@pytest.mark.parametrize(
    "confirmation",
    [
        Confirmation(1, 6, 1, 0xFFFF, 0, 255, 255, 255),
        Confirmation(1, 6, 1, 0xFFFF, 0, 255, 20, 255),
    ],
)
def test_numbers_from_the_air_are_bounded(confirmation: Confirmation) -> None:
    transaction = _start(REMOTE)
    transaction.receive(confirmation, NOW)
    longest_s = 2 * 240 * 0.2
    assert transaction.air_free_at == pytest.approx(NOW + longest_s)
    assert transaction.deadline == pytest.approx(NOW + longest_s + 0.14)
    everybody = Transaction(BROADCAST, TIMING, NOW)
    everybody.receive(Confirmation(0xFF, 6, 1, 0xFFFF, 0, 255, 255, 0), NOW)
    assert everybody.deadline == pytest.approx(NOW + 240 * 0.2 + 0.04)


FOREIGN: list[Packet] = [
    Response(2, 6, 1, 2),
    Response(1, 7, 1, 2),
    Response(1, 6, 3, 2),
    Response(0x101, 6, 1, 2),
    Response(1, 6, 1, 2, asynchronous=True),
    Response(1, 6, 1, 2, rcode=1, asynchronous=True),
    Confirmation(2, 6, 1, 0xFFFF, 0, 1, 4, 1),
    REMOTE,
    parse(bytes.fromhex("0000ff3f00008000020300fd260000000000000001")),
]


@pytest.mark.parametrize("packet", FOREIGN)
def test_foreign_frames_are_left_to_others(packet: Packet) -> None:
    transaction = _start(REMOTE)
    before = transaction.deadline
    assert not transaction.receive(packet, NOW + 0.1)
    transaction.receive(CONFIRMATION, NOW + 0.1)
    assert not transaction.receive(packet, NOW + 0.1)
    assert transaction.outcome is None
    assert transaction.deadline > before


def test_the_coordinator_confirms_nothing_to_itself_and_nothing_twice() -> None:
    assert not _start(LOCAL).receive(Confirmation(0, 0, 0, 0xFFFF, 0, 1, 4, 1), NOW)
    transaction = _start(REMOTE)
    assert transaction.receive(CONFIRMATION, NOW)
    assert not transaction.receive(CONFIRMATION, NOW + 0.1)


def test_a_response_may_come_from_another_profile_than_the_request_names() -> None:
    transaction = _start(LOCAL)
    assert transaction.receive(answer(LOCAL, hwpid=0x1234, pdata=b"\0\0"), NOW)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (-1, DpaTimeoutError),
        (-3, DpaAbortedError),
        (-4, InterfaceError),
        (-6, BadRequestError),
        (-7, BadResponseError),
        (-8, DpaError),
    ],
)
def test_a_failure_of_the_port_ends_the_transaction(status: int, error: type[DpaError]) -> None:
    transaction = _start(REMOTE)
    transaction.receive(CONFIRMATION, NOW)
    transaction.fail(status, NOW + 0.01)
    outcome = _outcome(transaction)
    assert (outcome.status, outcome.confirmation) == (status, CONFIRMATION)
    with pytest.raises(error) as caught:
        outcome.value(LEDR_ON.call(1))
    assert caught.value.status == status


def test_after_the_outcome_nothing_changes_it() -> None:
    transaction = _start(LOCAL)
    transaction.receive(LOCAL_ANSWER, NOW)
    first = transaction.outcome
    assert not transaction.receive(LOCAL_ANSWER, NOW)
    transaction.fail(-4, NOW)
    transaction.tick(NOW + 3600)
    assert transaction.outcome is first


REQUESTS = st.sampled_from([LOCAL, REMOTE, BROADCAST, FRC, Request(0xFC, 2, 0)])
_NUMBER = st.sampled_from([0x00, 0x01, 0x06, 0x0D, 0xFF])
_SMALL = st.integers(0, 0xFF)
PACKETS = st.one_of(
    st.sampled_from([LOCAL_ANSWER, CONFIRMATION, REMOTE_ANSWER, BROADCAST_CONFIRMATION]),
    st.sampled_from(FOREIGN),
    st.builds(
        Response,
        _NUMBER,
        _NUMBER,
        st.integers(0, 2),
        st.just(0),
        st.integers(0, 3),
        pdata=st.binary(max_size=56),
        asynchronous=st.booleans(),
    ),
    st.builds(
        Confirmation,
        _NUMBER,
        _NUMBER,
        st.integers(0, 2),
        st.just(0),
        _SMALL,
        _SMALL,
        _SMALL,
        _SMALL,
    ),
)
STEPS = st.lists(
    st.tuples(st.floats(0, 5), st.one_of(PACKETS, st.none(), st.sampled_from([-3, -4])))
)
TIMEOUTS = st.none() | st.integers(-1, 10_000)


@given(REQUESTS, TIMEOUTS, st.floats(-5, 5), STEPS)
def test_no_order_of_events_breaks_it(
    request: Request,
    timeout_ms: int | None,
    busy: float,
    steps: list[tuple[float, Packet | int | None]],
) -> None:
    transaction = Transaction(request, TIMING, NOW, timeout_ms, air_free_at=NOW + busy)
    now, moved_at = NOW, NOW
    outcome: Outcome | None = None
    for pause, event in steps:
        now += pause
        deadline = transaction.deadline
        if event is None:
            transaction.tick(now)
        elif isinstance(event, int):
            transaction.fail(event, now)
        else:
            taken = transaction.receive(event, now)
            assert not (taken and outcome)
            assert taken or transaction.deadline == deadline
        if transaction.deadline != deadline:
            moved_at = now
        assert transaction.deadline >= moved_at
        assert outcome is None or transaction.outcome is outcome
        outcome = transaction.outcome
    end = max(now, transaction.deadline)
    transaction.tick(end)
    outcome = _outcome(transaction)
    assert transaction.air_free_at >= NOW
    assert NOW <= (outcome.confirmed_at or NOW) <= end
    assert (outcome.response is None) == (outcome.responded_at is None)
    assert (outcome.confirmation is None) == (outcome.confirmed_at is None)
    if outcome.response is not None:
        assert not outcome.response.asynchronous
        assert outcome.status == outcome.response.rcode
        assert outcome.responded_at is not None
        assert (outcome.confirmed_at or NOW) <= outcome.responded_at <= end
    elif outcome.status == 0:
        assert outcome.request.nadr == 0xFF
        assert outcome.confirmation is not None
