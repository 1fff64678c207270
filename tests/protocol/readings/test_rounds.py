"""A cycle asks in as few rounds as FRC allows."""

from collections import Counter
from collections.abc import Callable

import pytest

from protocol.network.network import Network
from protocol.readings.rounds import Kind, Round, plan, unknown_types
from tests.protocol.meshes import minimum, network, node

MIXES: dict[str, Callable[[int], tuple[int, ...]]] = {
    "no sensor": lambda _: (),
    "two bytes": lambda _: (1,),
    "one byte": lambda _: (128,),
    "four bytes": lambda _: (160,),
    "two temperatures": lambda _: (1, 1),
    "RSSI sensors": lambda address: (133,) if address % 2 else (133, 1),
    "a few RSSI sensors": lambda address: (1, 133) if address % 50 == 0 else (1,),
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


def test_an_rssi_sensor_takes_the_place_of_the_memory_read() -> None:
    rounds = plan(network(node(1, 133, 1), node(2, 1)))
    assert rounds == (
        Round(Kind.RSSI, (2,), 0x82, bytes.fromhex("b605020000")),
        Round(Kind.SUPPLY_VOLTAGE, (1, 2), 0x82, bytes.fromhex("a904020000")),
        Round(Kind.SENSOR, (1, 2), 0xE0, bytes.fromhex("5e010000"), 1, ((1, 1), (2, 0))),
        Round(Kind.SENSOR, (1,), 0x90, bytes.fromhex("5e850000"), 133, ((1, 0),)),
    )
    assert [asked.offline for asked in rounds] == [False, False, False, True]


def test_an_empty_network_needs_nothing() -> None:
    assert plan(Network()) == plan(network()) == ()


def test_nodes_that_never_answered_are_not_asked() -> None:
    rounds = plan(network(node(1, 1), node(2, 1, product=None)))
    assert {address for asked in rounds for address in asked.nodes} == {1}


def test_unknown_types_are_named_and_left_out() -> None:
    mesh = network(node(1, 0x50, 1), node(2, 0xD0, 0x50))
    assert unknown_types(mesh) == (0x50, 0xD0)
    assert [asked.type for asked in plan(mesh)] == [None, None, 1]
