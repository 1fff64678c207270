"""What the bytes of a configuration say, which differs from version to version of DPA."""

from typing import Any

import pytest

from protocol.api.iqmesh.configuration import said_by
from protocol.dpa.peripherals.os import TrConfiguration

SETTINGS = bytes.fromhex("fe3c0000ff0102070506ff00010000003402") + bytes(13)
CONFIGURATION = TrConfiguration(0, SETTINGS, 0xC3, 0x72)

SINCE = {
    "dpaPeerToPeer": 0x0410,
    "neverSleep": 0x0303,
    "stdAndLpNetwork": 0x0400,
    "localFrcReception": 0x0415,
    "thermometerSensorPresent": 0x0417,
    "transceiverILType": 0x0417,
}
UNTIL = {"nodeDpaInterface": 0x0400, "rfSubChannelA": 0x0400}


@pytest.mark.parametrize("dpa", [0x0302, 0x0303, 0x0400, 0x0410, 0x0414, 0x0415, 0x0417])
def test_each_version_has_its_members(dpa: int) -> None:
    members = said_by(CONFIGURATION, dpa, node=True)
    assert {name for name in SINCE if name in members} == {
        name for name, since in SINCE.items() if dpa >= since
    }
    assert {name for name in UNTIL if name in members} == {
        name for name, until in UNTIL.items() if dpa < until
    }
    peripherals: Any = members["embPers"]
    assert ("spi" in peripherals) is (dpa < 0x0415)
    assert ("frc" in peripherals) is (dpa < 0x0400)


def test_a_coordinator_does_not_receive_locally() -> None:
    assert "localFrcReception" not in said_by(CONFIGURATION, 0x0417, node=False)


def test_a_byte_that_means_no_baud_rate_is_left_out() -> None:
    assert "uartBaudrate" not in said_by(CONFIGURATION, 0x0417, node=True)


def test_the_values() -> None:
    members: Any = said_by(CONFIGURATION, 0x0417, node=True)
    assert members["embPers"]["values"] == [0xFE, 0x3C, 0, 0]
    assert (members["rfChannelA"], members["rfChannelB"]) == (52, 2)
    assert (members["txPower"], members["rxFilter"], members["lpRxTimeout"]) == (7, 5, 6)
    assert (members["rfBand"], members["transcieverILType"]) == ("433", True)
