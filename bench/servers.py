"""What is measured, as processes: the installed gateway, and the echo server beside it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field

from bench.wire import Wire

PROGRAM = Path(sys.executable).parent / "iqrf-trio"

READY_S = 30.0

_TICKS = os.sysconf("SC_CLK_TCK")


@define(eq=False)
class Server:
    """A process that listens; `started_s` is from exec to the line that says so."""

    url: str
    token: str | None
    started_s: float
    _process: subprocess.Popen[str] = field(repr=False)

    @property
    def memory_mb(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    @property
    def cpu_s(self) -> float:
        """Processor time that it has used."""
        words = (
            Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        )
        return (int(words[11]) + int(words[12])) / _TICKS

    def connect(self) -> Wire:
        """A client's connection."""
        return Wire(self.url, self.token)


@contextmanager
def gateway(*sets: str, nodes: int = 12, speed: float = 0) -> Iterator[Server]:
    """The installed gateway on a simulated mesh, with a state of its own."""
    with tempfile.TemporaryDirectory(prefix="iqrf-trio-bench-") as directory:
        token = Path(directory) / "token"
        settings = [f"simulator.nodes={nodes}", f"simulator.speed={speed}", *sets]
        words = [str(PROGRAM), "run", "--simulate", "--port", "0", "--state-dir", directory]
        words += ["--log-level", "info", "--token-file", str(token)]
        for setting in settings:
            words += ["--set", setting]
        with _process(words, directory) as (process, url, started):
            end = time.monotonic() + READY_S
            while not token.exists() or not token.read_text("utf-8").endswith("\n"):
                if time.monotonic() > end:
                    raise RuntimeError("the gateway made no token")
            yield Server(url, token.read_text("utf-8").strip(), started, process)


@contextmanager
def echo() -> Iterator[Server]:
    """The echo server."""
    with _process([sys.executable, "-m", "bench.echo"], str(Path.cwd())) as (process, url, started):
        yield Server(url, None, started, process)


@contextmanager
def _process(words: list[str], cwd: str) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as said:
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, text=True, cwd=cwd)
        try:
            url = _url_in(Path(said.name), process)
            yield process, url, time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _url_in(said: Path, process: subprocess.Popen[str]) -> str:
    end = time.perf_counter() + READY_S
    while time.perf_counter() < end:
        text = said.read_text("utf-8")
        if found := re.search(r"ready: (ws://\S+)\n", text):
            return found[1]
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {text}")
        time.sleep(0.002)
    raise RuntimeError("the server did not get ready")
