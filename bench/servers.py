"""What is measured, as processes: the installed gateway, and the echo server beside it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from attrs import define, field

from bench.wire import Wire

PROGRAM = Path(sys.executable).parent / "iqrf-trio"

READY_S = 30.0

STOP_S = 10.0

_READY = re.compile(r"ready: (\w+://\S+)\n")

_NOT_COMPILED = "PYTHONDONTWRITEBYTECODE"

_CPU_CLOCK = 2
"""CPUCLOCK_SCHED of Linux: what the scheduler says that all threads of a process have used."""


@define(eq=False)
class Server:
    """A process that listens; `started_s` is from exec to the line that says so."""

    url: str
    token: str | None
    started_s: float
    _process: subprocess.Popen[str] = field(repr=False)
    _wires: list[Wire] = field(factory=list, repr=False)

    @property
    def memory_mb(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """Processor time that it has used."""
        return cpu_s(self.pid)

    def connect(self) -> Wire:
        """A client's connection."""
        wire = Wire(self.url, self.token)
        self._wires.append(wire)
        return wire

    def hang_up(self) -> None:
        """Close all connections: a server that stops waits a while for clients to part."""
        for wire in self._wires:
            wire.close()


def cpu_s(pid: int) -> float:
    """Processor time of a whole process in seconds, threads that have ended included.

    The number of its clock is the one that the C library's clock_getcpuclockid gives.
    """
    return time.clock_gettime((~pid << 3) | _CPU_CLOCK)


@contextmanager
def state_dir() -> Iterator[str]:
    """A directory for what a gateway keeps from one start to the next."""
    with tempfile.TemporaryDirectory(prefix="iqrf-trio-bench-") as directory:
        yield directory


@contextmanager
def gateway(
    *sets: str,
    nodes: int = 12,
    speed: float = 0,
    state: str | None = None,
    coordinator: str | None = None,
) -> Iterator[Server]:
    """The installed gateway, with a state of its own unless one is given.

    It has a simulated mesh, or the `coordinator` behind this URL (`tcp://`).
    """
    if coordinator is None:
        words = [str(PROGRAM), "run", "--simulate"]
        module = [f"simulator.nodes={nodes}", f"simulator.speed={speed}"]
    else:
        words = [str(PROGRAM), "run"]
        module = tcp_settings(coordinator)
    with nullcontext(state) if state else state_dir() as directory:
        token = Path(directory) / "token"
        words += [
            "--port",
            "0",
            "--state-dir",
            directory,
            "--log-level",
            "info",
            "--token-file",
            str(token),
        ]
        for setting in (*module, *sets):
            words += ["--set", setting]
        with _process(words, directory) as (process, url, started):
            end = time.monotonic() + READY_S
            while not token.exists() or not token.read_text("utf-8").endswith("\n"):
                if time.monotonic() > end:
                    raise RuntimeError("the gateway made no token")
            server = Server(url, token.read_text("utf-8").strip(), started, process)
            try:
                yield server
            finally:
                server.hang_up()


def tcp_settings(coordinator: str) -> list[str]:
    """The configuration of a gateway whose coordinator is behind this URL."""
    where = urlsplit(coordinator)
    return ["port.kind=tcp", f"port.tcp.host={where.hostname}", f"port.tcp.port={where.port}"]


@contextmanager
def echo() -> Iterator[Server]:
    """The echo server."""
    words = [sys.executable, "-m", "bench.echo"]
    with _process(words, str(Path.cwd())) as (process, url, started):
        yield Server(url, None, started, process)


@contextmanager
def instant() -> Iterator[str]:
    """The URL of a coordinator that answers at once, over TCP, in a process of its own."""
    with _process([sys.executable, "-m", "bench.instant"], str(Path.cwd())) as (_, url, _started):
        yield url


def as_installed() -> dict[str, str]:
    """An installed program has its modules compiled; so has this one from the second start on."""
    return {name: value for name, value in os.environ.items() if name != _NOT_COMPILED}


@contextmanager
def _process(words: list[str], cwd: str) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=said, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=as_installed()
        )
        try:
            url = _url_in(Path(said.name), process)
            yield process, url, time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _url_in(said: Path, process: subprocess.Popen[str]) -> str:
    end = time.perf_counter() + READY_S
    while time.perf_counter() < end:
        text = said.read_text("utf-8")
        if found := _READY.search(text):
            return found[1]
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {text}")
        time.sleep(0.002)  # a file tells nobody that it has grown
    raise RuntimeError("the server did not get ready")
