"""A history that cannot be kept: told in the log and in health, and nothing else suffers."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.services.history.history import RETRY_S
from tests.iqrf_trio.http.client import ask
from tests.life.gateway import Life, alive, copy_of, known_network, live

Play = Callable[[Life], Awaitable[None]]

DAY_S = 86400

pytestmark = pytest.mark.slow


def mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own for the history."""
    path = tmp_path / "card"
    path.mkdir()
    if os.geteuid() or not mount("-t", "tmpfs", "-o", "size=512k", "card", str(path)):
        pytest.skip("nobody may mount here")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


async def health(life: Life) -> Any:
    assert life.running.http_url is not None
    return (await ask(life.running.http_url, "/healthz/history", life.token)).json


async def read_once(life: Life) -> None:
    """All sensors are read once more, and what they tell reaches the store."""
    worker = life.running.gateway.worker
    before = worker.measurements.latest.last_cycle
    if not worker.reading:
        worker.invoke()
    while worker.measurements.latest.last_cycle is before:  # noqa: ASYNC110 - no event for it
        await trio.sleep(1)
    cycle = worker.measurements.latest.last_cycle
    assert cycle is not None
    assert not cycle.reading.failure
    await trio.sleep(1)
    sensors = [each for node in life.running.gateway.store.network.nodes for each in node.sensors]
    assert any(each.value is not None for each in sensors)


async def kept(life: Life) -> int:
    """How many values the history has."""
    history = life.running.gateway.history
    assert history is not None
    return sum([len(rows) async for rows in history.export(*span(life))])


def span(life: Life) -> tuple[int, int]:
    now = int(life.running.gateway.now().timestamp())
    return now - DAY_S, now + DAY_S


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The state of a gateway that knows its network, and a token for it."""
    state = tmp_path_factory.mktemp("known") / "state"
    return state, trio.run(known_network, state)


def run(known: tuple[Path, str], tmp_path: Path, history: Path, play: Play) -> None:
    state = copy_of(known[0], tmp_path / "state")

    async def lives() -> None:
        sets = ("sensor_data.auto_run=true", f"history.path={history}")
        async with alive(state, known[1], *sets) as life:
            await play(life)

    live(lives)


def test_a_damaged_one_begins_anew(
    known: tuple[Path, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "history.db"
    file.write_bytes(b"rotten" * 5000)

    async def play(life: Life) -> None:
        await read_once(life)
        assert "a new history begins" in caplog.text
        await trio.sleep(RETRY_S + 1)
        assert (await health(life))["status"] in {"pass", "warn"}
        assert await kept(life)

    run(known, tmp_path, file, play)


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_one_that_cannot_be_written_is_told_until_it_can(
    kind: str, known: tuple[Path, str], card: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ballast = card / "ballast"

    def break_it() -> None:
        if kind == "read-only":
            assert mount("-o", "remount,ro", str(card))
        else:
            subprocess.run(
                ["dd", "if=/dev/zero", f"of={ballast}"], capture_output=True, check=False
            )

    def mend() -> None:
        if kind == "read-only":
            assert mount("-o", "remount,rw", str(card))
        else:
            ballast.unlink()

    async def play(life: Life) -> None:
        break_it()
        try:
            await read_once(life)
            told = await health(life)
            assert told["status"] == "fail"
            assert "the last write failed" in told["reason"]
            assert caplog.text.count("the history is not written") == 1
            await read_once(life)
        finally:
            mend()
        await trio.sleep(RETRY_S + 1)
        assert (await health(life))["status"] in {"pass", "warn"}
        assert await kept(life), "what was read meanwhile is there"

    run(known, tmp_path, card / "history.db", play)
