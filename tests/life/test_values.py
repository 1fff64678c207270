"""Sensor values that pass by are kept, also where the shutdown meets a locked database."""

from pathlib import Path

import pytest
import trio

from iqrf_trio.store import opening
from iqrf_trio.store.spill import UNSTORED
from tests.life.gateway import Life, alive, copy_of, known_network, live, locked, stopped


@pytest.fixture(autouse=True)
def _busy_for_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SHORT_BUSY_TIMEOUT_S", 0.001)


def values(life: Life, address: int) -> set[object]:
    """What the gateway knows of a device's sensors."""
    device = life.running.gateway.store.network.get(address)
    assert device is not None
    return {sensor.value for sensor in device.sensors}


@pytest.mark.parametrize("held_for", [0.3, 20.0])
def test_a_locked_database_costs_no_value(tmp_path: Path, held_for: float) -> None:
    """The report comes while somebody holds the database, and the signal while he still does."""
    token = trio.run(known_network, tmp_path / "known")
    state = copy_of(tmp_path / "known", tmp_path / "state")

    async def first() -> None:
        async with alive(state, token) as life:
            assert values(life, 1) == {None}
            with locked(life.database):
                life.mesh.emit_report(1, trio.current_time())
                await trio.sleep(held_for)
                await stopped(life)

    async def second() -> None:
        async with alive(state, token) as life:
            await trio.sleep(0.1)
            assert None not in values(life, 1)
            assert not (state / UNSTORED).exists()

    live(first)
    assert (state / UNSTORED).exists()
    live(second)


def test_values_wait_for_a_database_that_is_locked_for_long(tmp_path: Path) -> None:
    token = trio.run(known_network, tmp_path / "known")

    async def run() -> None:
        async with alive(tmp_path / "known", token) as life:
            with locked(life.database):
                life.mesh.emit_report(1, trio.current_time())
                await trio.sleep(30)
            await trio.sleep(30)
            assert None not in values(life, 1)

    live(run)
