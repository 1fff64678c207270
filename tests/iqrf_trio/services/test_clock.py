"""The clock is asked often until it is synchronised, and seldom afterwards."""

import trio
from trio.testing import MockClock

from iqrf_trio.services.clock import LATER_S, SOON_S, Clock
from iqrf_trio.store.database import inline


async def test_how_often_it_is_asked(autojump_clock: MockClock) -> None:
    asked: list[float] = []

    def ask() -> bool | None:
        asked.append(trio.current_time())
        return len(asked) > 2

    clock = Clock(ask, inline)
    assert clock.synchronised is None
    with trio.move_on_after(2 * SOON_S + 1.5 * LATER_S):
        await clock.run()
    assert asked == [0, SOON_S, 2 * SOON_S, 2 * SOON_S + LATER_S]
    assert clock.synchronised is True
