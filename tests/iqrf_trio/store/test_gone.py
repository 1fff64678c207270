"""Metadata follows the physical module: it goes with it and comes back with it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.store import archive, devices, gone
from iqrf_trio.store.sqlite import Connection, connect, in_memory, migrate, migrations, transact
from protocol.network.network import Device, Network
from protocol.strict.json import JsonObject

COORDINATOR = Device(0, 0x8101_0203)
FIRST = Device(1, 0x8100_0001)
SECOND = Device(2, 0x8100_0002)
NETWORK = Network.of([COORDINATOR, FIRST, SECOND])
NAMES = {0: {"name": "roof"}, 1: {"name": "attic"}, 2: {"name": "cellar"}}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        save(connection, NETWORK)
        devices.set_metadata(connection, NAMES)
        yield connection


def save(connection: Connection, network: Network) -> Network:
    transact(connection, lambda inside: devices.save(inside, network), durable=False)
    return devices.load(connection)


def noted(network: Network) -> dict[int, JsonObject | None]:
    return {device.address: device.metadata for device in network}


def kept(connection: Connection) -> int:
    (rows,) = connection.execute("SELECT count(*) FROM gone_metadata").fetchone()
    return int(rows)


@pytest.mark.parametrize(
    "meanwhile",
    [
        Network(),
        Network.of([COORDINATOR]),
        Network.of([Device(0, 0x8101_9999)]),
        Network.of([Device(0, 0x8101_9999), Device(1, 0x8100_1111), Device(2, 0x8100_2222)]),
    ],
    ids=["nothing", "no nodes", "another coordinator", "another network"],
)
def test_metadata_comes_back_with_the_devices(connection: Connection, meanwhile: Network) -> None:
    strangers = save(connection, meanwhile)
    known = {COORDINATOR.mid: NAMES[0]}
    assert all(device.metadata == known.get(device.mid) for device in strangers)
    assert noted(save(connection, NETWORK)) == NAMES
    assert kept(connection) == 0


def test_it_comes_back_at_another_address(connection: Connection) -> None:
    save(connection, Network.of([COORDINATOR]))
    moved = Network.of([COORDINATOR, Device(7, FIRST.mid), Device(1, SECOND.mid)])
    assert noted(save(connection, moved)) == {0: NAMES[0], 1: NAMES[2], 7: NAMES[1]}


def test_what_was_removed_before_the_device_left_does_not_come_back(
    connection: Connection,
) -> None:
    save(connection, Network.of([COORDINATOR, SECOND]))
    save(connection, NETWORK)
    devices.set_metadata(connection, {1: None})
    save(connection, Network.of([COORDINATOR, SECOND]))
    assert noted(save(connection, NETWORK)) == NAMES | {1: None}


def test_the_last_word_about_a_device_is_what_comes_back(connection: Connection) -> None:
    for number in range(3):
        devices.set_metadata(connection, {1: {"number": number}})
        save(connection, Network.of([COORDINATOR]))
        assert kept(connection) == 2
        assert noted(save(connection, NETWORK))[1] == {"number": number}


def test_a_reset_forgets_the_gone_as_well(connection: Connection) -> None:
    save(connection, Network.of([COORDINATOR]))
    devices.forget_all(connection)
    assert kept(connection) == 0
    assert noted(save(connection, NETWORK)) == {0: None, 1: None, 2: None}


def test_a_megabyte_is_kept_and_the_oldest_go_first(connection: Connection) -> None:
    note = {"note": "x" * 10_000}
    for number in range(150):
        node = Device(1, 0x8200_0000 + number)
        save(connection, Network.of([node]))
        devices.set_metadata(connection, {1: note})
    save(connection, Network())
    (size,) = connection.execute("SELECT sum(length(metadata)) FROM gone_metadata").fetchone()
    assert gone.MAX_BYTES - 11_000 < size <= gone.MAX_BYTES
    back = save(connection, Network.of(Device(n % 240, 0x8200_0000 + n) for n in range(60, 150)))
    assert [node.metadata for node in back if node.mid >= 0x8200_0000 + 51] == [note] * 90
    lost = save(connection, Network.of([Device(1, 0x8200_0000)]))
    assert noted(lost) == {1: None}


def test_a_device_whose_mid_is_not_known_is_the_one_at_its_address(connection: Connection) -> None:
    save(connection, Network.of([Device(5, 0), Device(6, 0xFFFF_FFFF)]))
    devices.set_metadata(connection, {5: {"name": "five"}, 6: {"name": "six"}})
    learned = Network.of([Device(5, 0x8100_0005), Device(6, 0x8100_0006)])
    assert noted(save(connection, learned)) == {5: {"name": "five"}, 6: {"name": "six"}}
    moved = Network.of([Device(6, 0x8100_0005), Device(5, 0x8100_0006)])
    assert noted(save(connection, moved)) == {6: {"name": "five"}, 5: {"name": "six"}}


def test_it_is_so_after_it_was_away_too(connection: Connection) -> None:
    save(connection, Network.of([Device(5, 0)]))
    devices.set_metadata(connection, {5: {"name": "five"}})
    save(connection, Network())
    assert noted(save(connection, Network.of([Device(6, 0)]))) == {6: None}
    assert noted(save(connection, Network.of([Device(5, 0x8100_0005)]))) == {5: {"name": "five"}}


def test_a_device_that_is_known_does_not_take_what_is_another_ones(connection: Connection) -> None:
    save(connection, Network.of([Device(1, FIRST.mid), Device(5, 0)]))
    devices.set_metadata(connection, {5: {"name": "five"}})
    # The node that was at 1 is at 5 now.
    assert noted(save(connection, Network.of([Device(5, FIRST.mid)]))) == {5: NAMES[1]}


def test_twins_are_known_by_their_addresses(connection: Connection) -> None:
    twins = Network.of([Device(5, 77), Device(9, 77)])
    save(connection, twins)
    devices.set_metadata(connection, {5: {"name": "five"}, 9: {"name": "nine"}})
    save(connection, Network())
    assert noted(save(connection, Network.of([Device(7, 77)]))) == {7: None}
    save(connection, Network())
    told = Network.of([Device(5, 78), Device(9, 77)])
    assert noted(save(connection, told)) == {5: {"name": "five"}, 9: {"name": "nine"}}


def test_a_repair_of_the_coordinators_table_changes_nothing(connection: Connection) -> None:
    devices.correct_mids(connection, {1: 0x8100_0AAA, 7: 0x8100_0BBB})
    repaired = Network.of([COORDINATOR, Device(1, 0x8100_0AAA), SECOND])
    assert noted(devices.load(connection)) == NAMES
    assert noted(save(connection, repaired)) == NAMES


def test_a_mid_that_is_another_devices_is_no_repair(connection: Connection) -> None:
    devices.correct_mids(connection, {1: SECOND.mid})
    assert devices.load(connection).get(1) == Device(1, FIRST.mid, metadata=NAMES[1])
    save(connection, Network.of([COORDINATOR, FIRST]))
    devices.correct_mids(connection, {1: SECOND.mid})
    back = Network.of([COORDINATOR, Device(1, SECOND.mid), Device(2, FIRST.mid)])
    assert noted(save(connection, back)) == {0: NAMES[0], 1: NAMES[2], 2: NAMES[1]}


def test_a_snapshot_holds_it(connection: Connection) -> None:
    save(connection, Network.of([COORDINATOR]))
    data = archive.pack(connection)
    devices.forget_all(connection)
    transact(connection, lambda inside: archive.restore(inside, archive.unpack(data)))
    assert noted(save(connection, NETWORK)) == NAMES


def test_a_snapshot_that_is_older_than_the_table_leaves_it_alone(connection: Connection) -> None:
    with closing(in_memory()) as old:
        migrate(old, migrations()[:5])
        data = archive.pack(old)
    save(connection, Network())
    transact(connection, lambda inside: archive.restore(inside, archive.unpack(data)))
    assert noted(save(connection, NETWORK)) == NAMES
