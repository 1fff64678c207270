"""What is known of outputs and lights stays until something else is learnt."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from protocol.readings.states import (
    ALL_LOST,
    LIGHT_LOST,
    OUTPUTS_LOST,
    UNKNOWN,
    Change,
    Light,
    StateBook,
    States,
)

AT = datetime(2026, 11, 29, tzinfo=UTC)
MID = 0x81026ED2


def book(*changes: Change) -> StateBook:
    made = StateBook()
    for change in changes:
        made.take(MID, change, 0.0, AT)
    return made


def test_nothing_is_known_before() -> None:
    assert book().of(MID) == UNKNOWN


def test_what_is_learnt_is_added() -> None:
    known = book(Change({1: True, 0: False}), Change({1: False}), Change(light=Light(True, 40)))
    assert known.of(MID) == States({0: False, 1: False}, Light(True, 40), AT)
    assert list(known.of(MID).outputs) == [0, 1]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (Change({1: None}), States({0: True}, Light(True, 1), AT)),
        (OUTPUTS_LOST, States({}, Light(True, 1), AT)),
        (LIGHT_LOST, States({0: True, 1: True}, None, AT)),
        (ALL_LOST, States({}, None, AT)),
    ],
)
def test_what_is_not_known_any_more(change: Change, left: States) -> None:
    known = book(Change({0: True, 1: True}, light=Light(True, 1)), change)
    assert known.of(MID) == left


def test_only_what_is_other_is_news() -> None:
    known = StateBook()
    assert known.take(MID, Change({0: True}), 0.0, AT)
    assert not known.take(MID, Change({0: True}), 1.0, AT + timedelta(seconds=1))
    assert known.of(MID).at == AT + timedelta(seconds=1)  # it is known to be so still
    assert known.take(MID, Change({0: False}), 2.0, AT)


def test_an_output_is_off_after_its_time() -> None:
    known = book(Change({0: True, 1: True}, {0: 60.0, 1: inf}))
    assert known.next_end == 60.0
    assert known.expire(59.9, AT) == set()
    later = AT + timedelta(minutes=1)
    assert known.expire(60.0, later) == {MID}
    assert known.of(MID) == States({0: False, 1: True}, None, later)
    assert known.next_end == inf


@pytest.mark.parametrize(
    ("change", "end"),
    [
        (Change({0: True}), 60.0),  # it was only read
        (Change({1: False}), 60.0),
        (Change({0: True}, {0: 20.0}), 30.0),
        (Change({0: True}, {0: inf}), inf),
        (Change({0: False}), inf),
        (OUTPUTS_LOST, inf),
    ],
)
def test_what_becomes_of_the_time(change: Change, end: float) -> None:
    known = book(Change({0: True}, {0: 60.0}))
    known.take(MID, change, 10.0, AT)
    assert known.next_end == end


def test_nodes_that_are_gone_are_forgotten() -> None:
    known = book(Change({0: True}, {0: 60.0}))
    known.take(9, Change({0: True}, {0: 70.0}), 0.0, AT)
    known.keep_only({9})
    assert known.of(MID) == UNKNOWN
    assert known.next_end == 70.0
    assert known.of(9).outputs == {0: True}


@pytest.mark.parametrize(
    ("light", "wanted"),
    [
        (Light.of_level(0), Light(False, 0)),
        (Light.of_level(1), Light(True, 1)),
        (Light.of_level(254), Light(True, 100)),
        (Light.of_level(0x80), Light(True, 50)),
        (Light.of_millivolts(0), Light(False, 0)),
        (Light.of_millivolts(4), Light(True, 1)),
        (Light.of_millivolts(4000), Light(True, 40)),
        (Light.of_millivolts(10_000), Light(True, 100)),
        (Light.of_millivolts(32_767), Light(True, 100)),
    ],
)
def test_brightness(light: Light, wanted: Light) -> None:
    assert light == wanted
