"""A level that was changed goes back by itself."""

import logging
from collections.abc import Iterator

import pytest
import trio

from iqrf_trio import logs
from iqrf_trio.services.log_levels import FOR_S, LogLevels


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    logs.start("info", areas={"port": "error"})
    yield
    logs.start("info")


@pytest.mark.parametrize(("area", "level"), [("port", "error"), ("session", "info"), ("", "info")])
async def test_it_goes_back(
    area: str, level: str, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    logging.getLogger(f"{logs.AREA_ROOT}.session")
    levels = LogLevels()
    nursery.start_soon(levels.run)
    assert levels.left_s(area) is None
    levels.change(area, "debug")
    await trio.sleep(FOR_S - 1)
    assert (logs.level_of(area), levels.left_s(area)) == ("debug", 1.0)
    levels.change(area, "warning")
    await trio.sleep(FOR_S - 1)
    assert logs.level_of(area) == "warning", "each change begins its time anew"
    await trio.sleep(2)
    assert (logs.level_of(area), levels.left_s(area)) == (level, None)


async def test_it_goes_back_to_what_a_reload_has_brought(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    levels = LogLevels()
    nursery.start_soon(levels.run)
    levels.change("port", "debug")
    await trio.sleep(1)
    logs.start("warning")
    await trio.sleep(FOR_S)
    assert logs.level_of("port") == "warning"


async def test_it_goes_back_at_the_end(autojump_clock: trio.testing.MockClock) -> None:
    levels = LogLevels()
    async with trio.open_nursery() as services:
        services.start_soon(levels.run)
        levels.change("port", "debug")
        await trio.sleep(1)
        services.cancel_scope.cancel()
    assert logs.level_of("port") == "error"
