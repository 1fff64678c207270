"""SIGTERM while the gateway starts: it ends without having served."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio import config, daemon
from iqrf_trio.shutdown import GRACE_S, Share
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store import DATABASE_NAME, Store, inline, opening
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.life.gateway import live, locked

T = TypeVar("T")

HOP_S = 0.3
"""What each access to the disk takes in these tests."""


@pytest.fixture(autouse=True)
def _busy_for_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SHORT_BUSY_TIMEOUT_S", 0.001)


async def slowly(work: Callable[[], T], /) -> T:
    """A hop to a slow disk."""
    await trio.sleep(HOP_S)
    return work()


async def stopped_after(state: Path, moment: float) -> float:
    """Start a gateway, and give the signal at that moment; returns how long it took to end."""
    settings = config.load(None, ["websocket.port=0", f"gateway.state_dir={state}"], environment={})
    stop, port = trio.Event(), SimulatorPort(generate(3), 1.0)

    async def signal() -> None:
        await trio.sleep(moment)
        stop.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(signal)
        await daemon.run(settings, port=port, stop=stop, hop=slowly)
        return trio.current_time() - moment


@given(moment=st.floats(0, 4))
def test_it_ends_at_any_moment_of_the_start(moment: float) -> None:
    async def run() -> None:
        with TemporaryDirectory() as folder:
            assert await stopped_after(Path(folder), moment) <= 2.0

    live(run)


@given(moment=st.floats(0, 4))
def test_a_start_that_waits_for_a_locked_database_ends_as_well(moment: float) -> None:
    async def run() -> None:
        with TemporaryDirectory() as folder:
            database = Path(folder) / DATABASE_NAME
            async with Store.open(database, hop=inline):
                pass
            with locked(database):
                assert await stopped_after(Path(folder), moment) <= GRACE_S * Share.FAREWELL

    live(run)
