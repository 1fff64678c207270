"""The OS peripheral's commands, and what a module says of itself."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.call import Call
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.exploration import PeripheralEnumeration
from protocol.dpa.peripherals.os import (
    OS_READ,
    OsInfo,
    TrConfiguration,
    os_batch,
    os_factory_settings,
    os_indicate,
    os_read,
    os_read_config,
    os_reset,
    os_restart,
    os_rfpgm,
    os_sleep,
    os_test_rf_signal,
    os_write_config,
    os_write_config_byte,
    rssi_dbm,
    supply_volts,
)
from protocol.errors import LocalProtocolError
from tests.protocol.dpa.peripherals.test_exploration import ENUMERATIONS

COORDINATOR = bytes.fromhex(
    "d13a11814324c8085027047"
    "53f5b606d39ed067bab5fd24a3ae954601004"
    "00fd2600000000000005"
)  # fmt: skip
NODE = bytes.fromhex("003010814324c8085c2714753b4a52bffe35d22c56f237f3cc17d5bb")
CONFIGURATION = bytes.fromhex(
    "1afd26000080000007070607000000000019020000000000000000000000"
    "0400c330"
)  # fmt: skip


def test_a_coordinator_says_what_it_is() -> None:
    info = os_read(0).decode(COORDINATOR)
    assert info.mid == 0x81113AD1
    assert (info.os_version_text, info.os_build, info.module) == ("4.03D", 0x08C8, "TR-72D")
    assert info.rssi_dbm == -50
    assert info.supply_volts == pytest.approx(2.967, abs=0.001)
    assert (info.shortest_timeslot_ms, info.longest_timeslot_ms) == (80, 100)
    assert info.ibk.hex() == "3f5b606d39ed067bab5fd24a3ae95460"
    assert info.enumeration is not None
    assert info.enumeration.dpa_text == "4.10"
    assert info.encode() == COORDINATOR


def test_older_devices_say_less() -> None:
    info = OsInfo.decode(NODE)
    assert info.mid == 0x81103000
    assert info.enumeration is None
    assert info.encode() == NODE
    assert OsInfo.decode(NODE[:12]).ibk == b""
    with pytest.raises(BadResponseError):
        OsInfo.decode(NODE[:11])


def test_other_versions_and_modules() -> None:
    info = OsInfo.decode(NODE)
    newer = evolve(info, os_version=0x46, mcu_type=0xD5)
    assert (newer.os_version_text, newer.module) == ("4.06G", "TR-75G")
    unknown = evolve(info, mcu_type=0x77)
    assert (unknown.os_version_text, unknown.module) == ("4.03", None)
    assert evolve(info, mcu_type=0x74).module is None


@pytest.mark.parametrize("code", [126, 127, 128, 255])
def test_an_implausible_supply_voltage_is_none(code: int) -> None:
    assert evolve(OsInfo.decode(NODE), supply_voltage=code).supply_volts is None


@pytest.mark.parametrize(
    ("code", "dbm"), [(0, None), (1, -129), (74, -56), (130, 0), (131, None), (255, None)]
)
def test_rssi(code: int, dbm: int | None) -> None:
    assert rssi_dbm(code) == dbm


@pytest.mark.parametrize(
    ("code", "volts"),
    [
        (0, None),
        (1, 2.072),
        (40, 3.001),
        (83, 5.935),
        (84, None),
        (126, None),
        (127, None),
        (255, None),
    ],
)
def test_supply_voltage(code: int, volts: float | None) -> None:
    assert supply_volts(code) == (volts and pytest.approx(volts, abs=0.001))


@given(st.none() | ENUMERATIONS, st.binary(min_size=16, max_size=16), st.integers(0, 0xFFFFFFFF))
def test_os_info_round_trips(
    enumeration: PeripheralEnumeration | None, ibk: bytes, mid: int
) -> None:
    info = evolve(OsInfo.decode(NODE), enumeration=enumeration, ibk=ibk, mid=mid)
    assert OS_READ.decode(OS_READ.encode(info)) == info


def test_a_configuration_knows_whether_it_is_intact() -> None:
    configuration = os_read_config(0).decode(CONFIGURATION)
    assert configuration.intact
    assert (configuration.rfpgm, configuration.init_phy) == (0xC3, 0x30)
    assert configuration.encode() == CONFIGURATION
    assert not evolve(configuration, settings=bytes(31)).intact
    with pytest.raises(BadResponseError):
        TrConfiguration.decode(CONFIGURATION[:-1])


def test_a_configuration_is_written_with_its_checksum() -> None:
    configuration = TrConfiguration.decode(CONFIGURATION)
    call = os_write_config(0, configuration.settings, configuration.rfpgm)
    assert call.request.pdata == CONFIGURATION[:-1]
    with pytest.raises(LocalProtocolError):
        os_write_config(0, bytes(30), 0xC3)


def test_requests() -> None:
    frames: dict[Call[object], str] = {
        os_read(1): "01000200ffff",
        os_reset(1): "01000201ffff",
        os_read_config(1): "01000202ffff",
        os_rfpgm(1): "01000203ffff",
        os_sleep(2, 1, 0): "02000204ffff010000",
        os_indicate(1, 3): "01000207ffff03",
        os_restart(1): "01000208ffff",
        os_write_config_byte(0, (2, 0x20, 0x20), (9, 5, 0xFF)): ("00000209ffff0220200905ff"),
        os_test_rf_signal(0x34, 1, 0x0204): "0000020cffff34010402",
        os_factory_settings(1): "0100020dffff",
    }
    for call, frame in frames.items():
        assert call.request.encode().hex() == frame


def test_a_batch_ends_with_a_zero() -> None:
    call = os_batch(1, [Request(0, 6, 1), Request(0, 2, 4, b"\x01\x00\x00")])
    assert call.request.pdata.hex() == "050601ffff080204ffff01000000"


@pytest.mark.parametrize(
    "build",
    [
        lambda: os_batch(1, []),
        lambda: os_batch(1, [Request(0, 6, 1)] * 12),
        lambda: os_indicate(1, 4),
        lambda: os_sleep(1, 0x10000, 0),
        lambda: os_write_config_byte(1),
        lambda: os_write_config_byte(1, *[(1, 1, 1)] * 19),
    ],
)
def test_what_the_protocol_cannot_express_is_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()
