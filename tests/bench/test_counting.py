"""What a request takes of the gateway, in figures that no noise touches."""

import pytest

from bench.counting import Counts, count
from bench.instant import Answers
from bench.overhead import RAW, VERSION
from iqrf_trio.simulator.files.plan import generate
from protocol.dpa import commands
from protocol.dpa.packet import COORDINATOR, Response, parse

RAW_AT_MOST = Counts(steps=12.0, python_calls=1200, c_calls=500)
VERSION_AT_MOST = Counts(steps=7.0, python_calls=520, c_calls=240)


@pytest.mark.slow
def test_a_request_takes_no_more_steps_and_calls_than_it_has_to() -> None:
    for counts, most in zip(count((RAW, VERSION)), (RAW_AT_MOST, VERSION_AT_MOST), strict=True):
        assert counts.steps <= most.steps
        assert counts.python_calls <= most.python_calls
        assert counts.c_calls <= most.c_calls


def test_the_instant_coordinator_says_the_same_each_time() -> None:
    answers = Answers(generate(3))
    frame = commands.os_read(COORDINATOR).request.encode()
    (first,) = answers.to(frame)
    response = parse(first)
    assert isinstance(response, Response)
    assert response.rcode == 0
    assert answers.to(frame) == [first]
