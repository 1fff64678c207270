"""What gateways before version 2.7 knew of their devices is read, and becomes ours."""

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from iqrf_trio.store import StoreError, devices, network_import
from iqrf_trio.store.network_import import read
from iqrf_trio.store.sqlite import connect, transact
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE
from protocol.network.network import Device, Identity, Network, Product
from tests.iqrf_trio.store import old_info

KIT = Product(Identity(1026, 2, 2264, 1047), "")


@pytest.mark.parametrize("schema", [old_info.NEWEST, old_info.FIRST])
def test_what_is_read(tmp_path: Path, schema: str) -> None:
    coordinator, first, second, lamp = read(old_info.make(tmp_path / "i.db", schema=schema)).network
    assert coordinator == Device(
        0, 2164293634, product=Product(Identity(0, 0, 2264, 1047), ""), metadata={"name": "coord"}
    )
    assert (first.address, first.mid, first.discovered) == (1, 2165406801, True)
    assert (first.product, first.standards_known, first.binary_outputs) == (KIT, True, 4)
    assert first.metadata == {"room": {"floor": 1}}
    assert (second.product, second.discovered, second.metadata) == (KIT, False, None)
    assert [device.light for device in (coordinator, first, second, lamp)] == [False] * 3 + [True]
    assert lamp.metadata is None  # no answer could hold it


def test_the_sensors_of_a_product_are_those_of_each_device(tmp_path: Path) -> None:
    _, first, second, lamp = read(old_info.make(tmp_path / "i.db")).network
    assert [(each.index, each.type, each.type_index, each.frcs) for each in first.sensors] == [
        (0, 1, 0, (SENSOR_1BYTE, SENSOR_2BYTE)),
        (1, 129, 0, (SENSOR_2BIT, SENSOR_1BYTE)),
        (2, 129, 1, (SENSOR_2BIT, SENSOR_1BYTE)),
    ]
    assert second.sensors == first.sensors
    assert lamp.sensors == ()


def test_a_module_number_that_was_stored_with_a_sign(tmp_path: Path) -> None:
    make_negative = "UPDATE Node SET Mid = -1 WHERE Mid = 2165406801"
    bond = "UPDATE Bonded SET Mid = -1 WHERE Nadr = 1"
    _, first, *_ = read(old_info.make(tmp_path / "i.db", make_negative, bond)).network
    assert first.mid == 0xFFFF_FFFF


def test_a_node_that_was_never_enumerated(tmp_path: Path) -> None:
    forget = "UPDATE Node SET DeviceId = NULL WHERE Mid = 2165406801"
    _, first, *_ = read(old_info.make(tmp_path / "i.db", forget)).network
    assert (first.product, first.standards_known, first.sensors) == (None, False, ())


@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TABLE Bonded",
        "ALTER TABLE Bonded RENAME COLUMN Nadr TO Address",
        "UPDATE Bonded SET Nadr = 250 WHERE Nadr = 1",
        "UPDATE Bonded SET Mid = 'x' WHERE Nadr = 1",
        "ALTER TABLE Sensor RENAME COLUMN Stype TO Kind",
    ],
)
def test_tables_that_are_not_as_expected(tmp_path: Path, spoil: str) -> None:
    path = old_info.make(tmp_path / "i.db", spoil)
    if "250" in spoil:
        assert [device.address for device in read(path).network] == [0, 2, 3]
        return
    with pytest.raises(StoreError):
        read(path)


def test_it_becomes_ours(tmp_path: Path) -> None:
    imported = read(old_info.make(tmp_path / "i.db"))
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        work = partial(network_import.take_over, imported=imported)
        assert transact(connection, work).added == (0, 1, 2, 3)
        assert list(devices.load(connection)) == list(imported.network)


def test_metadata_without_a_device_wait_for_it_and_what_is_none_is_told(tmp_path: Path) -> None:
    imported = read(old_info.make(tmp_path / "i.db"))
    assert imported.unbonded == {2165406757: {"name": "no longer bonded"}}
    assert [line.partition(":")[0] for line in imported.lost] == [
        "metadata of device 2",
        "metadata of device 3",
    ]
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        work = partial(network_import.take_over, imported=imported)
        assert transact(connection, work).kept == 1
        comes = Network.of([*devices.load(connection), Device(9, 2165406757)])
        transact(connection, partial(devices.save, network=comes))
        assert list(devices.load(connection))[-1].metadata == {"name": "no longer bonded"}
