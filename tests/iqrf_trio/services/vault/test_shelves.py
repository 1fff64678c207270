"""Both kinds of shelves look the same from outside, also when others write to them."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import ClassVar, TypeVar

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.flash import Flash
from iqrf_trio.services.vault.files import VaultError, lock
from iqrf_trio.services.vault.shelves import LOCK_PATIENCE_S, LOCK_RETRY_S, FlashShelf, Shelf
from iqrf_trio.simulator.flash import FlashChip, PowerFailureError
from tests.iqrf_trio.services.vault.house import START, file_shelf, flash_shelf, small_chip

T = TypeVar("T")


def content(number: int, size: int = 9000) -> bytes:
    return Random(number).randbytes(size)


async def contents(shelf: Shelf) -> list[bytes]:
    return [await entry.read() for entry in await shelf.entries()]


@pytest.mark.parametrize("kind", ["files", "flash"])
async def test_the_newest_comes_first(tmp_path: Path, kind: str) -> None:
    chip = small_chip()

    def make() -> Shelf:
        return file_shelf(tmp_path) if kind == "files" else flash_shelf(chip, tmp_path)

    shelf = make()
    assert shelf.name == kind
    assert await contents(shelf) == []
    for number in range(3):
        await shelf.add(content(number), START)
    assert await contents(shelf) == [content(2), content(1), content(0)]
    assert await contents(make()) == [content(2), content(1), content(0)]


async def test_who_writes_to_the_flash_sees_what_others_have_written(tmp_path: Path) -> None:
    chip = small_chip()
    mine, theirs = flash_shelf(chip, tmp_path), flash_shelf(chip, tmp_path)
    assert await mine.add(content(1), START) == "flash 1"
    assert await theirs.add(content(2), START) == "flash 2"
    assert await mine.add(content(3), START) == "flash 3"
    assert await contents(theirs) == [content(3), content(2), content(1)]


async def test_a_failure_half_way_is_looked_at_anew(tmp_path: Path) -> None:
    chip = small_chip()
    shelf = flash_shelf(chip, tmp_path)
    await shelf.add(content(1), START)
    chip.power = 5000
    with pytest.raises(PowerFailureError):
        await shelf.add(content(2), START)
    chip.restart()
    assert await contents(shelf) == [content(1)]
    await shelf.add(content(3), START)
    assert (await contents(shelf))[0] == content(3)


async def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="300000 bytes do not fit into the flash"):
        await flash_shelf(small_chip(), tmp_path).add(bytes(300_000), START)


class Watched(FlashChip):
    """Notes how many bytes each hop moves."""

    hops: ClassVar[list[int]] = []

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        self.hops[-1] += len(sent)
        return super().transfer(sent, speed_hz)


async def test_the_bus_is_free_between_the_pieces(tmp_path: Path) -> None:
    """Each hop to a thread is one read of a kilobyte, one page, or the erasing of one block."""

    async def hop(work: Callable[[], T], /) -> T:
        await trio.lowlevel.checkpoint()
        Watched.hops.append(0)
        return work()

    chip = Watched(bytearray(b"\xff" * (256 * 1024)))
    shelf = FlashShelf(lambda: Flash.detect(chip, 1e6), tmp_path / "flash.lock", hop)
    await shelf.add(content(1), START)
    assert len([moved for moved in Watched.hops if moved]) > 9000 // 256
    assert max(Watched.hops) < 1200


async def test_the_chip_is_opened_again_after_it_was_let_go(tmp_path: Path) -> None:
    shelf = flash_shelf(small_chip(), tmp_path)
    await shelf.add(content(1), START)
    await shelf.close()
    await shelf.close()
    assert await contents(shelf) == [content(1)]


# Somebody else, a command, writes to the flash.


async def test_who_writes_waits_for_the_lock(tmp_path: Path, autojump_clock: MockClock) -> None:
    shelf, held = flash_shelf(small_chip(), tmp_path), lock(tmp_path / "flash.lock")
    assert held is not None

    async def let_go() -> None:
        await trio.sleep(3)
        os.close(held)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(let_go)
        await shelf.add(content(1), START)
    assert 3 <= trio.current_time() <= 3 + LOCK_RETRY_S
    assert await contents(shelf) == [content(1)]


async def test_the_wait_for_the_lock_ends(tmp_path: Path, autojump_clock: MockClock) -> None:
    shelf, held = flash_shelf(small_chip(), tmp_path), lock(tmp_path / "flash.lock")
    assert held is not None
    with trio.move_on_after(1) as scope:
        await shelf.add(content(1), START)
    assert scope.cancelled_caught
    with pytest.raises(VaultError, match="somebody else writes"):
        await shelf.add(content(1), START)
    assert trio.current_time() == pytest.approx(1 + LOCK_PATIENCE_S, abs=LOCK_RETRY_S)
    os.close(held)
    await shelf.add(content(1), START)
