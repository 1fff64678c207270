import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.describe import describe
from protocol.dpa.packet import Request, Response
from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.coordinator import BONDED_DEVICES
from protocol.dpa.peripherals.frc import frc_send_selective
from protocol.dpa.requests import name_of
from protocol.dpa.text import ranges
from protocol.errors import RemoteProtocolError

LINES = {
    "00.00.02.00.ff.ff": "request, coordinator: OS Read",
    "03.00.02.00.12.34": "request, node 3: OS Read: HWPID 3412",
    "ff.00.06.03.ff.ff": "request, all nodes: LEDR Pulse",
    "00.00.04.02.ff.ff.08.40.04": ("request, coordinator: EEEPROM Read: address 0x4008, length 4"),
    "01.00.03.01.ff.ff.10.aa.bb": "request, node 1: EEPROM Write: address 0x10, data aa.bb",
    "00.00.04.02.ff.ff.08": "request, coordinator: EEEPROM Read: PDATA 08",
    "00.00.00.07.ff.ff.07.00": (
        "request, coordinator: Coordinator Discovery: TX power 7, highest address 0"
    ),
    "01.00.06.01.ff.ff.ff.3b.01.04.01": (
        "confirmation, node 1: LEDR SetOn: hops 1, slot 40 ms, hops back 1, DpaValue 59"
    ),
    "01.00.06.81.02.00.00.4b": "response, node 1: LEDR SetOn: HWPID 0002, DpaValue 75",
    "00.00.00.93.00.00.03.00": (
        "response, coordinator: Coordinator SetMID: code ERROR_PNUM, HWPID 0000, DpaValue 0"
    ),
    "00.00.00.80.00.00.00.a7.1e.08": (
        "response, coordinator: Coordinator AddrInfo: HWPID 0000, DpaValue 167, bonded 30, did 8"
    ),
    "00.00.00.80.00.00.00.a7.1e": (
        "response, coordinator: Coordinator AddrInfo: "
        "HWPID 0000, DpaValue 167, PDATA 1e, "
        "unreadable BAD_RESPONSE: 1 bytes of PDATA where 2 are promised"
    ),
    "01.00.21.81.02.00.00.4b.0a": (
        "response, node 1: PNUM 0x21 PCMD 0x01: HWPID 0002, DpaValue 75, PDATA 0a"
    ),
}


@pytest.mark.parametrize(("frame", "line"), LINES.items())
def test_lines(frame: str, line: str) -> None:
    assert describe(bytes.fromhex(frame.replace(".", ""))) == line


def test_an_frc_tells_its_nodes() -> None:
    request = frc_send_selective(0x90, [1, 2, 3, 9], bytes((0x5E, 1, 0, 0))).request
    assert describe(request.encode()) == (
        "request, coordinator: FRC SendSelective: "
        "FRC 0x90 (BYTE1), user data 5e.01.00.00, nodes 1-3 9"
    )


def test_bonded_devices_are_ranges() -> None:
    pdata = BONDED_DEVICES.encode(frozenset({1, 2, 3, 7}))
    frame = Response(0, 0x00, 0x02, 0, pdata=pdata).encode()
    assert describe(frame).endswith("value 1-3 7")


def test_asynchronous_frames_are_told_apart() -> None:
    frame = Response(2, 0x5E, 0x7B, 2, pdata=b"\x01\x50\x01", asynchronous=True).encode()
    assert describe(frame).startswith("asynchronous, node 2: Sensor Report")


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        describe(b"\x00\x01")


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([5], "5"), ([3, 1, 2], "1-3"), ([1, 3, 4, 9], "1 3-4 9")]
)
def test_ranges(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.binary(max_size=56),
    st.booleans(),
    st.integers(0, 255),
)
def test_every_frame_of_every_command_can_be_told(
    key: tuple[int, int], pdata: bytes, responds: bool, nadr: int
) -> None:
    packet = Response(nadr, *key, 0, pdata=pdata) if responds else Request(nadr, *key, pdata)
    line = describe(packet.encode())
    assert "\n" not in line
    assert name_of(*key) in line
