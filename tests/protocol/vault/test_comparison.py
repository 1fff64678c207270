"""What a restore would change, in words, and what speaks against it."""

from attrs import evolve

from protocol.network.network import Device, Network
from protocol.vault import comparison
from protocol.vault.snapshot import Module

KEPT = Module(0x81112233, 0x24, 0x46, 0x08D8, 0x0417, (1, 2, 3, 7))


def test_the_same_coordinator_fits() -> None:
    assert not list(comparison.unfit(KEPT, evolve(KEPT, bonded=(), mid=5, os_build=9)))


def test_another_type_or_version_does_not_fit() -> None:
    here = evolve(KEPT, mcu_type=0x25, os_version=0x45, dpa=0x0416)
    assert list(comparison.unfit(KEPT, here)) == [
        "the coordinator has another type of microcontroller",
        "the snapshot is of OS 4.06D, the coordinator has OS 4.05G",
        "the snapshot is of DPA 4.17, the coordinator has DPA 4.16",
    ]


def test_a_blank_coordinator_and_the_old_one_are_not_foreign() -> None:
    assert not list(comparison.foreign(KEPT, evolve(KEPT, mid=5, bonded=())))
    assert not list(comparison.foreign(KEPT, evolve(KEPT, bonded=(1,))))


def test_a_coordinator_with_nodes_of_its_own_is_foreign() -> None:
    assert list(comparison.foreign(KEPT, evolve(KEPT, mid=5, bonded=(1,)))) == [
        "the coordinator 00000005 has 1 nodes of its own; the snapshot is of 81112233"
    ]
    assert list(comparison.foreign(evolve(KEPT, bonded=()), KEPT)) == [
        "the snapshot has no nodes, the coordinator has 4"
    ]


def test_a_database_of_another_coordinator_is_foreign() -> None:
    mine, other = Network.of([Device(0, KEPT.mid)]), Network.of([Device(0, 5)])
    assert not list(comparison.foreign_database(KEPT, mine))
    assert not list(comparison.foreign_database(KEPT, Network()))
    assert not list(comparison.foreign_database(None, other))
    assert list(comparison.foreign_database(KEPT, other)) == [
        "the database is of the coordinator 00000005, the snapshot of 81112233"
    ]


def test_bonds_that_would_change_are_listed() -> None:
    assert list(comparison.bond_changes(KEPT, evolve(KEPT, bonded=(3, 9)))) == [
        "nodes: 2 now, 4 then",
        "forgotten: 9",
        "known again: 1-2, 7",
    ]
    assert list(comparison.bond_changes(KEPT, KEPT)) == ["nodes: 4 now, 4 then"]


def test_devices_that_would_change_are_listed() -> None:
    here = Network.of([Device(0, 1), Device(1, 2), Device(2, 3), Device(9, 4)])
    kept = Network.of([Device(0, 1), Device(1, 5), Device(2, 3, metadata={"a": 1}), Device(7, 4)])
    assert list(comparison.device_changes(kept, here)) == [
        "devices: 4 now, 4 then",
        "forgotten: 9",
        "known again: 7",
        "another module: 1",
        "other metadata: 2",
    ]


def test_neighbours_are_joined() -> None:
    assert comparison.listed([5, 1, 2, 3, 9, 10]) == "1-3, 5, 9-10"
    assert not comparison.listed([])
