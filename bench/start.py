"""Memory and start: what the gateway takes before and after work, and how soon it serves."""

from collections.abc import Iterator

from bench.asking import wait_for_radio
from bench.load import drive, load_of
from bench.overhead import RAW, VERSION
from bench.rows import Figure, Mark, Row
from bench.servers import gateway

_STARTS = 3
_WORK_S = 7.0
"""For each of the two kinds of requests that memory is measured around."""


def measure() -> Iterator[Row]:
    """The best of three starts; memory around tens of thousands of requests."""
    listening, serving, failed = [], [], 0
    for _ in range(_STARTS):
        with gateway() as server:
            listening.append(server.started_s)
            first = wait_for_radio(server, server.connect())
            serving.append(first.at_s)
            failed += first.failed
    yield Row("exec to listening", min(listening), "s", mark=Mark(0.6, at_least=False))
    yield Row("exec to the first answer", min(serving), "s", mark=Mark(0.8, at_least=False))
    yield Row("requests failed before it", failed, "requests", mark=Mark(0, at_least=False))
    with gateway() as server:
        wait_for_radio(server, server.connect())
        before = server.memory_mb
        yield Row("memory after start", before, "MB", mark=Mark(45, at_least=False))
        count = sum(drive(load_of(server, text, 10, _WORK_S)).requests for text in (RAW, VERSION))
        after = server.memory_mb
        note = f"{count:,} requests"
        yield Row("memory after requests", after, "MB", after / before, "of start", note=note)


FIGURE = Figure("Memory and start", measure)
