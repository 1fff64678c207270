"""The gateway as a service: what it tells systemd, how it takes signals, what it writes where."""

import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from iqrf_trio.edges.websocket import connect
from tests.iqrf_trio.cli.process import ROOT, Command, python
from tests.iqrf_trio.service_manager import ServiceManager, service_manager

pytestmark = pytest.mark.slow

WRITES = """
import os, sys
from pathlib import Path
from urllib.parse import urlsplit

def watch(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not isinstance(path, int):
            print("writes", os.path.abspath(os.fsdecode(path)), flush=True)
    elif event == "sqlite3.connect":
        name = os.fspath(arguments[0])
        path = urlsplit(name).path if name.startswith("file:") else name
        print("writes", path, flush=True)
    elif event in {"os.mkdir", "os.rename", "os.symlink", "os.link"}:
        print("writes", os.path.abspath(os.fsdecode(arguments[0])), flush=True)

sys.addaudithook(watch)
from iqrf_trio.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""Starts the command, and says what it opens for writing."""


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@asynccontextmanager
async def service(
    directory: Path, manager: ServiceManager, settings: str = "", watchdog_s: float = 0.6
) -> AsyncIterator[Command]:
    """The gateway as systemd would start it, with `settings` in its file."""
    (directory / "etc.toml").write_text(settings)
    words = ("run", "-c", "etc.toml", "--simulate", "--port", "0", "--state-dir", "state")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": str(int(watchdog_s * 1e6)),
    }
    async with python("-c", WRITES, *words, directory=directory, env=environment) as running:
        yield running


async def test_the_life_of_a_service(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        async with service(tmp_path, manager) as running:
            ready = await manager.hears_of("READY")
            async with connect(ready["STATUS"]):
                pass  # it listens already
            await manager.hears_of("WATCHDOG")
            running.process.send_signal(signal.SIGHUP)
            assert int((await manager.hears_of("RELOADING"))["MONOTONIC_USEC"]) > 0
            assert (await manager.hears_of("READY"))["STATUS"] == ready["STATUS"]
            await manager.hears_of("WATCHDOG")
            running.process.send_signal(signal.SIGTERM)
            await manager.hears_of("STOPPING")
            assert await running.ended() == 0
        assert "WATCHDOG=1" not in manager.heard()


async def test_a_process_that_hangs_says_nothing(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        async with service(tmp_path, manager) as running:
            await manager.hears_of("WATCHDOG")
            running.process.send_signal(signal.SIGSTOP)
            await trio.to_thread.run_sync(os.waitid, os.P_PID, running.process.pid, os.WSTOPPED)
            manager.heard()
            with trio.move_on_after(1.0) as patience:
                await manager.hears()
            assert patience.cancelled_caught
            running.process.send_signal(signal.SIGCONT)
            await manager.hears_of("WATCHDOG")


async def test_signals_change_the_log_and_reload_the_file(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        async with service(tmp_path, manager) as running:
            await running.says("ready: ")
            running.process.send_signal(signal.SIGUSR1)
            await running.says("logging from debug on")
            running.process.send_signal(signal.SIGUSR2)
            await running.says("logging from info on")
            (tmp_path / "etc.toml").write_text("[websocket]\nmax_clients = 0\n")
            running.process.send_signal(signal.SIGHUP)
            await running.says("the configuration stays as it was: etc.toml: websocket.max_clients")
            (tmp_path / "etc.toml").write_text('[log]\njson = true\n[port]\nkind = "uart"\n')
            running.process.send_signal(signal.SIGHUP)
            await running.says("reloaded; changed: log.json")
            assert await running.end(signal.SIGTERM) == 0


async def test_nothing_is_written_outside_the_state_directory(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        async with service(tmp_path, manager) as running:
            await running.says("ready: ")
            assert await running.end(signal.SIGTERM) == 0
    state = tmp_path / "state"
    written = {
        Path(line.removeprefix("writes "))
        for line in running.said.splitlines()
        if line.startswith("writes ")
    }
    inside = {state / "iqrf-trio.db", Path("state/iqrf-trio.db")}
    assert written & inside
    elsewhere = {
        path
        for path in written
        if not (tmp_path / path).is_relative_to(state) and path != Path("/dev/null")
    }
    assert elsewhere == set()
    assert names_in(tmp_path) == {"etc.toml", "notify", "state"}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "iqrf-trio.db").stat().st_mode) == 0o600
