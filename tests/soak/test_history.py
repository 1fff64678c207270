"""A year of values of a large network, on a clock that jumps: the history stays within its size."""

import os
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from protocol.readings.history import DAY_S, Level
from tests.iqrf_trio.services.history.test_history import MID, START, Rig, running

HOURS = float(os.environ.get("HOURS", "1"))

DAYS = 365
FULL = 717
"""Values of a cycle: 239 nodes with 3 sensors."""

SHARE = min(1.0, HOURS)
"""Of a large network; whole it takes some twenty minutes."""

MAX_BYTES = int(SHARE * 256e6)


def size(path: Path) -> int:
    """On the disk, with what is not written back yet."""
    names = (path, path.with_name(f"{path.name}-wal"))
    return sum(each.stat().st_size for each in names if each.exists())


async def month(rig: Rig, days: int) -> None:
    for _ in range(days * 144):
        await rig.cycle(nodes=round(SHARE * FULL))
        await trio.sleep(600)


@pytest.mark.soak
async def test_a_year_of_a_large_network(tmp_path: Path, autojump_clock: MockClock) -> None:
    sizes = []
    async with running(tmp_path, MAX_BYTES) as rig:
        for begun in range(0, DAYS, 30):
            await month(rig, min(30, DAYS - begun))
            sizes.append(size(rig.path))
            assert rig.history.status.error == ""
            assert rig.history.status.bytes <= MAX_BYTES
            assert sizes[-1] <= 1.1 * MAX_BYTES + 8_000_000
        now = int(rig.now().timestamp())
        year = await rig.history.find(MID, 0, now - DAYS * DAY_S, now)
        week = await rig.history.find(MID, 0, now - 7 * DAY_S, now)
        assert year is not None
        assert week is not None
        assert (year.level, week.level) == (Level.DAILY, Level.SAMPLE)
        assert year.points[0].at < START.timestamp() + 2 * DAY_S
        assert len(year.points) >= DAYS - 2
        assert len(week.points) == 7 * 144
    print(f"{SHARE:.0%} of {FULL} values: {[round(each / 1e6) for each in sizes]} MB")
