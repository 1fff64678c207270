import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import RemoteProtocolError
from protocol.link.tr_info import TrInfo

TEXT = "8a52008138240800"


def test_by_hand() -> None:
    info = TrInfo.decode(bytes.fromhex(TEXT) + bytes(8) + bytes(range(16)))
    assert (info.mid, info.os_version, info.mcu_type) == (0x8100528A, 0x38, 0x24)
    assert info.os_build == 8
    assert info.ibk == bytes(range(16))
    assert str(info) == "TR-72D 8100528A with IQRF OS 3.08D, build 0008"


def test_the_key_is_for_nobody_to_see() -> None:
    info = TrInfo.decode(bytes.fromhex(TEXT) + bytes(8) + bytes((0xAB,)) * 16)
    for text in (repr(info), str(info)):
        assert "ab" not in text.lower()
        assert "xab" not in text


def test_older_modules_tell_no_key() -> None:
    info = TrInfo.decode(bytes.fromhex(TEXT) + bytes(8))
    assert info.ibk == b""
    assert not info.keyed
    assert TrInfo(1, 0x43, 0, 0).keyed
    assert not TrInfo(1, 0x42, 0, 0).keyed


def test_a_type_that_is_not_known_is_shown_as_it_is() -> None:
    assert str(TrInfo(0x81000001, 0x46, 0x5F, 0x1234)).startswith("TR of type 0x5f 81000001")


@pytest.mark.parametrize("size", [0, 15, 17, 31, 33])
def test_another_length_is_an_error(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"not {size}"):
        TrInfo.decode(bytes(size))


@given(st.one_of(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)))
def test_it_is_as_long_as_what_it_came_from(data: bytes) -> None:
    info = TrInfo.decode(data)
    assert TrInfo.decode(info.encode()) == info
    assert len(info.encode()) == len(data)
