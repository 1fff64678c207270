"""Commands as processes of their own: for what needs signals, or an environment without tests."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from attrs import define, field

ROOT = Path(__file__).parents[3]

PATIENCE_S = 30.0
"""For a process to say or do what is waited for; it takes well below a second."""


@define
class Command:
    """A command that runs; `said` is all that it has printed so far."""

    process: trio.Process
    said: str = ""
    _output: trio.abc.ReceiveStream = field(init=False)

    def __attrs_post_init__(self) -> None:
        assert self.process.stdout is not None
        self._output = self.process.stdout

    async def says(self, words: str) -> str:
        """The rest of the first line with `words` in it, once it has come."""
        with trio.fail_after(PATIENCE_S):
            while words not in self.said or "\n" not in self.said.partition(words)[2]:
                chunk = await self._output.receive_some()
                assert chunk, f"ended without {words!r}: {self.said}"
                self.said += chunk.decode()
        return self.said.partition(words)[2].partition("\n")[0]

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, read to the end; returns the exit code."""
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Read until it ends by itself; returns the exit code."""
        with trio.fail_after(PATIENCE_S):
            async for chunk in self._output:
                self.said += chunk.decode()
            return await self.process.wait()


@asynccontextmanager
async def command(*words: str, directory: Path) -> AsyncIterator[Command]:
    """Run `iqrf-trio` with `words` in `directory`; stdout and stderr are one stream."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    async with python("-m", "iqrf_trio", *words, directory=directory, env=environment) as running:
        yield running


@asynccontextmanager
async def python(*words: str, directory: Path, env: Mapping[str, str]) -> AsyncIterator[Command]:
    """Run Python with `words`, killed in the end if it still runs."""
    process = await trio.lowlevel.open_process(
        [sys.executable, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=env,
    )
    running = Command(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        with trio.CancelScope(shield=True):
            await running._output.aclose()
            await process.wait()
