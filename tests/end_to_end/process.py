"""The installed command as a process: started, watched until it is ready, and ended."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from attrs import define, field

PROGRAM = Path(sys.executable).parent / "iqrf-trio"

READY_S = 20.0 * float(os.environ.get("SLOWNESS", "1"))
"""For a program to say the awaited line, on a busy machine."""


@define(eq=False)
class Program:
    """A running command; `said` is what it has printed, stdout and stderr together.

    `silent` is set once it will say no more.
    """

    process: trio.Process
    said: str = ""
    _more: trio.Event = field(factory=trio.Event)
    silent: trio.Event = field(factory=trio.Event)

    async def listen(self) -> None:
        """Collect what the command prints, until it ends."""
        assert self.process.stdout is not None
        async for chunk in self.process.stdout:
            self.said += chunk.decode()
            self._more.set()
        self.silent.set()
        self._more.set()

    async def line(self, text: str) -> str:
        """The first line that holds `text`, as soon as it is there."""
        with trio.move_on_after(READY_S):
            while True:
                whole = self.said.splitlines(keepends=True)
                for line in whole:
                    if text in line and line.endswith("\n"):
                        return line.strip()
                assert not self.silent.is_set(), f"{text!r} was never said:\n{self.said}"
                self._more = trio.Event()
                await self._more.wait()
        raise AssertionError(f"{text!r} was not said in {READY_S} s:\n{self.said}")

    async def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, and give the exit code."""
        self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def program(
    *words: str, cwd: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Program]:
    """`iqrf-trio` with these words, killed in the end if it still runs."""
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(
            [str(PROGRAM), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
        )
        running = Program(process)
        nursery.start_soon(running.listen)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


async def done(words: Sequence[str], cwd: Path, *, code: int = 0) -> str:
    """What a command prints, stdout and stderr together; its exit code must be `code`."""
    async with program(*words, cwd=cwd) as running:
        with trio.fail_after(60):
            assert await running.process.wait() == code, running.said
        await running.silent.wait()
    return running.said
