"""DPA commands as messages: what they cost beside iqrfRaw, and their rows at the start."""

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from bench.asking import message, wait_for_radio
from bench.counting import count
from bench.load import drive, load_of
from bench.rows import Figure, Mark, Row
from bench.servers import Server, gateway, instant

RAW = message("iqrfRaw", {"rData": "00.00.02.00.ff.ff"})
READ = message("iqrfEmbedOs_Read", {"nAdr": 0, "param": {}})
"""The same command of DPA, one of those with the longest answers."""

CLIENTS, ROUNDS, SECONDS = 10, 5, 1.0

MOST = 1.25
"""Times what the same iqrfRaw takes."""

SHARE = 0.05
"""Of the start, and of the memory after it."""

_START = """
import importlib, json, resource, sys, time
import iqrf_trio.daemon
whole = time.process_time()
room = [name for name in sys.modules if name.startswith("protocol.api.dpa.")]
took = []
for _ in range(5):
    began = time.process_time()
    for name in room:
        importlib.reload(sys.modules[name])
    took.append(time.process_time() - began)
import tracemalloc
tracemalloc.start()
before = tracemalloc.get_traced_memory()[0]
kept = [dict(vars(sys.modules[name])) for name in room]
for name in room:
    importlib.reload(sys.modules[name])
size = tracemalloc.get_traced_memory()[0] - before
resident = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([min(took), whole, size, resident]))
"""
"""Makes everything of these messages once more: seconds and bytes of it, and of the whole."""


def measure() -> Iterator[Row]:
    """One and the same command, by turns as bytes and as a message of its own."""
    raw_us, read_us = _processor_time()
    yield Row("iqrfRaw of OS Read, CPU", raw_us, "µs")
    mark = Mark(MOST * raw_us, at_least=False)
    yield Row("iqrfEmbedOs_Read, CPU", read_us, "µs", read_us / raw_us, "of iqrfRaw", mark)
    yield from counted()


def counted() -> Iterator[Row]:
    """The part that is the same on every machine, or nearly so."""
    raw, read = count((RAW, READ))
    mark = Mark(MOST * raw.python_calls, at_least=False)
    yield Row("iqrfRaw of OS Read, Python calls", raw.python_calls, "")
    ratio = read.python_calls / raw.python_calls
    yield Row("iqrfEmbedOs_Read, Python calls", read.python_calls, "", ratio, "of iqrfRaw", mark)
    yield from _start()


def _processor_time() -> tuple[float, float]:
    with (
        instant() as coordinator,
        gateway("queue.network_capacity=64", coordinator=coordinator) as server,
    ):
        wait_for_radio(server, server.connect())
        rounds = [(_one(server, RAW), _one(server, READ)) for _ in range(ROUNDS)]
    return median(raw for raw, _ in rounds), median(read for _, read in rounds)


def _one(server: Server, text: str) -> float:
    return drive(load_of(server, text, CLIENTS, SECONDS)).cpu_us


def _start() -> Iterator[Row]:
    """What the rows of all these messages take, of everything that a gateway imports."""
    ran = subprocess.run([sys.executable, "-c", _START], check=True, capture_output=True)
    took, whole, size, resident = json.loads(ran.stdout)
    mark = Mark(1000 * SHARE * whole, at_least=False)
    yield Row("rows of DPA commands, CPU", 1000 * took, "ms", took / whole, "of imports", mark)
    mark = Mark(SHARE * resident / 1e6, at_least=False)
    share = size / resident
    yield Row("rows of DPA commands, memory", size / 1e6, "MB", share, "of imports", mark)


FIGURE = Figure("DPA commands as messages", measure)
