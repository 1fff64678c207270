"""A transaction comes to one outcome, by whatever frames and in whatever time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa import commands
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
from protocol.dpa.timing import RfMode, Timing
from protocol.dpa.transaction import Outcome, Transaction

TIMING = Timing(RfMode.STD, bonded=5, discovered=5)
NOW = 1000.0

LOCAL = commands.addr_info().request
LOCAL_ANSWER = answer(LOCAL, hwpid=0, pdata=b"\x05\x09")
REMOTE = Request(1, 0x06, 0x01)
CONFIRMATION = Confirmation(1, 0x06, 0x01, 0xFFFF, 0x3B, hops=1, timeslot=4, hops_response=1)
REMOTE_ANSWER = answer(REMOTE, hwpid=2)
BROADCAST = Request(0xFF, 0x06, 0x01)
BROADCAST_CONFIRMATION = Confirmation(0xFF, 0x06, 0x01, 0xFFFF, 0, 3, 8, 0)
FRC = commands.frc_send(0).request


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
    assert outcome.value(commands.addr_info()) == commands.AddrInfo(5, 9)


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
    request = commands.uart_write_read(1, 200).request
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
    outcome.value(commands.LEDR_ON.call(0xFF))
    with pytest.raises(BadResponseError):
        outcome.value(commands.os_read(0xFF))


@pytest.mark.parametrize(
    ("request_", "timeout_ms", "ms"),
    [
        (LOCAL, -1, 500),
        (LOCAL, 0, 500),
        (LOCAL, 100, 500),
        (LOCAL, 3000, 3000),
        (FRC, 0, 2416),
        (FRC, 1000, 1000),
        (FRC, 10**9, 900_000),
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
    transaction = _start(commands.bond_node(1, 0).request, timeout_ms=1000)
    transaction.tick(NOW + 1)
    assert _outcome(transaction).status == -1
    assert transaction.air_free_at == NOW + 11


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


def test_a_late_answer_to_an_equal_request_before_is_told_by_the_confirmation() -> None:
    late = Response(1, 6, 1, 2, dpa_value=0x11)
    transaction = _start(REMOTE)
    transaction.receive(late, NOW + 0.01)
    transaction.receive(CONFIRMATION, NOW + 0.03)
    assert transaction.outcome is None
    transaction.receive(REMOTE_ANSWER, NOW + 0.15)
    assert _outcome(transaction).response == REMOTE_ANSWER


def test_a_late_answer_does_not_stand_in_for_a_node_that_keeps_silent() -> None:
    transaction = _start(REMOTE)
    transaction.receive(REMOTE_ANSWER, NOW + 0.01)
    transaction.receive(CONFIRMATION, NOW + 0.03)
    transaction.tick(transaction.deadline)
    assert _outcome(transaction).status == -1


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
        outcome.value(commands.LEDR_ON.call(1))
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
