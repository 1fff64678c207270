"""Values are stored as what they are, where they belong, and nowhere else."""

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.store import devices, sensors
from iqrf_trio.store.sqlite import Connection, connect
from protocol.network.network import Device, Network, Sensor
from protocol.standard.quantities import Value
from tests.iqrf_trio.store.networks import AT

TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224))
DATA_BLOCK = Sensor(1, 192, 0, "Data block", "datablock", None, 0, ())
NETWORK = Network.of([Device(0, 1), Device(3, 2, sensors=(TEMPERATURE, DATA_BLOCK))])


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        devices.save(connection, NETWORK)
        yield connection


def stored(connection: Connection, index: int) -> Sensor:
    return devices.load(connection).nodes[0].sensors[index]


@pytest.mark.parametrize("value", [0, 5, 5.0, -273.15, 0xFFFF_FFFF, (), (0, 255, 7)])
def test_a_value_comes_back_as_what_it_was(connection: Connection, value: Value) -> None:
    sensors.save_values(connection, {(3, 0): value, (3, 1): (1, 2, 3)}, AT)
    sensor = stored(connection, 0)
    assert (sensor.value, sensor.updated) == (value, AT)
    assert type(sensor.value) is type(value)


def test_a_data_block_is_replaced_by_the_next_one(connection: Connection) -> None:
    sensors.save_values(connection, {(3, 1): (1, 2, 3)}, AT)
    sensors.save_values(connection, {(3, 1): (4,)}, AT)
    assert stored(connection, 1).value == (4,)
    sensors.save_values(connection, {(3, 1): 7}, AT)
    assert stored(connection, 1).value == 7


def test_what_was_not_measured_keeps_its_value(connection: Connection) -> None:
    sensors.save_values(connection, {(3, 0): 20.0}, AT)
    sensors.save_values(connection, {(3, 1): (9,)}, AT)
    assert stored(connection, 0).value == 20.0


def test_a_value_without_a_sensor_is_skipped_with_a_warning(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    sensors.save_values(connection, {(4, 0): 1, (3, 2): 2, (0, 0): 3, (3, 0): 4}, AT)
    assert stored(connection, 0).value == 4
    warnings = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.WARNING]
    assert [text.partition(";")[0] for text in warnings] == [
        "device 4 has no sensor 0",
        "device 3 has no sensor 2",
        "device 0 has no sensor 0",
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_skipped_with_a_warning(
    connection: Connection, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    sensors.save_values(connection, {(3, 0): value}, AT)
    assert stored(connection, 0) == TEMPERATURE
    assert "device 3, sensor 0" in caplog.text
