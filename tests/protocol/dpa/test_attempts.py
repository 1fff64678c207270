"""When a step is tried again: a table of errors and rules."""

import pytest

from protocol.dpa.attempts import Attempts, nobody_can_be_asked
from protocol.dpa.errors import (
    BadRequestError,
    BadResponseError,
    DpaAbortedError,
    DpaError,
    DpaTimeoutError,
    FrcStatusError,
    InterfaceError,
    ResponseCodeError,
)
from protocol.queue.scheduling import LeaseTimeout, RadioReserved

THREE = Attempts(3)
PATIENT = Attempts(3, link_wait_s=5.0)

DISTURBED = [
    DpaTimeoutError(),
    BadResponseError(),
    ResponseCodeError(1),
    ResponseCodeError(8),
    FrcStatusError(0xFD),
]
HOPELESS = [
    DpaAbortedError(),
    BadRequestError(),
    FrcStatusError(0xFF),
    LeaseTimeout(30.0),
    RadioReserved("mode"),
]


@pytest.mark.parametrize("error", DISTURBED, ids=str)
def test_what_was_disturbed_is_tried_as_often_as_allowed(error: DpaError) -> None:
    assert [THREE.again(made, error) for made in (1, 2, 3, 4)] == [True, True, False, False]
    assert not nobody_can_be_asked(error)


@pytest.mark.parametrize("error", HOPELESS, ids=str)
def test_what_ends_the_same_is_not_tried_again(error: DpaError) -> None:
    assert not THREE.again(1, error)
    assert not PATIENT.again(1, error)


def test_a_link_that_is_down_is_waited_for_only_where_the_rule_says_so() -> None:
    assert not THREE.again(1, InterfaceError())
    assert PATIENT.again(2, InterfaceError())
    assert not PATIENT.again(3, InterfaceError())


def test_errors_about_the_way_to_the_coordinator_concern_all_devices() -> None:
    on_the_way = [InterfaceError(), DpaAbortedError(), LeaseTimeout(1.0), RadioReserved("mode")]
    assert all(map(nobody_can_be_asked, on_the_way))
