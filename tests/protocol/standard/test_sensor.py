"""Sensor frames are those of the standard's examples, and survive the way there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import Request
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.standard.quantities import Value
from protocol.standard.sensor import (
    ENUMERATE,
    READ_WITH_TYPES,
    Measurement,
    Question,
    Selection,
    Sleep,
    decode_report,
    encode_report,
    encode_values,
    enumerate_sensors,
    frc_user_data,
    read_values,
    read_with_types,
)

INDEXES = st.frozensets(st.integers(0, 31))


def measurement_of(sensor_type: int) -> st.SearchStrategy[Measurement]:
    values: st.SearchStrategy[Value | None]
    if sensor_type == 192:
        values = st.binary(max_size=8).map(tuple)
    elif sensor_type == 1:
        values = st.integers(-3200, 3200).map(lambda sixteenths: sixteenths / 16)
    else:
        values = st.integers(0, 100)
    return st.tuples(st.just(sensor_type), values if sensor_type == 192 else values | st.none())


# 2: CO2, 129 and 160: bits, 161: consumption, 192: data block, 3: unsigned, 134: action.
MEASUREMENTS = st.lists(
    st.sampled_from((1, 2, 3, 129, 134, 160, 161, 192)).flatmap(measurement_of), max_size=8
).map(tuple)


def test_the_types_of_fifteen_sensors() -> None:
    call = enumerate_sensors(1)
    assert call.request == Request(1, 0x5E, 0x3E)
    pdata = bytes.fromhex("5814.0280.0ba0.8115.1515.a010.1301.0304".replace(".", ""))
    assert call.decode(pdata) == tuple(pdata)
    assert ENUMERATE.encode(tuple(pdata)) == pdata
    assert call.decode(b"") == ()
    with pytest.raises(BadResponseError, match="33 sensors"):
        call.decode(bytes(33))


def test_temperature_and_co2_of_the_example() -> None:
    call = read_with_types(1, (0, 1))
    assert call.request.encode().hex(".") == "01.00.5e.01.ff.ff.03.00.00.00"
    assert call.decode(bytes.fromhex("01c801028709")) == ((1, 28.5), (2, 2439))


def test_which_sensors_are_asked() -> None:
    assert read_with_types(1).request.pdata.hex() == "ffffffff"
    assert read_with_types(1, ()).request.pdata == b""
    assert read_with_types(1, (31, 8)).request.pdata.hex() == "00010080"
    written = read_with_types(1, (2,), {5: b"\x01\x02", 3: b"\x0a\x0b\x0c\x0d"})
    assert written.request.pdata.hex(".") == "04.00.00.00.03.0a.0b.0c.0d.05.01.02.00.00"
    with pytest.raises(LocalProtocolError):
        read_with_types(1, (32,))
    with pytest.raises(LocalProtocolError, match="sensor index 32"):
        read_with_types(1, (1,), {32: b"\1"})
    with pytest.raises(LocalProtocolError, match="5 bytes to write"):
        read_with_types(1, (1,), {1: bytes(5)})


@given(INDEXES, st.dictionaries(st.integers(0, 31), st.binary(min_size=4, max_size=4), max_size=10))
def test_selections_round_trip(indexes: frozenset[int], written: dict[int, bytes]) -> None:
    selection = Selection(indexes, written)
    there = Selection.decode(selection.encode())
    assert there.ascending() == selection.ascending()
    assert there.written == written
    if indexes or written:
        assert there == selection


@given(st.binary(max_size=56))
def test_any_bytes_are_a_selection_or_a_remote_error(pdata: bytes) -> None:
    if len(pdata) in (0, *range(4, 57, 5)):
        assert all(0 <= index < 32 for index in Selection.decode(pdata).indexes)
    else:
        with pytest.raises(RemoteProtocolError):
            Selection.decode(pdata)


@given(MEASUREMENTS)
def test_measurements_round_trip(measurements: tuple[Measurement, ...]) -> None:
    pdata = READ_WITH_TYPES.encode(measurements)
    assert read_with_types(7).decode(pdata) == measurements
    assert decode_report(encode_report(measurements)) == measurements
    types = [sensor_type for sensor_type, _ in measurements]
    values = encode_values(measurements)
    if len(types) > 1:
        expected = tuple(value for _, value in measurements)
        assert read_values(7, types).decode(values) == expected


@given(st.binary(max_size=56))
def test_any_bytes_are_measurements_or_a_bad_response(pdata: bytes) -> None:
    for decode in (read_with_types(7).decode, decode_report):
        try:
            measurements = decode(pdata)
        except BadResponseError:
            continue
        assert bool(measurements) == bool(pdata)


@given(MEASUREMENTS.filter(bool))
def test_a_value_that_is_cut_off_is_a_bad_response(measurements: tuple[Measurement, ...]) -> None:
    pdata = READ_WITH_TYPES.encode(measurements)
    with pytest.raises(BadResponseError, match="bytes of a value of sensor type"):
        read_with_types(7).decode(pdata[:-1])


def test_values_alone_are_read_by_the_types_known() -> None:
    call = read_values(3, (1, 192, 128, 2), (3, 1, 0))
    assert call.request.encode().hex(".") == "03.00.5e.00.ff.ff.0b.00.00.00"
    assert call.decode(bytes.fromhex("c801 02aabb 8709")) == (28.5, (0xAA, 0xBB), 2439)
    assert read_values(3, (1, 2), ()).decode(bytes.fromhex("c801")) == (28.5,)
    with pytest.raises(BadResponseError):
        call.decode(bytes.fromhex("c801 02aabb 87"))
    with pytest.raises(LocalProtocolError, match="index of a known sensor 4"):
        read_values(3, (1, 192, 128, 2), (4,))


def test_a_report_codes_its_values_as_frc_does() -> None:
    pdata = bytes.fromhex("01 c881 02 8b09 80 02 c0 01 05")
    assert decode_report(pdata) == ((1, 28.5), (2, 2439), (128, None), (192, (5,)))
    assert encode_report(((1, 28.5), (2, 2439), (128, None), (192, (5,)))) == pdata


def test_user_data_of_an_frc() -> None:
    assert frc_user_data(1, 0).hex(".") == "5e.01.00.00"
    assert frc_user_data(0x81, 3, extra=6).hex(".") == "5e.81.c3.00"
    assert frc_user_data(0xA0, 31, Sleep(0x0102, 0x10)).hex(".") == "5e.a0.1f.01.02.01.10"
    for sensor_type, index, extra in ((256, 0, 0), (1, 32, 0), (1, 0, 8)):
        with pytest.raises(LocalProtocolError):
            frc_user_data(sensor_type, index, extra=extra)


@given(
    st.integers(0, 255),
    st.integers(0, 31),
    st.integers(0, 7),
    st.none() | st.builds(Sleep, st.integers(0, 0xFFFF), st.integers(0, 255)),
)
def test_questions_round_trip(
    sensor_type: int, index: int, extra: int, sleep: Sleep | None
) -> None:
    question = Question(sensor_type, index, extra, sleep)
    assert Question.decode(question.encode()) == question


def test_user_data_that_ask_no_sensor() -> None:
    assert Question.decode(b"\x4a\x00") is None
    assert Question.decode(b"") is None
    assert Question.decode(b"\x5e\x01") == Question(1, 0)
    with pytest.raises(RemoteProtocolError, match="end within sleep"):
        Question.decode(bytes.fromhex("5e0100010200"))
