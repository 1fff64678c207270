"""Memory and start: what the gateway takes before and after work, and how soon it serves."""

from collections.abc import Iterator

from bench.asking import wait_for_radio
from bench.load import Load, drive
from bench.overhead import RAW
from bench.rows import Figure, Mark, Row
from bench.servers import gateway

_STARTS = 3


def measure() -> Iterator[Row]:
    """The best of three starts; memory around twenty seconds of requests."""
    listening, serving = [], []
    for _ in range(_STARTS):
        with gateway() as server:
            listening.append(server.started_s)
            serving.append(wait_for_radio(server, server.connect()))
    yield Row("exec to listening", min(listening), "s", mark=Mark(0.6, at_least=False))
    yield Row("exec to the first answer", min(serving), "s", mark=Mark(0.8, at_least=False))
    with gateway() as server:
        wait_for_radio(server, server.connect())
        before = server.memory_mb
        yield Row("memory after start", before, "MB", mark=Mark(45, at_least=False))
        outcome = drive(Load(server.url, server.token, RAW, 10, 20.0))
        after = server.memory_mb
        count = f"{24 * outcome.rate:,.0f} requests"
        yield Row("memory after requests", after, "MB", after / before, "of start", note=count)


FIGURE = Figure("Memory and start", measure)
