"""Values in frames that pass by go to the sensors that they are of, and nowhere else."""

from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.packet import Request, Response, answer
from protocol.dpa.peripherals.os import os_read
from protocol.errors import ProtocolError
from protocol.network.network import Network
from protocol.readings.measured import RSSI, SUPPLY
from protocol.readings.overheard import Values, answered, reported
from protocol.standard import sensor
from protocol.standard.quantities import QUANTITIES, Value, decode, encode
from tests.protocol.meshes import network, node

MESH = network(node(1, 1, 2, 128), node(2, 1, 192, 1), node(3))


def report(address: int, *measurements: sensor.Measurement) -> bytes:
    pdata = sensor.REPORT.encode(measurements)
    return Response(address, *sensor.REPORT.key, 0x1402, pdata=pdata, asynchronous=True).encode()


def read(
    address: int, indexes: list[int] | None, *measurements: sensor.Measurement
) -> tuple[Request, Response]:
    request = sensor.read_with_types(address, indexes).request
    return request, answer(request, hwpid=0x1402, pdata=sensor.READ_WITH_TYPES.encode(measurements))


# Reports.


def test_a_report_names_types() -> None:
    frame = report(1, (1, 20.0), (2, None), (128, 55.5))
    assert reported(frame, MESH) == {(1, 0): 20.0, (1, 2): 55.5}


def test_a_report_of_some_sensors_only() -> None:
    assert reported(report(1, (128, 55.5)), MESH) == {(1, 2): 55.5}


def test_the_second_value_of_a_type_is_of_its_second_sensor() -> None:
    frame = report(2, (1, None), (192, (1, 2)), (1, 21.0), (1, 22.0))
    assert reported(frame, MESH) == {(2, 1): (1, 2), (2, 2): 21.0}


def test_a_report_without_the_response_flag() -> None:
    frame = report(1, (1, 20.0))
    assert reported(frame[:3] + bytes((frame[3] & 0x7F,)) + frame[4:], MESH) == {(1, 0): 20.0}


@pytest.mark.parametrize(
    "frame",
    [
        report(1, (3, 20)),
        report(3, (1, 20.0)),
        report(9, (1, 20.0)),
        report(0, (1, 20.0)),
        report(1),
        Response(1, 0x5E, 0x01, 2, pdata=bytes.fromhex("014001"), asynchronous=True).encode(),
        Response(1, 0x20, 0x7B, 2, pdata=bytes.fromhex("014001"), asynchronous=True).encode(),
        Response(1, 0x5E, 0x7B, 2, rcode=1, pdata=bytes.fromhex("014001")).encode(),
    ],
    ids=lambda frame: frame.hex("."),
)
def test_what_is_no_report_of_a_known_sensor(frame: bytes) -> None:
    assert reported(frame, MESH) == {}


@pytest.mark.parametrize("frame", [report(1, (1, 20.0))[:-1], b"\1\0\x5e\xfb\0\0", b"\1\0\x5e\xfb"])
def test_a_report_that_is_cut_off(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        reported(frame, MESH)


# Answers.


@pytest.mark.parametrize("sensor_type", QUANTITIES)
def test_any_quantity_that_is_read(sensor_type: int) -> None:
    value: Value = (1, 2, 3) if sensor_type == 192 else 50.125
    sent = decode(sensor_type, encode(sensor_type, value))
    mesh = network(node(7, sensor_type))
    expected = {} if sent is None else {(7, 0): sent}
    assert answered(read(7, [0], (sensor_type, value)), mesh) == expected


@pytest.mark.parametrize(
    ("indexes", "measurements", "values"),
    [
        (None, ((1, 20.0), (2, 600), (128, 55.5)), {(1, 0): 20.0, (1, 1): 600, (1, 2): 55.5}),
        ([], ((1, 20.0),), {(1, 0): 20.0}),
        ([2], ((128, 55.5),), {(1, 2): 55.5}),
        ([0, 2, 9], ((1, 20.0), (128, 55.5)), {(1, 0): 20.0, (1, 2): 55.5}),
        ([0, 2], ((1, None), (128, 55.5)), {(1, 2): 55.5}),
        # The device is not what it was when it was enumerated.
        ([0, 1], ((128, 55.5), (2, 600)), {(1, 1): 600}),
        ([5], ((1, 20.0),), {}),
        (None, (), {}),
    ],
)
def test_an_answer_is_about_the_sensors_that_were_asked_for(
    indexes: list[int] | None,
    measurements: tuple[sensor.Measurement, ...],
    values: dict[tuple[int, int], Value],
) -> None:
    assert answered(read(1, indexes, *measurements), MESH) == values


def test_an_answer_without_types() -> None:
    request = sensor.read_values(1, (1, 2, 128), (0, 2)).request
    response = answer(request, hwpid=2, pdata=bytes.fromhex("400168"))
    assert answered((request, response), MESH) == {(1, 0): 20.0, (1, 2): 52.0}
    with pytest.raises(ProtocolError):
        answered((request, evolve(response, pdata=b"\1\2")), MESH)


def test_what_is_no_good_answer_to_a_read() -> None:
    request, response = read(1, None, (1, 20.0))
    assert answered((request, evolve(response, rcode=1)), MESH) == {}
    assert answered((request, response), Network()) == {}
    assert answered((evolve(request, pcmd=0x3E), response), MESH) == {}
    assert answered((evolve(request, pnum=0x20), response), MESH) == {}
    with pytest.raises(ProtocolError):
        answered((request, evolve(response, pdata=response.pdata[:-1])), MESH)
    with pytest.raises(ProtocolError):
        answered((evolve(request, pdata=b"\1\2"), response), MESH)


def test_values_are_what_the_sensor_means_by_them() -> None:
    device = node(1, 1)
    (known,) = device.sensors
    mesh = network(evolve(device, sensors=(evolve(known, scale=0.1, decimals=1),)))
    assert answered(read(1, None, (1, 20.0)), mesh) == {(1, 0): 2.0}
    assert reported(report(1, (1, 20.0)), mesh) == {(1, 0): 2.0}


@given(st.binary(min_size=6, max_size=64), st.binary(max_size=56))
def test_noise_is_understood_or_refused(frame: bytes, pdata: bytes) -> None:
    request, response = read(1, None)
    spoilt = evolve(response, pdata=pdata)
    listeners: tuple[Callable[[], Values], ...] = (
        lambda: reported(b"\1\0\x5e\xfb" + frame, MESH),
        lambda: reported(frame, MESH),
        lambda: answered((request, spoilt), MESH),
    )
    for listen in listeners:
        try:
            values = listen()
        except ProtocolError:
            continue
        assert all(address in {1, 2} for address, _ in values)


# How a node hears, and what it runs on.


def os_answer(address: int, rssi: int, supply: int, *, length: int = 28, rcode: int = 0) -> Values:
    pdata = (bytes(8) + bytes((rssi, supply)) + bytes(18))[:length]
    request = os_read(address).request
    response = answer(request, hwpid=0x1402, rcode=rcode, pdata=b"" if rcode else pdata)
    return answered((request, response), MESH)


def test_an_os_read_tells_rssi_and_supply_voltage() -> None:
    assert os_answer(1, 68, 39) == {(1, RSSI): -62, (1, SUPPLY): 2.97}
    assert os_answer(3, 0, 39) == {(3, SUPPLY): 2.97}
    assert os_answer(3, 68, 127) == {(3, RSSI): -62}


def test_what_tells_nothing_of_a_node() -> None:
    assert os_answer(0, 68, 39) == {}  # the coordinator hears nobody in particular
    assert os_answer(1, 68, 39, length=9) == {}
    assert os_answer(1, 68, 39, rcode=3) == {}
