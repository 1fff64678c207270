import logging
from datetime import UTC, datetime

import pytest
from attrs import define, field

from iqrf_trio.messaging.measurements import Measurements
from protocol.readings.measured import CycleOver, Measured, Values
from protocol.readings.reading import Reading
from protocol.readings.states import States

AT = datetime(2026, 11, 29, tzinfo=UTC)
VALUES = Values(AT, (Measured(0x81000001, 0, 1, "Temperature", "°C", 21.5),))
STATES = States({0: True})
CYCLE = CycleOver(Reading(AT, ()), 4.0, Values(AT, ()))


@define
class Kept:
    told: list[object] = field(factory=list)

    def values(self, values: Values) -> None:
        self.told.append(values)

    def cycle(self, cycle: CycleOver) -> None:
        self.told.append(cycle)

    def states(self, mid: int, states: States) -> None:
        self.told.append((mid, states))


class Broken:
    def values(self, values: Values) -> None:
        raise RuntimeError("full")

    def cycle(self, cycle: CycleOver) -> None:
        raise RuntimeError("full")

    def states(self, mid: int, states: States) -> None:
        raise RuntimeError("full")


def test_everybody_who_listens_is_told_in_order() -> None:
    measurements, kept, other = Measurements(), Kept(), Kept()
    measurements.listen(kept)
    measurements.values(VALUES)
    measurements.listen(other)
    measurements.cycle(CYCLE)
    measurements.states(0x81000001, STATES)
    assert kept.told == [VALUES, CYCLE, (0x81000001, STATES)]
    assert other.told == [CYCLE, (0x81000001, STATES)]
    assert measurements.latest.nodes[0x81000001].heard_at == AT
    assert measurements.latest.last_cycle is CYCLE


def test_nothing_is_no_news() -> None:
    measurements, kept = Measurements(), Kept()
    measurements.listen(kept)
    measurements.values(Values(AT, ()))
    assert kept.told == []


def test_one_that_fails_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    measurements, kept = Measurements(), Kept()
    measurements.listen(Broken())
    measurements.listen(kept)
    with caplog.at_level(logging.ERROR):
        measurements.values(VALUES)
        measurements.cycle(CYCLE)
        measurements.states(0x81000001, STATES)
    assert kept.told == [VALUES, CYCLE, (0x81000001, STATES)]
    assert [record.message.split()[-1] for record in caplog.records] == ["Broken"] * 3
