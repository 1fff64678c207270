"""Members of PDATA are checked by name on the way out and by length on the way in."""

import pytest

from protocol.dpa.errors import BadResponseError
from protocol.dpa.fields import at_least, exactly, module_id, node_address, octets, within, word
from protocol.errors import LocalProtocolError


def test_bytes_are_least_significant_first() -> None:
    assert octets(first=1, second=255) == b"\x01\xff"
    assert word("time", 0x1234) == b"\x34\x12"
    assert module_id(0x81113AD1) == bytes.fromhex("d13a1181")


@pytest.mark.parametrize("value", [-1, 256])
def test_what_is_no_byte_is_refused_by_name(value: int) -> None:
    with pytest.raises(LocalProtocolError, match=r"retries -?\d+ is not in 0\.\.255"):
        octets(address=1, retries=value)


@pytest.mark.parametrize("address", [0, 240])
def test_only_nodes_have_a_node_address(address: int) -> None:
    with pytest.raises(LocalProtocolError, match="address"):
        node_address(address)


def test_limits_belong_to_the_range() -> None:
    assert [within("hops", value, 1, 3) for value in (1, 3)] == [1, 3]
    assert [node_address(address) for address in (1, 239)] == [1, 239]


def test_short_answers_are_bad_and_long_ones_only_where_the_length_is_fixed() -> None:
    assert at_least(b"abc", 2) == b"abc"
    assert exactly(b"ab", 2) == b"ab"
    with pytest.raises(BadResponseError, match="1 bytes of PDATA where 2"):
        at_least(b"a", 2)
    for pdata in (b"a", b"abc"):
        with pytest.raises(BadResponseError):
            exactly(pdata, 2)
