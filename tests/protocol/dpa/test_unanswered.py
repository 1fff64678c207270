"""A late answer is taken for what it is, as far as the protocol can tell."""

import pytest

from protocol.dpa import commands
from protocol.dpa.packet import Request, Response, answer
from protocol.dpa.unanswered import DOUBT_S, REMEMBERED_S, UNSURE, Unanswered

LED_ON, LED_OFF = Request(3, 0x06, 0x01), Request(3, 0x06, 0x00)
READ_LOW, READ_HIGH = (Request(3, 0x05, 0x00, bytes((address, 8))) for address in (0, 8))
LOCAL = commands.addr_info().request


@pytest.fixture
def unanswered() -> Unanswered:
    return Unanswered()


def late_answer(request: Request) -> Response:
    return answer(request, hwpid=2)


def test_a_late_answer_is_recognised_once(unanswered: Unanswered) -> None:
    unanswered.add(LED_ON, 1.0)
    assert unanswered.late(late_answer(LED_OFF)) is None
    assert unanswered.late(late_answer(LED_ON)) == LED_ON
    assert unanswered.late(late_answer(LED_ON)) is None


def test_equal_requests_are_no_rivals(unanswered: Unanswered) -> None:
    unanswered.add(READ_LOW, 1.0)
    assert unanswered.rivals(READ_LOW, 1.1) == 0
    assert unanswered.rivals(READ_HIGH, 1.1) == 1
    assert unanswered.rivals(LED_ON, 1.1) == 0


def test_the_coordinator_answers_in_order(unanswered: Unanswered) -> None:
    unanswered.add(LOCAL, 1.0)
    unanswered.add(READ_LOW, 1.0)
    assert unanswered.doubtful(READ_HIGH, 1.5)
    unanswered.answered(LED_ON, 1.5)
    assert len(unanswered) == 1  # a node may still answer, the coordinator will not
    assert not unanswered.doubtful(READ_HIGH, 1.6)
    assert unanswered.rivals(READ_HIGH, 1.0 + DOUBT_S - 0.1) == 1
    assert unanswered.rivals(READ_HIGH, 1.0 + DOUBT_S) == 0


def test_an_answer_that_may_be_late_itself_proves_nothing(unanswered: Unanswered) -> None:
    unanswered.add(LED_ON, 1.0)
    unanswered.answered(LED_ON, 1.5)
    assert unanswered.doubtful(Request(3, 0x06, 0x01, b"x"), 1.6)


def test_a_node_is_remembered_for_a_while(unanswered: Unanswered) -> None:
    unanswered.add(LED_ON, 1.0)
    unanswered.answered(LOCAL, 1.0 + REMEMBERED_S)
    assert len(unanswered) == 1
    unanswered.answered(LOCAL, 1.1 + REMEMBERED_S)
    assert not unanswered


def test_many_unanswered_requests_raise_doubt(unanswered: Unanswered) -> None:
    for number in range(UNSURE):
        assert not unanswered.doubtful(LED_OFF, 1.0)
        unanswered.add(Request(number + 1, 0x06, 0x01), 1.0)
    assert unanswered.doubtful(LED_OFF, 1.0)
    unanswered.clear()
    assert not unanswered.doubtful(LED_OFF, 1.0)


def test_a_probe_is_something_that_was_not_given_up(unanswered: Unanswered) -> None:
    probes = []
    while (probe := unanswered.probe()) is not None:
        probes.append(probe)
        unanswered.add(probe, 1.0)
    assert len(set(probes)) == 4
    assert {probe.nadr for probe in probes} == {0}
