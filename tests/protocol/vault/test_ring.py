"""The ring of snapshots: what it keeps whatever happens, and how it spares the flash."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.vault.geometry import Erase, Geometry, Operation, RingError
from protocol.vault.ring import (
    DamagedSlotError,
    Ring,
    TooLargeError,
    VerificationError,
    read,
    scan,
    write,
)
from tests.protocol.vault.nor import Nor, PowerCut

SMALL = Geometry(size=512, erase_size=64, page_size=16)
"""Eight blocks, a header of two pages."""

LARGE = Geometry(size=16 << 20, erase_size=4096, page_size=256)
"""A W25Q128."""


LAST_BYTE = 3 * 64 + 100 + 24 - 1
"""Of what is done to write 100 bytes: three blocks erased, the content, and the header."""


def content(number: int, length: int = 100) -> bytes:
    return Random(number).randbytes(length)


def filled(geometry: Geometry, *contents: bytes) -> tuple[Nor, Ring]:
    nor = Nor(geometry)
    state = nor.run(scan(geometry))
    for each in contents:
        state = nor.run(write(state, each))
    return nor, state


def readable(nor: Nor) -> list[bytes]:
    """What can be read in a program that has just started, newest first."""
    state = nor.run(scan(nor.geometry))
    found = []
    for slot in state.slots:
        try:
            found.append(nor.run(read(state, slot)))
        except DamagedSlotError:
            continue
    return found


def test_what_was_written_is_read_newest_first() -> None:
    nor, state = filled(SMALL, content(1), content(2))
    assert readable(nor) == [content(2), content(1)]
    assert nor.run(scan(SMALL)) == state


def test_an_empty_chip_holds_nothing() -> None:
    assert Nor(SMALL).run(scan(SMALL)) == Ring(SMALL)


def test_garbage_holds_nothing() -> None:
    nor = Nor(SMALL)
    nor.memory[:] = Random(5).randbytes(512)
    assert nor.run(scan(SMALL)).slots == ()


@given(st.lists(st.integers(0, 220), max_size=30))
def test_after_any_writes_the_newest_are_there(lengths: list[int]) -> None:
    nor = Nor(SMALL)
    state = Ring(SMALL)
    written: list[bytes] = []
    for number, length in enumerate(lengths):
        try:
            state = nor.run(write(state, content(number, length)))
        except TooLargeError:
            continue
        written.append(content(number, length))
        found = readable(nor)
        assert found == written[::-1][: len(found)]
        assert found
        assert nor.run(scan(SMALL)) == state


def test_power_fails_at_every_byte_of_two_rounds_and_the_snapshot_before_is_there() -> None:
    """Exhaustive: for each place in the ring, each moment of a write."""
    for before in range(1, 10):
        contents = [content(number) for number in range(before)]
        complete, _ = filled(SMALL, *contents)
        moments, done = 0, False
        while not done:
            nor = Nor(SMALL, power=moments, random=Random(moments))
            nor.memory[:] = complete.memory
            try:
                nor.run(write(nor.run(scan(SMALL)), content(99)))
                done = True
            except PowerCut:
                pass
            nor.power = None
            newest = readable(nor)[0]
            # The bits that matter of the last byte may have fallen before the power failed.
            whole = done or (moments == LAST_BYTE and newest == content(99))
            assert newest == (content(99) if whole else contents[-1]), (before, moments)
            # And the ring goes on from there.
            state = nor.run(write(nor.run(scan(SMALL)), content(100)))
            assert readable(nor)[0] == content(100)
            assert state.readable is state.slots[0]
            moments += 1
        assert moments == LAST_BYTE + 2


def test_power_fails_again_and_again_and_the_last_complete_snapshot_stays() -> None:
    nor, _ = filled(SMALL, content(0))
    random = Random(3)
    last = content(0)
    for number in range(1, 400):
        nor.power = random.randrange(400)
        try:
            nor.run(write(nor.run(scan(SMALL)), content(number)))
            last = content(number)
        except PowerCut:
            pass
        nor.power = None
        assert readable(nor)[0] == last


def test_power_fails_anywhere_in_a_large_chip() -> None:
    """Sampled: 60 KiB wrap around the end of 16 MiB."""
    state = Ring(LARGE)
    nor = Nor(LARGE)
    first, second = content(1, 60_000), content(2, 100_000)
    for _ in range(255):
        state = state.with_slot(state.next_slot(first))  # as if: only the last is there
    state = nor.run(write(state, first))
    random = Random(4)
    pristine = bytes(nor.memory)
    for _ in range(12):
        nor.memory[:] = pristine
        nor.power = random.randrange(2 * 65536 + 100_000)
        with pytest.raises(PowerCut):
            nor.run(write(state, second))
        nor.power = None
        assert nor.run(read(state, state.slots[0])) == first
    nor.memory[:] = pristine
    state = nor.run(write(state, second))
    assert state.slots[0].blocks(LARGE) == (0, 1)
    assert nor.run(scan(LARGE)).readable == state.slots[0]


@pytest.mark.slow
def test_a_hundred_thousand_snapshots_wear_all_blocks_alike() -> None:
    geometry = Geometry(size=6 * 32, erase_size=32, page_size=32)
    nor, state, random = Nor(geometry), Ring(geometry), Random(7)
    texts = [random.randbytes(random.randrange(60)) for _ in range(50)]
    for number in range(100_000):
        state = nor.run(write(state, texts[number % 50]))
    assert sum(nor.erased) > 100_000
    assert max(nor.erased) <= 1.1 * min(nor.erased)
    assert readable(nor)[0] == texts[99_999 % 50]


def test_a_flipped_bit_damages_one_snapshot_only() -> None:
    nor, state = filled(SMALL, content(1), content(2))
    newest = state.slots[0]
    nor.memory[newest.first * 64 + SMALL.header + 40] ^= 0x10
    with pytest.raises(DamagedSlotError, match="snapshot 2 in the flash is damaged"):
        nor.run(read(state, newest))
    again = nor.run(scan(SMALL))
    assert again.readable is not None
    assert again.readable.sequence == 1
    # The only one that is whole is not overwritten, though it is next in turn.
    for number in range(3, 6):
        again = nor.run(write(again, content(number)))
        assert readable(nor)[0] == content(number)


def test_what_does_not_fit_changes_nothing() -> None:
    nor, state = filled(SMALL, content(1))
    before = bytes(nor.memory)
    with pytest.raises(TooLargeError, match=r"400 bytes do not fit into the flash, where 288 are"):
        nor.run(write(state, content(2, 400)))
    assert bytes(nor.memory) == before
    nor.run(write(state, content(2, 288)))
    with pytest.raises(TooLargeError):
        Ring(SMALL).next_slot(bytes(513))


def test_a_chip_that_does_not_take_what_is_written_is_found_out() -> None:
    class Stuck(Nor):
        def _program(self, address: int, data: bytes) -> None:
            super()._program(address, bytes((data[0] & 0xFE, *data[1:])))

    nor = Stuck(SMALL)
    with pytest.raises(VerificationError, match="worn out or write-protected"):
        nor.run(write(Ring(SMALL), b"\xff" * 40))
    assert nor.run(scan(SMALL)).slots == ()


def test_a_limit_may_change_without_losing_what_is_there() -> None:
    nor, _ = filled(SMALL, content(1), content(2), content(3))
    limited = Geometry(512, 64, 16, limit=300)
    assert limited.blocks == 4
    state = nor.run(scan(limited))
    assert [slot.sequence for slot in state.slots] == [3, 2]
    state = nor.run(write(state, content(4, 30)))
    assert readable(nor)[0] == content(4, 30)
    nor.run(write(nor.run(scan(SMALL)), content(5)))
    assert readable(nor)[:2] == [content(5), content(4, 30)]


def test_a_large_chip_has_blocks_that_are_quickly_looked_through() -> None:
    assert (LARGE.block, LARGE.blocks, LARGE.header) == (65536, 256, 256)
    assert Geometry(1 << 20, 4096, 256).block == 4096


def test_a_chip_too_small_for_two_snapshots_is_refused() -> None:
    with pytest.raises(RingError, match="64 bytes hold no two blocks of 64"):
        Geometry(64, 64, 16)


def test_nothing_is_erased_that_is_not_needed() -> None:
    state = Ring(SMALL)
    operations = list(_operations(state, content(1, 10)))
    assert [each for each in operations if isinstance(each, Erase)] == [Erase(0, 64)]


def _operations(state: Ring, text: bytes) -> list[Operation]:
    seen = []

    class Watched(Nor):
        def do(self, operation: Operation) -> bytes:
            seen.append(operation)
            return super().do(operation)

    Watched(SMALL).run(write(state, text))
    return seen
