"""The blocks of a device and the one string of bytes that they are kept as."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.vault.blocks import (
    BadBackupError,
    Collection,
    DeviceBackup,
    differing,
    pack,
    remaining,
    unpack,
)


def blocks(count: int, fill: int = 7) -> tuple[bytes, ...]:
    return tuple(bytes((fill,)) * 48 + bytes((left,)) for left in range(count - 1, -1, -1))


@given(st.lists(st.binary(min_size=48, max_size=48), min_size=1, max_size=256))
def test_what_was_packed_is_unpacked(contents: list[bytes]) -> None:
    whole = tuple(
        content + bytes((left,))
        for content, left in zip(contents, range(len(contents) - 1, -1, -1), strict=True)
    )
    assert unpack(pack(whole)) == whole


def test_the_header_is_the_count_and_the_xor_of_everything() -> None:
    # 0x5F ^ 0x11 ^ 0x22: the other bytes are zero.
    data = pack((b"\x11" + bytes(47) + b"\x01", b"\x22" + bytes(48)))
    assert data[:3].hex() == "02006d"
    assert len(data) == 3 + 2 * 49


def test_the_blocks_tell_when_they_are_all_there() -> None:
    collection = Collection()
    assert (collection.next_index, collection.total) == (0, None)
    for index, block in enumerate(blocks(7)):
        assert collection.next_index == index
        collection.add(block)
        assert collection.total == 7
    assert collection.next_index is None
    assert remaining(collection.blocks[0]) == 6


def test_a_block_of_another_backup_is_noticed() -> None:
    collection = Collection()
    collection.add(blocks(7)[0])
    with pytest.raises(BadBackupError, match="block 1 says that 3 follow, the one before said 6"):
        collection.add(blocks(4)[0])


def damaged(place: int, value: int) -> bytes:
    data = bytearray(pack(blocks(3)))
    data[place] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes are no header and whole blocks"),
        (b"\x00\x00\x5f", "3 bytes"),
        (pack(blocks(3))[:-1], "149 bytes"),
        (damaged(0, 4), "does not say that there are 3 blocks"),
        (damaged(2, 1), "check byte"),
        (damaged(5, 1), "check byte"),
        (pack(blocks(3)[:2]), "1 blocks are missing"),
        (pack(blocks(3)[1:] + blocks(1)), "blocks follow the last one, number 2"),
        (pack((blocks(3)[0], blocks(3)[2])), "block 1 says"),
        (pack(blocks(1) * 257), "does not say that there are 257"),
    ],
)
def test_what_is_no_whole_backup_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadBackupError, match=reason):
        unpack(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_backup_or_none(data: bytes) -> None:
    with suppress(BadBackupError):
        assert pack(unpack(data)) == data


def test_differences_are_counted() -> None:
    assert differing(blocks(3), blocks(3)) == 0
    assert differing(blocks(3), blocks(3, fill=8)) == 3
    assert differing(blocks(3), blocks(3)[:2]) == 1


def test_keys_do_not_show() -> None:
    assert "07" not in repr(DeviceBackup(1, 2, 3, blocks(1)))
    assert "blocks" not in repr(DeviceBackup(1, 2, 3, blocks(1)))
