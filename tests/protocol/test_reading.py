"""A cycle asks in as few rounds as FRC allows, and loses nothing but what a failed round holds."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError
from protocol.network import Device, Identity, Network, Product, Sensor, Value
from protocol.reading import (
    Cycle,
    FailedRound,
    Kind,
    NodeReading,
    Reading,
    Round,
    SensorReading,
    plan,
    rssi_dbm,
    supply_volts,
    unknown_types,
)

AT = datetime(2026, 4, 28, 10, 0, 5, 480_000, tzinfo=UTC)
PRODUCT = Product(Identity(0x1402, 1, 0x08C8, 0x0417), "4.06D")


def sensors_of(types: tuple[int, ...]) -> tuple[Sensor, ...]:
    seen: Counter[int] = Counter()
    sensors = []
    for index, type_ in enumerate(types):
        sensors.append(Sensor(index, type_, seen[type_], f"S{index}", "s", "u", 0, ()))
        seen[type_] += 1
    return tuple(sensors)


def node(address: int, *types: int, product: Product | None = PRODUCT) -> Device:
    return Device(address, 0x8100_0000 + address, product=product, sensors=sensors_of(types))


def network(*devices: Device) -> Network:
    return Network.of((Device(0, 0x8100_0000, product=PRODUCT), *devices))


def ceil_div(count: int, capacity: int) -> int:
    return -(-count // capacity)


def capacity(type_: int) -> int:
    """How many nodes one FRC reads: 63 one-byte, 31 two-byte, 15 four-byte values."""
    if type_ >= 0xC0:
        return 1
    return 31 if type_ < 0x80 else 63 if type_ < 0xA0 else 15


def minimum(types_by_node: Mapping[int, tuple[int, ...]]) -> int:
    owners = Counter(
        (type_, nth) for types in types_by_node.values() for type_, nth in numbered(types)
    )
    rounds = sum(ceil_div(count, capacity(type_)) for (type_, _), count in owners.items())
    return rounds + 2 * ceil_div(len(types_by_node), 63)


def numbered(types: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(type_, types[:index].count(type_)) for index, type_ in enumerate(types)]


MIXES: dict[str, Callable[[int], tuple[int, ...]]] = {
    "no sensor": lambda _: (),
    "two bytes": lambda _: (1,),
    "one byte": lambda _: (128,),
    "four bytes": lambda _: (160,),
    "two temperatures": lambda _: (1, 1),
    "product types": lambda address: [(1, 2, 128), (1, 1), (), (), (161, 129)][address % 5],
    "with blocks": lambda address: (192, 31) if address % 9 == 0 else (134, 168, 192, 192),
}


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("count", [1, 12, 13, 15, 16, 26, 27, 31, 32, 54, 55, 63, 64, 239])
def test_rounds_are_as_few_as_the_capacity_allows(count: int, mix: str) -> None:
    types = {address: MIXES[mix](address) for address in range(1, count + 1)}
    rounds = plan(network(*(node(address, *kinds) for address, kinds in types.items())))
    assert len(rounds) == minimum(types)
    filled = Counter(pair for asked in rounds for pair in asked.sensors)
    expected = {(address, index) for address, kinds in types.items() for index in range(len(kinds))}
    assert set(filled) == expected
    assert set(filled.values()) <= {1}
    for asked in rounds:
        assert list(asked.nodes) == sorted(set(asked.nodes))
        assert asked.type is None or [address for address, _ in asked.sensors] == list(asked.nodes)


def test_the_frames_of_a_small_network() -> None:
    rounds = plan(network(node(3, 1, 129, 1), node(1, 160, 192), node(2, 1)))
    assert rounds == (
        Round(Kind.RSSI, (1, 2, 3), 0x82, bytes.fromhex("b605020000")),
        Round(Kind.SUPPLY_VOLTAGE, (1, 2, 3), 0x82, bytes.fromhex("a904020000")),
        Round(Kind.SENSOR, (2, 3), 0xE0, bytes.fromhex("5e010000"), 1, ((2, 0), (3, 0))),
        Round(Kind.SENSOR, (3,), 0xE0, bytes.fromhex("5e010100"), 1, ((3, 2),)),
        Round(Kind.SENSOR, (3,), 0x90, bytes.fromhex("5e810000"), 129, ((3, 1),)),
        Round(Kind.SENSOR, (1,), 0xF9, bytes.fromhex("5ea00000"), 160, ((1, 0),)),
        Round(Kind.DATA_BLOCK, (1,), None, b"", 192, ((1, 1),)),
    )


def test_an_empty_network_needs_nothing_and_has_not_failed() -> None:
    for empty in (Network(), network()):
        cycle = Cycle(empty)
        assert cycle.rounds == ()
        assert not cycle.failed
        assert cycle.reading(AT) == Reading(AT, ())


def test_nodes_that_never_answered_are_reported_but_not_asked() -> None:
    cycle = Cycle(network(node(1, 1), node(2, 1, product=None)))
    assert {address for asked in cycle.rounds for address in asked.nodes} == {1}
    silent = cycle.reading(AT).devices[1]
    assert (silent.address, silent.hwpid, silent.mid) == (2, None, 0x8100_0002)
    assert silent.sensors == (SensorReading(0, 1, "S0", "u", None),)


def test_unknown_types_are_named_and_left_out() -> None:
    mesh = network(node(1, 0x50, 1), node(2, 0xD0, 0x50))
    assert unknown_types(mesh) == (0x50, 0xD0)
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
    assert cycle.values() == {(1, 0): 22.5, (1, 1): 50.0, (2, 0): (1, 2)}
    assert not cycle.failed
    assert cycle.reason == ""
    assert cycle.reading(AT) == Reading(
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
    assert not cycle.failed
    assert cycle.reason == "ERROR_TIMEOUT"


def test_a_cycle_has_failed_when_every_round_has() -> None:
    cycle = Cycle(network(node(1, 1)))
    for asked, reason in zip(cycle.rounds, ("down", "busy", "down"), strict=True):
        assert not cycle.failed
        cycle.take(asked, reason)
    assert cycle.failed
    assert cycle.reason == "down; busy"
    assert cycle.values() == {}
    assert len(cycle.reading(AT).devices) == 1
    cycle.take(cycle.rounds[0], {1: 74})
    assert not cycle.failed


def test_a_block_that_is_none_fails_its_round() -> None:
    cycle = Cycle(network(node(1, 192)))
    block = cycle.rounds[-1]
    for answer in ((), ((1, 20.0),), ((192, (1,)), (192, (2,)))):
        cycle.take(block, answer)
        [failed] = cycle.reading(AT).failed_rounds
        assert failed.round == block
        assert "not [192]" in failed.reason
    assert cycle.values() == {}


def test_answers_to_another_round_are_refused() -> None:
    cycle = Cycle(network(node(1, 192)))
    with pytest.raises(LocalProtocolError, match="does not belong"):
        cycle.take(plan(network(node(2)))[0], {})
    with pytest.raises(LocalProtocolError, match="data block"):
        cycle.take(cycle.rounds[-1], {1: 5})
    with pytest.raises(LocalProtocolError, match="does not answer an FRC"):
        cycle.take(cycle.rounds[0], ((192, (1,)),))
    assert not cycle.failed


def test_values_of_nodes_that_were_not_asked_are_ignored() -> None:
    cycle = Cycle(network(node(1, 1), node(2)))
    rssi, _, temperature = cycle.rounds
    cycle.take(temperature, {1: 0x8140, 2: 0x8140, 239: 0x8140})
    cycle.take(rssi, {239: 70})
    assert cycle.values() == {(1, 0): 20.0}
    assert [device.rssi for device in cycle.reading(AT).devices] == [None, None]


@pytest.mark.parametrize(
    ("raw", "dbm"), [(0, None), (1, -129), (74, -56), (130, 0), (131, None), (255, None)]
)
def test_rssi(raw: int, dbm: int | None) -> None:
    assert rssi_dbm(raw) == dbm


@pytest.mark.parametrize(
    ("code", "volts"),
    [
        (0, None),
        (1, 2.07),
        (40, 3.0),
        (83, 5.93),
        (84, None),
        (126, None),
        (127, None),
        (255, None),
    ],
)
def test_supply_voltage(code: int, volts: float | None) -> None:
    assert supply_volts(code) == volts


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
    assert found == cycle.values()
    assert [len(device.sensors) for device in reading.devices] == [
        len(mesh[address]) for address in sorted(mesh)
    ]
