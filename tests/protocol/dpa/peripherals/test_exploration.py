"""A device's enumeration, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.exploration import (
    ENUMERATE,
    PeripheralEnumeration,
    enumerate_peripherals,
    more_peripherals,
    peripheral_info,
)
from protocol.dpa.pnum import BINARY_OUTPUT, COORDINATOR_PNUM, FRC, LIGHT, NODE, SENSOR
from protocol.errors import LocalProtocolError

COORDINATOR_PDATA = bytes.fromhex("110400fd2600000000000005")
SENSOR_PDATA = bytes.fromhex("030301fe260000020001000200000000000000" + "40")

ENUMERATIONS = st.builds(
    PeripheralEnumeration,
    dpa=st.sampled_from([0x0303, 0x0417, 0x0420]),
    user_per_nr=st.integers(0, 95),
    embedded=st.frozensets(st.integers(0, 31)),
    hwpid=st.integers(0, 0xFFFF),
    hwpid_version=st.integers(0, 0xFFFF),
    flags=st.integers(0, 0xFF),
    user=st.frozensets(st.integers(0x20, 0x7F)),
)


def test_a_coordinator_in_an_std_lp_network() -> None:
    enumeration = PeripheralEnumeration.decode(COORDINATOR_PDATA)
    assert enumeration.dpa_text == "4.11"
    assert enumeration.is_lp
    assert enumeration.implements(COORDINATOR_PNUM)
    assert not enumeration.implements(NODE)
    assert enumeration.implements(FRC)
    assert not enumeration.user
    assert enumeration.encode() == COORDINATOR_PDATA


def test_a_node_with_a_sensor() -> None:
    enumeration = PeripheralEnumeration.decode(SENSOR_PDATA)
    assert enumeration.dpa == 0x0303
    assert (enumeration.hwpid, enumeration.hwpid_version) == (2, 1)
    assert enumeration.user == {SENSOR}
    assert enumeration.implements(SENSOR)
    assert not enumeration.implements(LIGHT)
    assert enumeration.encode() == SENSOR_PDATA


@pytest.mark.parametrize("word", [0x8417, 0x4417, 0x0497, 0xC497])
def test_flag_bits_are_no_part_of_the_version(word: int) -> None:
    pdata = word.to_bytes(2, "little") + COORDINATOR_PDATA[2:]
    assert PeripheralEnumeration.decode(pdata).dpa == 0x0417


@pytest.mark.parametrize(
    ("flags", "lp"), [(0b001, False), (0b011, False), (0b101, True), (2, True)]
)
def test_flags_tell_the_rf_mode(flags: int, lp: bool) -> None:
    assert PeripheralEnumeration.decode(COORDINATOR_PDATA[:-1] + bytes((flags,))).is_lp == lp


@given(ENUMERATIONS)
def test_enumerations_round_trip(enumeration: PeripheralEnumeration) -> None:
    assert ENUMERATE.decode(ENUMERATE.encode(enumeration)) == enumeration


def test_a_bitmap_of_user_peripherals_may_be_cut_anywhere() -> None:
    full = PeripheralEnumeration(
        0x0417, 2, frozenset({2}), 2, 1, 1, frozenset({BINARY_OUTPUT, 0x7F})
    )
    for length in range(12, 24):
        assert PeripheralEnumeration.decode(full.encode()[:length]).user <= full.user


def test_a_torn_enumeration_is_a_bad_response() -> None:
    with pytest.raises(BadResponseError):
        enumerate_peripherals(0).decode(COORDINATOR_PDATA[:11])


def test_requests() -> None:
    assert enumerate_peripherals(1).request.encode() == bytes.fromhex("0100ff3fffff")
    assert peripheral_info(1, NODE).request.encode() == bytes.fromhex("0100013fffff")
    assert more_peripherals(1, 1).request.encode() == bytes.fromhex("0100ff01ffff")
    with pytest.raises(LocalProtocolError):
        peripheral_info(1, 0xFF)
    with pytest.raises(LocalProtocolError):
        more_peripherals(1, 0x3F)


def test_infos_come_one_by_one_or_fourteen_at_once() -> None:
    info = peripheral_info(1, NODE).decode(bytes.fromhex("03023800"))
    assert (info.extended_type, info.type, info.par1, info.par2) == (3, 2, 0x38, 0)
    infos = more_peripherals(1, 1).decode(bytes.fromhex("0302380003031683"))
    assert infos[0] == info
    assert infos[1].encode() == bytes.fromhex("03031683")
    with pytest.raises(BadResponseError):
        more_peripherals(1, 1).decode(bytes(5))
