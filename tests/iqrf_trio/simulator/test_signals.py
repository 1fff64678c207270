"""What sensors show is a function of time, and fits what their type can say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.simulator.products import SensorModel
from iqrf_trio.simulator.signals import USUAL, Fixed, Growing, Wave, phase_of
from protocol.standard.quantities import QUANTITIES, quantity

TIMES = st.floats(0, 1e8)
PHASES = st.floats(0, 1)


@given(TIMES, PHASES)
def test_a_wave_stays_between_low_and_high(now: float, phase: float) -> None:
    assert -3.0001 <= Wave(-3, 7).at(now, phase) <= 7.0001


def test_a_wave_moves_slowly() -> None:
    wave = Wave(0, 100)
    values = [wave.at(second, 0.3) for second in range(3600)]
    assert max(values) - min(values) > 50
    assert all(abs(after - before) < 0.5 for before, after in pairwise(values))


def test_a_counter_grows() -> None:
    assert Growing(100, 0.5, spread=10).at(60, 0.25) == 100 + 2.5 + 30


def test_fixed_is_fixed() -> None:
    assert Fixed(7).at(1e9, 0.5) == 7


def test_every_type_has_a_usual_signal() -> None:
    assert set(USUAL) == set(QUANTITIES)
    assert SensorModel.usual(99).at(0, 0) is None


@pytest.mark.parametrize("sensor_type", sorted(USUAL))
@given(now=TIMES, phase=PHASES)
def test_usual_signals_can_be_sent(sensor_type: int, now: float, phase: float) -> None:
    value = SensorModel.usual(sensor_type).at(now, phase)
    kind = quantity(sensor_type)
    assert kind.decode(kind.encode(value)) is not None
    if kind.native_frc is not None:
        assert kind.decode_frc(kind.native_frc, kind.encode_frc(kind.native_frc, value)) is not None


def test_phases_spread() -> None:
    phases = {phase_of(0x81001000 + node, index) for node in range(100) for index in range(4)}
    assert len(phases) == 400
    assert min(phases) < 0.05
    assert max(phases) > 0.95
