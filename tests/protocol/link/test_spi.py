from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.link import spi

messages = st.binary(min_size=1, max_size=spi.MAX_DATA)


def test_a_write_packet_by_hand() -> None:
    # 5F ^ F0 ^ 86 ^ 06 ^ 01 ^ FF ^ FF = 2E, then a byte for the status.
    packet = spi.write_packet(bytes.fromhex("00000601ffff"))
    assert packet.hex(" ") == "f0 86 00 00 06 01 ff ff 2e 00"


def test_a_read_packet_by_hand() -> None:
    assert spi.read_packet(2).hex(" ") == "f0 02 00 00 ad 00"


def test_an_information_packet_by_hand() -> None:
    assert spi.info_packet(16).hex() == "f510" + "00" * 16 + "ba" + "00"


@given(messages)
def test_the_checksum_makes_the_whole_zero(data: bytes) -> None:
    assert spi.checksum(spi.write_packet(data)[:-1]) == 0


@given(messages)
def test_sixty_four_bytes_are_no_zero(data: bytes) -> None:
    assert spi.write_packet(data)[1] & 0x7F == len(data)
    assert spi.data_ready(spi.status_of_data(len(data))) == len(data)


def test_the_status_of_data() -> None:
    assert spi.data_ready(0x40) == 64
    assert spi.data_ready(0x41) == 1
    assert spi.data_ready(0x7F) == 63
    assert [status for status in range(256) if spi.data_ready(status)] == list(range(0x40, 0x80))


@pytest.mark.parametrize("make", [spi.read_packet, spi.info_packet])
@pytest.mark.parametrize("size", [0, 65])
def test_what_no_packet_carries_is_refused(make: Callable[[int], bytes], size: int) -> None:
    with pytest.raises(LocalProtocolError):
        make(size)
    with pytest.raises(LocalProtocolError):
        spi.write_packet(bytes(size))


@given(messages, st.integers(0, 255), st.integers(0, 255))
def test_what_is_fetched_is_checked(data: bytes, status: int, trailing: int) -> None:
    crcs = spi.checksum(bytes((len(data),)) + data)
    received = bytes((status, status)) + data + bytes((crcs, trailing))
    assert spi.fetched(received) == data
    assert spi.status_behind(received) == trailing
    torn = received[:-2] + bytes((crcs ^ 1, trailing))
    with pytest.raises(RemoteProtocolError, match="CRCS"):
        spi.fetched(torn)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (0x00, "SPI disabled"),
        (0x07, "SPI suspended"),
        (0x3F, "busy"),
        (0x4B, "11 bytes ready"),
        (0x80, "ready"),
        (0xFF, "no module"),
        (0x13, "status 0x13"),
    ],
)
def test_names(status: int, name: str) -> None:
    assert spi.status_name(status) == name


def test_durations_are_those_of_the_timing_table() -> None:
    assert spi.duration_us(10, spi.FAST_GAP_US) == 1825
    assert spi.duration_us(68, spi.FAST_GAP_US) == 12381
