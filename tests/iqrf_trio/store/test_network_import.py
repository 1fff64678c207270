"""An old gateway's devices come over with all that was known, and replace nothing."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from attrs import evolve

from iqrf_trio.store import StoreError, devices
from iqrf_trio.store.network_import import Imported, Taken, read, take_over
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.network.network import Device, Identity, Network, Product
from tests.iqrf_trio.store import old_network

_NESTED = '{"a":' * 200 + "1" + "}" * 200
THEN = datetime(2025, 6, 2, 8, 2, 36, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path) -> Network:
    return read(old_network.make(tmp_path / "IqrfDb.db")).network


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        yield connection


def import_into(connection: Connection, old: Network) -> tuple[Taken, Network]:
    taken = transact(connection, partial(take_over, imported=Imported(old)))
    return taken, devices.load(connection)


def test_what_is_read(old: Network) -> None:
    coordinator, first, second = old
    assert coordinator == Device(
        0,
        2164293634,
        product=Product(
            Identity(12292, 6, 2264, 1047), "4.06D", "MICRORISC s.r.o.", "IQUBE (IQD-GW-02)"
        ),
        standards_known=True,
        metadata={"name": "coord"},
    )
    assert (first.address, first.discovered, first.vrn, first.zone, first.parent) == (
        (1, True, 1, 0, 0)
    )
    assert (first.binary_outputs, first.light, first.standards_known) == (4, False, True)
    assert (second.binary_outputs, second.light, second.standards_known) == (0, True, False)
    assert (second.zone, second.metadata) == (1, None)


def test_sensors_with_values_and_times_in_every_spelling(old: Network) -> None:
    _, first, second = old
    assert [(each.index, each.type, each.type_index, each.value) for each in first.sensors] == [
        (0, 1, 0, 21.5),
        (1, 129, 0, 44.9),
        (2, 129, 1, 30.7),
        (3, 192, 0, (1, 2, 3)),
    ]
    assert {each.updated for each in first.sensors} == {THEN}
    assert first.sensors[1].name == "Potentiometer"
    assert first.sensors[1].frcs == (0x10, 0x90)
    assert [(each.value, each.updated) for each in second.sensors] == [(None, None)]


def test_an_empty_database_takes_all(connection: Connection, old: Network) -> None:
    taken, network = import_into(connection, old)
    assert taken == Taken((0, 1, 2), (), ())
    assert network == old


def test_importing_twice_changes_nothing(connection: Connection, old: Network) -> None:
    import_into(connection, old)
    before = connection.total_changes
    taken, network = import_into(connection, old)
    assert taken == Taken((), (), ())
    assert network == old
    assert connection.total_changes == before


def test_what_is_known_here_is_completed_but_not_replaced(
    connection: Connection, old: Network
) -> None:
    coordinator, first, _ = old
    bare = evolve(
        first,
        address=9,
        product=None,
        metadata={"name": "mine"},
        sensors=tuple(evolve(each, value=None, updated=None) for each in first.sensors),
    )
    stranger = Device(2, 0x8100_0001)
    here = Network.of([evolve(coordinator, metadata=None), stranger, bare])
    transact(connection, partial(devices.save, network=here))
    taken, network = import_into(connection, old)
    assert taken == Taken(added=(), completed=(0, 9), refused=(2,))
    assert list(network) == [coordinator, stranger, evolve(bare, sensors=first.sensors)]


def test_metadata_that_cannot_be_taken_are_told(tmp_path: Path) -> None:
    broken = [
        f"UPDATE device SET metadata = '{text}' WHERE address = {address}"
        for address, text in enumerate(['{"a":[1e400]}', '"text"', _NESTED])
    ]
    imported = read(old_network.make(tmp_path / "IqrfDb.db", *broken))
    assert [device.metadata for device in imported.network] == [None] * 3
    assert [line.partition(":")[0] for line in imported.lost] == [
        f"metadata of device {address}" for address in range(3)
    ]
    assert "a[0]" in imported.lost[0]
    assert "no JSON object" in imported.lost[1]
    assert "100 levels" in imported.lost[2]


def test_metadata_of_a_module_whose_address_is_taken_wait_for_it(
    connection: Connection, old: Network
) -> None:
    coordinator, first, _ = old
    there = evolve(first, metadata={"name": "mine"})
    imported = Network.of([coordinator, there])
    stranger = Device(1, 0x8100_0001, metadata={"name": "other"})
    transact(connection, partial(devices.save, network=Network.of([stranger])))
    taken, _ = import_into(connection, imported)
    assert (taken.refused, taken.kept) == ((1,), 1)
    assert import_into(connection, imported)[0].kept == 0
    # The module is bonded, at another address.
    moved = evolve(there, address=7, metadata=None)
    transact(connection, partial(devices.save, network=Network.of([coordinator, stranger, moved])))
    assert [device.metadata for device in devices.load(connection)] == [
        {"name": "coord"},
        {"name": "other"},
        {"name": "mine"},
    ]


def test_metadata_that_differ_are_told_and_those_here_stay(
    connection: Connection, old: Network
) -> None:
    coordinator, first, _ = old
    here = Network.of([evolve(coordinator, metadata={"name": "mine"}), first])
    transact(connection, partial(devices.save, network=here))
    taken, network = import_into(connection, old)
    assert taken.other_metadata == (0,)
    assert next(iter(network)).metadata == {"name": "mine"}


def test_an_older_schema_knows_no_names(tmp_path: Path) -> None:
    changes = [f"ALTER TABLE product DROP COLUMN {name}" for name in ("manufacturer", "name")]
    coordinator, *_ = read(old_network.make(tmp_path / "IqrfDb.db", *changes)).network
    assert coordinator.product is not None
    assert coordinator.product.name is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE deviceSensor", "Table deviceSensor does not exist"),
        ("ALTER TABLE device DROP COLUMN vrn", "not as expected: KeyError"),
        ("UPDATE device SET zone = NULL", "not as expected: TypeError"),
        ("DELETE FROM sensor", "not as expected: KeyError"),
    ],
)
def test_what_is_no_such_database(change: str, reason: str, tmp_path: Path) -> None:
    path = old_network.make(tmp_path / "IqrfDb.db", change)
    with pytest.raises(StoreError, match=f"^{path}: .*{reason}"):
        read(path)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no file"):
        read(tmp_path / "IqrfDb.db")
    (tmp_path / "text").write_text("this is no database at all, and long enough" * 100)
    with pytest.raises(StoreError, match="not a database"):
        read(tmp_path / "text")
