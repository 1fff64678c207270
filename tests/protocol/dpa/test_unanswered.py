"""A late answer is taken for what it is, as far as the protocol can tell."""

import heapq
from collections.abc import Iterator

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.packet import BROADCAST, Confirmation, Request, Response, answer
from protocol.dpa.peripherals.coordinator import addr_info, bonded_devices
from protocol.dpa.peripherals.frc import frc_send
from protocol.dpa.timing import RfMode, Timing, air_ms, estimate_ms, is_remote, soonest_ms
from protocol.dpa.transaction import EARLY_S, Former, Outcome, Transaction
from protocol.dpa.unanswered import DOUBLED_S, PACE_CHANGED, REMEMBERED_S, UNSURE, Unanswered

TIMING = Timing(RfMode.STD, 5, 5)
LED_ON, LED_OFF = Request(3, 0x06, 0x01), Request(3, 0x06, 0x00)
READ_LOW, READ_HIGH = (Request(3, 0x05, 0x00, bytes((address, 8))) for address in (0, 8))
LOCAL = addr_info().request
OTHER_LOCAL = bonded_devices().request
BROADCAST_LED = Request(BROADCAST, 0x06, 0x01)


@pytest.fixture
def unanswered() -> Unanswered:
    return Unanswered()


def confirmation_of(request: Request, hops: int = 1) -> Confirmation:
    return Confirmation(request.nadr, request.pnum, request.pcmd, 0xFFFF, 0, hops, 4, hops)


def response_to(request: Request) -> Response:
    """The answer repeats what was asked for, so that it can be told whose it is."""
    return answer(request, hwpid=2, pdata=request.pdata)


def give_up(unanswered: Unanswered, request: Request, at: float, *, confirmed: bool = True) -> None:
    """Let `request` be given up at the time `at`."""
    transaction = Transaction(request, TIMING, at - 1, former=unanswered.former(request, at - 1))
    if confirmed and is_remote(request):
        transaction.receive(confirmation_of(request), at - 0.9)
    transaction.fail(-1, at)
    unanswered.finished(transaction, at)


def be_answered(unanswered: Unanswered, request: Request, at: float) -> None:
    transaction = Transaction(request, TIMING, at - 1, former=unanswered.former(request, at - 1))
    if is_remote(request):
        transaction.receive(confirmation_of(request), at - 0.9)
    transaction.receive(response_to(request), at)
    unanswered.finished(transaction, at)


def test_a_late_answer_is_recognised_once(unanswered: Unanswered) -> None:
    give_up(unanswered, LED_ON, 1.0)
    assert unanswered.late(response_to(LED_OFF)) is None
    assert unanswered.late(response_to(LED_ON)) == LED_ON
    assert unanswered.late(response_to(LED_ON)) is None


def test_equal_requests_are_told_apart_as_well(unanswered: Unanswered) -> None:
    give_up(unanswered, READ_LOW, 1.0)
    for request in (READ_LOW, READ_HIGH):
        assert unanswered.former(request, 1.1) == Former(unanswered=1)
    assert unanswered.former(LED_ON, 1.1) == Former()


def test_the_coordinator_answers_in_order(unanswered: Unanswered) -> None:
    give_up(unanswered, LOCAL, 1.0)
    give_up(unanswered, READ_LOW, 1.0, confirmed=False)
    assert unanswered.doubtful(READ_HIGH)
    be_answered(unanswered, LED_ON, 1.5)
    assert len(unanswered) == 1  # a node may still answer, the coordinator will not
    assert not unanswered.doubtful(READ_HIGH)
    assert unanswered.former(READ_HIGH, 1.0 + REMEMBERED_S - 0.1).unanswered == 1
    assert unanswered.former(READ_HIGH, 1.0 + REMEMBERED_S).unanswered == 0


def test_who_was_confirmed_needs_no_other_proof(unanswered: Unanswered) -> None:
    give_up(unanswered, READ_LOW, 1.0)
    assert not unanswered.doubtful(READ_HIGH)


@pytest.mark.parametrize("request_", [LOCAL, frc_send(0).request])
def test_the_coordinator_itself_is_asked_something_else_first(
    unanswered: Unanswered, request_: Request
) -> None:
    give_up(unanswered, request_, 1.0)
    assert unanswered.doubtful(request_)
    be_answered(unanswered, OTHER_LOCAL, 1.5)
    assert not unanswered.doubtful(request_)


def test_an_answer_that_may_be_late_itself_proves_nothing(unanswered: Unanswered) -> None:
    give_up(unanswered, LOCAL, 1.0)
    be_answered(unanswered, LOCAL, 1.5)
    assert unanswered.doubtful(LOCAL)


def test_a_broadcast_is_answered_by_nobody(unanswered: Unanswered) -> None:
    give_up(unanswered, BROADCAST_LED, 1.0)
    assert not unanswered
    give_up(unanswered, BROADCAST_LED, 2.0, confirmed=False)
    assert unanswered.doubtful(BROADCAST_LED)
    be_answered(unanswered, LOCAL, 2.5)
    assert not unanswered


def test_a_node_is_remembered_for_a_while(unanswered: Unanswered) -> None:
    give_up(unanswered, LED_ON, 1.0)
    be_answered(unanswered, LOCAL, 0.9 + REMEMBERED_S)
    assert len(unanswered) == 1
    be_answered(unanswered, LOCAL, 1.1 + REMEMBERED_S)
    assert not unanswered


def test_an_answer_may_come_twice_for_a_while(unanswered: Unanswered) -> None:
    be_answered(unanswered, LED_ON, 1.0)
    assert unanswered.former(LED_ON, 1.1) == Former(settled=True)
    assert unanswered.former(LED_ON, 1.0 + DOUBLED_S) == Former()


def test_a_request_of_which_an_answer_was_rejected_is_no_rival(unanswered: Unanswered) -> None:
    give_up(unanswered, READ_LOW, 1.0)
    transaction = Transaction(READ_HIGH, TIMING, 2.0, former=unanswered.former(READ_HIGH, 2.0))
    transaction.receive(confirmation_of(READ_HIGH), 2.03)
    rejected = response_to(READ_LOW)
    assert not transaction.receive(rejected, 2.04)
    assert unanswered.late(rejected) == READ_LOW
    transaction.tick(transaction.deadline)
    unanswered.finished(transaction, 3.0)
    assert unanswered.former(READ_HIGH, 3.0).unanswered == 0
    assert unanswered.late(response_to(READ_HIGH)) == READ_HIGH


def test_suspicion_of_an_answer_is_news_once(unanswered: Unanswered) -> None:
    assert unanswered.suspect(READ_HIGH) is None
    give_up(unanswered, READ_LOW, 1.0)
    assert unanswered.suspect(READ_HIGH) == (1.0, True)
    assert unanswered.suspect(READ_HIGH) == (1.0, False)


def test_on_a_new_link_only_nodes_answer_late(unanswered: Unanswered) -> None:
    give_up(unanswered, LOCAL, 1.0)
    give_up(unanswered, LED_ON, 1.0, confirmed=False)
    unanswered.relinked()
    assert not unanswered.doubtful(LED_ON)
    assert unanswered.former(LED_ON, 2.0).unanswered == 1
    assert len(unanswered) == 1


def test_what_was_not_sent_is_not_waited_for(unanswered: Unanswered) -> None:
    transaction = Transaction(LED_ON, TIMING, 1.0)
    transaction.fail(-4, 1.0, sent=False)
    unanswered.finished(transaction, 1.0)
    assert not unanswered


def test_many_unanswered_requests_raise_doubt(unanswered: Unanswered) -> None:
    for number in range(UNSURE):
        assert not unanswered.doubtful(LED_OFF)
        give_up(unanswered, Request(number + 1, 0x06, 0x01), 1.0, confirmed=False)
    assert unanswered.doubtful(LED_OFF)
    unanswered.relinked()
    assert not unanswered.doubtful(LED_OFF)


def test_a_probe_is_something_that_was_not_given_up(unanswered: Unanswered) -> None:
    probes = []
    while (probe := unanswered.probe()) is not None:
        probes.append(probe)
        give_up(unanswered, probe, 1.0)
    assert len(set(probes)) == 4
    assert {probe.nadr for probe in probes} == {0}


def test_a_link_whose_answers_are_quicker_than_the_model_is_believed(
    unanswered: Unanswered,
) -> None:
    """A simulator may run faster than the real time: then nothing is rejected for its time."""
    transaction = Transaction(READ_LOW, TIMING, 1.0)
    transaction.receive(confirmation_of(READ_LOW), 1.01)
    transaction.receive(response_to(READ_LOW), 1.02)
    unanswered.finished(transaction, 1.02)
    give_up(unanswered, READ_LOW, 3.0)
    assert unanswered.former(READ_HIGH, 3.0) == Former(1, settled=True, quick=True)
    be_answered(unanswered, READ_HIGH, 4.0)
    assert not unanswered.former(READ_HIGH, 5.0).quick
    assert Unanswered(real_time=False).former(READ_HIGH, 5.0).quick


def test_one_answer_that_was_read_late_does_not_make_an_instant_coordinator_slow(
    unanswered: Unanswered,
) -> None:
    """Held back until nothing else can come, each later answer would take half a second."""
    request, now = addr_info().request, 1.0
    for took_s in (0.0003, 0.004, 0.0003, 0.004):
        transaction = Transaction(request, TIMING, now, former=unanswered.former(request, now))
        transaction.receive(response_to(request), now + took_s)
        assert transaction.outcome is not None
        unanswered.finished(transaction, now + took_s)
        now += 0.01


def test_a_coordinator_that_takes_its_time_again_is_believed_after_a_while(
    unanswered: Unanswered,
) -> None:
    request, now = addr_info().request, 1.0
    for took_s in (0.0003, *PACE_CHANGED[False] * (0.004,)):
        transaction = Transaction(request, TIMING, now, former=unanswered.former(request, now))
        transaction.receive(response_to(request), now + took_s)
        unanswered.finished(transaction, now + took_s)
        now += 0.01
    assert not unanswered.former(request, now).quick


# --- many requests to one node, some of which are not answered as they should -----------------


@define
class Fate:
    """What becomes of the frames of one request.

    `unconfirmed`: the confirmation is lost on its way to the gateway; the node is asked all the
    same. The rest is about the answer.
    `slot`: between the soonest moment (0) and the end of the routing (1). `late_s`: after the
    request was given up; `again_s`: it comes once more so much later. `pause_s`: until the next.
    """

    slot: float = 0.0
    lost: bool = False
    late_s: float | None = None
    again_s: float | None = None
    hops: int = 1
    pause_s: float = 0.0
    lag_s: float = 0.0
    unconfirmed: bool = False


FATES = st.builds(
    Fate,
    slot=st.floats(0, 1),
    lost=st.booleans(),
    late_s=st.none() | st.floats(0.01, 3),
    again_s=st.none() | st.floats(0.001, 1),
    hops=st.integers(0, 4),
    pause_s=st.sampled_from([0.0, 0.05, 0.5]),
    lag_s=st.sampled_from([0.0, 0.0, 0.02, 0.09]),
)


@define
class Air:
    """A coordinator with one node, and the gateway's side as the transceiver drives it."""

    unanswered: Unanswered = field(factory=Unanswered)
    now: float = 100.0
    air_free_at: float = 0.0
    believed_free_at: float = 0.0
    """What the gateway knows of `air_free_at`, as each transaction leaves it to the next."""
    late: int = 0
    disputed: int = 0
    _due: list[tuple[float, int, Confirmation | Response]] = field(factory=list)
    _serial: Iterator[int] = field(factory=lambda: iter(range(10**6)))

    def ask(self, number: int, fate: Fate) -> Outcome:
        request = Request(3, 0x05, 0x00, bytes((number, 1)))
        if self.unanswered.doubtful(request):
            self._probe()
        assert not self.unanswered.doubtful(request)
        self._deliver(self.now)
        former = self.unanswered.former(request, self.now)
        transaction = Transaction(
            request, TIMING, self.now, air_free_at=self.believed_free_at, former=former
        )
        confirmation = confirmation_of(request, fate.hops)
        confirmed_at = max(self.now + 0.025, self.air_free_at)
        self.air_free_at = confirmed_at + air_ms(confirmation) / 1000
        if not fate.unconfirmed:
            self._put(confirmed_at, confirmation)
        self._answer(request, confirmation, confirmed_at, fate)
        while transaction.outcome is None:
            read_at = self._due[0][0] + fate.lag_s if self._due else transaction.deadline
            if read_at >= transaction.deadline:
                self.now = max(self.now, transaction.deadline)
                transaction.tick(self.now)
            else:
                self._read(transaction, max(self.now, read_at), fate)
        if transaction.outcome.response is not None:
            self.disputed += self.unanswered.suspect(request) is not None
        self.unanswered.finished(transaction, self.now)
        self.believed_free_at = transaction.air_free_at
        self.now += fate.pause_s
        return transaction.outcome

    def _probe(self) -> None:
        """The coordinator, which answers in order, is asked something else first."""
        probe = self.unanswered.probe()
        assert probe is not None
        be_answered(self.unanswered, probe, self.now + 1.0)
        self.now += 1.0

    def _answer(
        self, request: Request, confirmation: Confirmation, confirmed_at: float, fate: Fate
    ) -> None:
        if fate.lost:
            return
        soonest, air = soonest_ms(confirmation) / 1000, air_ms(confirmation) / 1000
        at = confirmed_at + soonest + fate.slot * (air - soonest)
        if fate.late_s is not None:
            at = confirmed_at + max(0.5, estimate_ms(confirmation) / 1000 + 0.1) + fate.late_s
        self._put(at, response_to(request))
        if fate.again_s is not None:
            self._put(at + fate.again_s, response_to(request))

    def _put(self, at: float, packet: Confirmation | Response) -> None:
        heapq.heappush(self._due, (at, next(self._serial), packet))

    def _read(self, transaction: Transaction, at: float, fate: Fate) -> None:
        """The loop reads, late as it is, all that has come until then, in one go."""
        self.now = at
        while self._due and self._due[0][0] <= at:
            packet = heapq.heappop(self._due)[2]
            if not transaction.receive(packet, at, lag_s=fate.lag_s, read=int(at * 1e6)):
                self._stray(packet)
            while transaction.strays:
                self._stray(transaction.strays.pop())

    def _deliver(self, now: float) -> None:
        """What comes while nothing is asked."""
        while self._due and self._due[0][0] <= now:
            self._stray(heapq.heappop(self._due)[2])

    def _stray(self, packet: Confirmation | Response) -> None:
        self.late += self.unanswered.late(packet) is not None


def is_right(outcome: Outcome) -> bool:
    return outcome.response is not None and outcome.response.pdata == outcome.request.pdata


@given(st.lists(FATES, max_size=40))
def test_lost_answers_fail_no_more_requests_than_they_are(fates: list[Fate]) -> None:
    """Whatever comes late or twice besides: only who was not answered in time may fail."""
    air = Air()
    for number, fate in enumerate(fates):
        outcome = air.ask(number, fate)
        in_time = not fate.lost and fate.late_s is None
        assert outcome.status == 0 or not in_time
        if outcome.status == 0 and not is_right(outcome):
            assert outcome.responded_at is not None
            assert outcome.confirmed_at is not None
            assert outcome.confirmation is not None
            # Nothing in the answer tells, nor does its time: it is later than the soonest moment.
            soonest_at = outcome.confirmed_at - fate.lag_s + soonest_ms(outcome.confirmation) / 1000
            doubled = any(each.again_s is not None for each in fates[:number])
            one_read = outcome.responded_at == outcome.confirmed_at
            assert outcome.responded_at > soonest_at - EARLY_S or doubled or one_read


@given(st.lists(st.booleans(), max_size=60), st.floats(0, 1), st.sampled_from([0, 1, 5]))
def test_each_lost_answer_fails_one_request(losses: list[bool], slot: float, hops: int) -> None:
    air = Air()
    for number, lost in enumerate(losses):
        outcome = air.ask(number, Fate(slot=slot, lost=lost, hops=hops))
        assert is_right(outcome) is not lost
    assert air.late == 0


@given(st.lists(st.none() | st.floats(0.001, 5), max_size=40), st.integers(0, 3))
def test_a_late_answer_is_given_to_another_request_once_at_most(
    lates: list[float | None], hops: int
) -> None:
    air = Air()
    wrong = []
    for number, late_s in enumerate(lates):
        outcome = air.ask(number, Fate(late_s=late_s, hops=hops))
        assert outcome.status == 0 or late_s is not None
        if outcome.status == 0 and not is_right(outcome):
            assert outcome.response is not None
            wrong.append(outcome.response.pdata)
    assert len(wrong) == len(set(wrong)) <= sum(late_s is not None for late_s in lates)
    assert air.disputed >= len(wrong)


@given(st.lists(st.tuples(st.floats(0.001, 0.06), st.floats(0, 1)), max_size=40))
def test_a_doubled_answer_is_not_that_to_the_next_request(
    doubles: list[tuple[float, float]],
) -> None:
    air = Air()
    for number, (again_s, slot) in enumerate(doubles):
        outcome = air.ask(number, Fate(slot=slot, again_s=again_s))
        # What is read together with the confirmation has no time of its own to be judged by.
        assert is_right(outcome) or outcome.responded_at == outcome.confirmed_at


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40),
    st.floats(0, 1),
    st.integers(0, 4),
)
def test_a_lost_confirmation_fails_its_own_request_at_most(
    losses: list[tuple[bool, bool]], slot: float, hops: int
) -> None:
    """Unconfirmed, the answer over many hops comes later than the coordinator is waited for."""
    air = Air()
    for number, (unconfirmed, lost) in enumerate(losses):
        fate = Fate(slot=slot, lost=lost, unconfirmed=unconfirmed, hops=hops)
        outcome = air.ask(number, fate)
        assert is_right(outcome) or lost or (unconfirmed and hops > 1)
        assert is_right(outcome) or outcome.status != 0
