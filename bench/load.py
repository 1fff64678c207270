"""The load: a process of its own that keeps one request under way on each of its connections."""

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence

from attrs import asdict, frozen

from bench.servers import Server, cpu_s
from bench.wire import Wire, frame


@frozen
class Load:
    """What to do: connect `clients` times, send `message` over and over for `seconds`.

    `pid` is the server's process.
    """

    url: str
    token: str | None
    pid: int
    message: str
    clients: int
    seconds: float


@frozen
class Outcome:
    """What came of it; times in milliseconds.

    `cpu_us` is the server's processor time per request in microseconds, `busy` the share of a
    core that the load took.
    """

    requests: int
    rate: float
    p50: float
    p99: float
    refused: int
    cpu_us: float
    busy: float


def load_of(server: Server, message: str, clients: int, seconds: float) -> Load:
    """This load on this server."""
    return Load(server.url, server.token, server.pid, message, clients, seconds)


def drive(load: Load) -> Outcome:
    """Have the load done in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        timeout=60 + 2 * load.seconds,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load failed: {done.stderr}")
    return Outcome(**json.loads(done.stdout))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _work(load: Load) -> Outcome:
    request = frame(load.message)
    wires = [Wire(load.url, load.token) for _ in range(load.clients)]
    with selectors.DefaultSelector() as selector:
        for wire in wires:
            selector.register(wire, selectors.EVENT_READ, wire)
        _closed_loop(selector, wires, request, load.seconds / 5)
        began, spent, used = time.perf_counter(), time.process_time(), cpu_s(load.pid)
        times, refused = _closed_loop(selector, wires, request, load.seconds)
        used = cpu_s(load.pid) - used
        took, busy = time.perf_counter() - began, time.process_time() - spent
    for wire in wires:
        wire.close()
    ordered = sorted(times)
    return Outcome(
        requests=len(ordered),
        rate=len(ordered) / took,
        p50=1000 * percentile(ordered, 0.5),
        p99=1000 * percentile(ordered, 0.99),
        refused=refused,
        cpu_us=1_000_000 * used / len(ordered),
        busy=busy / took,
    )


def _closed_loop(
    selector: selectors.BaseSelector, wires: Sequence[Wire], request: bytes, seconds: float
) -> tuple[list[float], int]:
    """The time of each answered request, and how many were refused."""
    now = time.perf_counter
    end = now() + seconds
    sent = {}
    for wire in wires:
        sent[wire] = now()
        wire.socket.sendall(request)
    times: list[float] = []
    refused = 0
    while sent:
        for key, _ in selector.select(5):
            wire = key.data
            wire.fill()
            while (answer := wire.take()) is not None:
                at = now()
                times.append(at - sent.pop(wire))
                refused += '"messageError"' in answer
                if at < end:
                    sent[wire] = at
                    wire.socket.sendall(request)
    return times, refused


if __name__ == "__main__":
    json.dump(asdict(_work(Load(**json.load(sys.stdin)))), sys.stdout)
