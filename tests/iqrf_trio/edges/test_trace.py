import json
import logging
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
import trio

from iqrf_trio.config import ConfigError, load
from iqrf_trio.edges import trace as module
from iqrf_trio.edges.trace import MAX_BYTES, MAX_WAITING, TraceFile
from iqrf_trio.wiring.ports import trace_of

SET_SECURITY = bytes.fromhex("0000 02 06 ffff 01 000102030405060708090a0b0c0d0e0f")


@asynccontextmanager
async def tracing(path: Path, *, keys: bool = False) -> AsyncIterator[TraceFile]:
    """A trace that is written in the background, and wholly in the end."""
    trace = TraceFile(path, keys)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trace.run)
        yield trace
        nursery.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", 0.001)


async def written(path: Path, lines: int) -> None:
    while _lines(path) < lines:
        await trio.lowlevel.checkpoint()


def _lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


async def test_each_frame_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    async with tracing(path) as trace:
        trace("out", b"\x00\x00\x02\x00\xff\xff")
        await written(path, 1)
        trace("in", b"\xab")
    out, in_ = map(json.loads, path.read_text().splitlines())
    assert (out["direction"], out["frame"]) == ("out", "00.00.02.00.ff.ff")
    assert (in_["direction"], in_["frame"]) == ("in", "ab")
    assert datetime.fromisoformat(out["time"]) <= datetime.fromisoformat(in_["time"])
    assert out["time"].endswith("Z")


async def test_it_goes_on_where_it_was_and_after_it_was_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    async with tracing(path) as trace:
        trace("out", b"\x01")
    async with tracing(path) as trace:
        trace("out", b"\x01")
        await written(path, 2)
        path.rename(tmp_path / "elsewhere")
        trace("out", b"\x02")
        await written(path, 1)
    assert (tmp_path / "elsewhere").read_text().count("\n") == 2


async def test_a_disk_that_is_full_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        async with tracing(Path("/dev/full")) as trace:
            trace("out", b"\x01")
            while not caplog.messages:
                await trio.lowlevel.checkpoint()
            trace("out", b"\x02")
    assert caplog.messages == ["/dev/full: No space left on device; frames are missing in it"]


async def test_what_it_takes_on_the_disk_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    path.write_text("x" * (MAX_BYTES - 10))
    async with tracing(path) as trace:
        trace("out", b"\x01")
        await written(tmp_path / "trace.1", 1)
        trace("out", b"\x02")
    assert [json.loads(line)["frame"] for line in path.read_text().splitlines()] == ["02"]
    path.write_text("x" * MAX_BYTES)
    TraceFile(path)
    assert os.listdir(tmp_path) == ["trace.1"]  # noqa: PTH208 - short enough to block


async def test_a_disk_that_hangs_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = Event(), Event()

    def hang(*_: object) -> None:
        begun.set()
        go_on.wait(10)

    async with tracing(tmp_path / "trace") as trace:
        monkeypatch.setattr(module, "_append", hang)
        monkeypatch.setattr(module, "LAST_S", 0.01)
        trace("out", b"\x00")
        assert await trio.to_thread.run_sync(begun.wait, 10)
        for _ in range(MAX_WAITING + 5):
            trace("out", b"\x01")
    go_on.set()
    assert "the disk is too slow, 5 frames are missing" in caplog.text


@pytest.mark.parametrize("before", [None, 0o644])
async def test_only_its_owner_may_read_it(tmp_path: Path, before: int | None) -> None:
    path = tmp_path / "trace"
    if before is not None:
        path.touch(before)
        path.chmod(before)
    async with tracing(path) as trace:
        trace("out", b"\x01")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("keys", [False, True])
async def test_keys_of_the_network_stand_in_it_where_that_is_asked_for(
    tmp_path: Path, keys: bool
) -> None:
    path = tmp_path / "trace"
    settings = load(
        None, [f"port.trace={path}", f"port.trace_keys={str(keys).lower()}"], environment={}
    )
    trace = trace_of(settings)
    assert trace
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trace.run)
        trace("out", SET_SECURITY)
        await written(path, 1)
        nursery.cancel_scope.cancel()
    frame = json.loads(path.read_text())["frame"]
    assert frame == (
        "00.00.02.06.ff.ff.01." + ".".join(f"{byte:02x}" if keys else "**" for byte in range(16))
    )


def test_without_a_name_nothing_is_traced() -> None:
    assert trace_of(load(None, [], environment={})) is None


def test_a_file_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    config = load(None, [f"port.trace={tmp_path}{os.sep}no{os.sep}where"], environment={})
    with pytest.raises(ConfigError, match=r"port\.trace No such file or directory; name a file"):
        trace_of(config)
