"""What rounds bring makes a reading; nothing is lost but what a failed round holds."""

from datetime import UTC, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError
from protocol.network.network import Device, Network, Sensor
from protocol.readings.reading import Cycle, FailedRound, NodeReading, Reading, SensorReading
from protocol.readings.rounds import plan
from protocol.standard.quantities import Value
from tests.protocol.meshes import PRODUCT, minimum, network, node

AT = datetime(2026, 4, 28, 10, 0, 5, 480_000, tzinfo=UTC)


def test_an_empty_network_has_not_failed() -> None:
    for empty in (Network(), network()):
        assert Cycle(empty).reading(AT) == Reading(AT, ())


def test_nodes_that_never_answered_are_reported_but_not_asked() -> None:
    cycle = Cycle(network(node(1, 1), node(2, 1, product=None)))
    assert {address for asked in cycle.rounds for address in asked.nodes} == {1}
    silent = cycle.reading(AT).devices[1]
    assert (silent.address, silent.hwpid, silent.mid) == (2, None, 0x8100_0002)
    assert silent.sensors == (SensorReading(0, 1, "S0", "u", None),)


def test_unknown_types_are_named_and_left_out() -> None:
    mesh = network(node(1, 0x50, 1), node(2, 0xD0, 0x50))
    cycle = Cycle(mesh)
    assert [asked.type for asked in cycle.rounds] == [None, None, 1]
    for asked in cycle.rounds:
        cycle.take(asked, {1: 0x8140, 2: 0x8140})
    reading = cycle.reading(AT)
    assert reading.unknown_types == (0x50, 0xD0)
    assert [sensor.value for sensor in reading.devices[0].sensors] == [None, 20.0]


def test_a_whole_cycle() -> None:
    cycle = Cycle(network(node(1, 1, 128), node(2, 192, 1)))
    rssi, volts, temperature, humidity, block = cycle.rounds
    cycle.take(temperature, {1: 0x8168, 2: 2})
    cycle.take(block, ((192, (1, 2)),))
    cycle.take(rssi, {1: 74, 2: 0})
    cycle.take(volts, {1: 40, 2: 0})
    cycle.take(humidity, {1: 104})
    reading = cycle.reading(AT)
    assert reading.values_for(cycle.network) == {(1, 0): 22.5, (1, 1): 50.0, (2, 0): (1, 2)}
    assert reading == Reading(
        AT,
        (
            NodeReading(
                1,
                0x1402,
                0x8100_0001,
                -56,
                3.0,
                (SensorReading(0, 1, "S0", "u", 22.5), SensorReading(1, 128, "S1", "u", 50.0)),
            ),
            NodeReading(
                2,
                0x1402,
                0x8100_0002,
                None,
                None,
                (SensorReading(0, 192, "S0", "u", (1, 2)), SensorReading(1, 1, "S1", "u", None)),
            ),
        ),
    )


def test_a_failed_round_costs_its_own_values_only() -> None:
    cycle = Cycle(network(*(node(address, 1) for address in range(1, 33))))
    *_, first, second = cycle.rounds
    cycle.take(first, "ERROR_TIMEOUT")
    cycle.take(second, {32: 0x8140})
    reading = cycle.reading(AT)
    values = [device.sensors[0].value for device in reading.devices]
    assert values == [None] * 31 + [20.0]
    assert reading.failed_rounds == (FailedRound(first, "ERROR_TIMEOUT"),)
    # RSSI and supply voltage were not even asked for.
    assert reading.shortfall == "3 of 4 rounds brought nothing: ERROR_TIMEOUT"
    assert reading.failure == ""


def test_a_cycle_has_failed_when_every_round_has() -> None:
    cycle = Cycle(network(node(1, 1)))
    for asked, reason in zip(cycle.rounds, ("down", "busy", "down"), strict=True):
        cycle.take(asked, reason)
    reading = cycle.reading(AT)
    assert (reading.failure, reading.shortfall) == ("down; busy", "")
    assert reading.values_for(cycle.network) == {}
    assert len(reading.devices) == 1
    cycle.take(cycle.rounds[0], {1: 74})
    reading = cycle.reading(AT)
    assert reading.failure == ""
    assert reading.shortfall == "2 of 3 rounds brought nothing: busy; down"


def test_a_cycle_that_was_cut_short_says_so() -> None:
    cycle = Cycle(network(node(1, 1)))
    assert cycle.reading(AT, cut_short="stopped").failure == "stopped"
    cycle.take(cycle.rounds[0], "down")
    assert cycle.reading(AT, cut_short="stopped").failure == "down; stopped"
    cycle.take(cycle.rounds[0], {1: 74})
    reading = cycle.reading(AT, cut_short="stopped")
    assert (reading.failure, reading.shortfall) == (
        "",
        "2 of 3 rounds brought nothing: stopped",
    )
    for asked in cycle.rounds[1:]:
        cycle.take(asked, {})
    complete = cycle.reading(AT, cut_short="stopped")
    assert (complete.failure, complete.shortfall) == ("", "")


def test_values_belong_to_the_sensor_that_was_read() -> None:
    before = network(node(1, 1), node(2, 1), node(3, 1), node(4, 1))
    cycle = Cycle(before)
    cycle.take(cycle.rounds[-1], dict.fromkeys((1, 2, 3, 4), 0x8140))
    reading = cycle.reading(AT)
    after = network(node(1, 1), evolve(node(2, 1), mid=7), node(3, 2))
    assert reading.values_for(after) == {(1, 0): 20.0}


def test_values_are_what_the_sensor_means_by_them() -> None:
    device = node(1, 1)
    (sensor,) = device.sensors
    cycle = Cycle(network(evolve(device, sensors=(evolve(sensor, scale=0.1, decimals=2),))))
    cycle.take(cycle.rounds[-1], {1: 0x8168})
    assert cycle.reading(AT).devices[0].sensors[0].value == 2.25


def test_an_rssi_sensor_tells_the_rssi_of_its_node() -> None:
    cycle = Cycle(network(node(1, 133), node(2, 133), node(3)))
    rssi, _, sensors = cycle.rounds
    cycle.take(rssi, {3: 74})
    cycle.take(sensors, {1: 119, 2: 0})
    first, second, third = cycle.reading(AT).devices
    assert (first.rssi, first.sensors[0].value) == (-70, -69.5)
    assert (second.rssi, second.sensors[0].value) == (None, None)
    assert third.rssi == -56


def test_a_block_that_is_none_fails_its_round() -> None:
    cycle = Cycle(network(node(1, 192)))
    block = cycle.rounds[-1]
    for answer in ((), ((1, 20.0),), ((192, (1,)), (192, (2,)))):
        cycle.take(block, answer)
        [failed] = cycle.reading(AT).failed_rounds
        assert failed.round == block
        assert "not [192]" in failed.reason
    assert cycle.reading(AT).values_for(cycle.network) == {}


def test_answers_to_another_round_are_refused() -> None:
    cycle = Cycle(network(node(1, 192)))
    with pytest.raises(LocalProtocolError, match="does not belong"):
        cycle.take(plan(network(node(2)))[0], {})
    with pytest.raises(LocalProtocolError, match="data block"):
        cycle.take(cycle.rounds[-1], {1: 5})
    with pytest.raises(LocalProtocolError, match="does not answer an FRC"):
        cycle.take(cycle.rounds[0], ((192, (1,)),))


def test_values_of_nodes_that_were_not_asked_are_ignored() -> None:
    cycle = Cycle(network(node(1, 1), node(2)))
    rssi, _, temperature = cycle.rounds
    cycle.take(temperature, {1: 0x8140, 2: 0x8140, 239: 0x8140})
    cycle.take(rssi, {239: 70})
    assert cycle.reading(AT).values_for(cycle.network) == {(1, 0): 20.0}
    assert [device.rssi for device in cycle.reading(AT).devices] == [None, None]


def test_mid_and_unit_that_nobody_knows() -> None:
    unnamed = Device(5, 0, product=PRODUCT, sensors=(Sensor(0, 29, 0, "NOX", "NOX", None, 0, ()),))
    [device] = Cycle(network(unnamed)).reading(AT).devices
    assert device.mid is None
    assert device.sensors[0].unit is None


MESHES = st.dictionaries(
    st.integers(1, 239),
    st.lists(st.sampled_from((1, 2, 31, 128, 129, 160, 164, 192)), max_size=6).map(tuple),
    max_size=40,
)


@given(MESHES, st.data())
def test_any_answers_in_any_order_make_a_reading(
    mesh: dict[int, tuple[int, ...]], data: st.DataObject
) -> None:
    cycle = Cycle(network(*(node(address, *types) for address, types in mesh.items())))
    assert len(cycle.rounds) == minimum(mesh) if mesh else cycle.rounds == ()
    taken = data.draw(st.permutations(cycle.rounds)) if cycle.rounds else []
    for asked in taken:
        if asked.command is None:
            cycle.take(asked, ((192, (1, 2, 3)),))
        else:
            cycle.take(asked, dict.fromkeys(asked.nodes, data.draw(st.integers(0, 255))))
    reading = cycle.reading(AT)
    assert [device.address for device in reading.devices] == sorted(mesh)
    found: dict[tuple[int, int], Value] = {
        (device.address, sensor.index): sensor.value
        for device in reading.devices
        for sensor in device.sensors
        if sensor.value is not None
    }
    assert found == reading.values_for(cycle.network)
    assert [len(device.sensors) for device in reading.devices] == [
        len(mesh[address]) for address in sorted(mesh)
    ]
