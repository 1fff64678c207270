"""Request overhead: what a request costs on its way through the whole gateway."""

from collections.abc import Iterator

from bench.asking import LED_PULSE_AT_COORDINATOR, message, wait_for_radio
from bench.load import Load, Outcome, drive
from bench.rows import Figure, Mark, Row
from bench.servers import Server, echo, gateway

SECONDS = 4.0

RAW = message("iqrfRaw", LED_PULSE_AT_COORDINATOR)
VERSION = message("mngDaemon_Version")

_RAW_MARKS = {1: Mark(2050), 10: Mark(3500), 40: Mark(3300)}
_P99_MARKS = {1: Mark(1.05, at_least=False), 10: Mark(7.0, at_least=False)}
_VERSION_MARKS = {1: Mark(2850), 10: Mark(9500)}

_NEARLY_ALL = 0.95
"""Of a core: a load that takes more may be what limits the figure."""


def measure() -> Iterator[Row]:
    """Closed loop: each client sends its next request when it has its answer."""
    with echo() as yardstick, gateway("queue.network_capacity=64") as server:
        wait_for_radio(server, server.connect())
        for clients in (1, 10, 40):
            bare = _drive(yardstick, RAW, clients)
            yield Row(f"echo, {clients} clients", bare.rate, "/s", note=_note(bare))
            yield from _raw(server, clients, bare)
            if clients in _VERSION_MARKS:
                outcome = _drive(server, VERSION, clients)
                yield Row(
                    f"mngDaemon_Version, {clients} clients",
                    outcome.rate,
                    "/s",
                    outcome.rate / bare.rate,
                    "of echo",
                    _VERSION_MARKS[clients],
                    _note(outcome),
                )


def _raw(server: Server, clients: int, bare: Outcome) -> Iterator[Row]:
    outcome = _drive(server, RAW, clients)
    name = f"iqrfRaw to the coordinator, {clients} clients"
    mark = _RAW_MARKS[clients]
    ratio = outcome.rate / bare.rate
    yield Row(name, outcome.rate, "/s", ratio, "of echo", mark, _note(outcome))
    yield Row(f"{name}, p50", outcome.p50, "ms", outcome.p50 / bare.p50, "of echo")
    p99 = _P99_MARKS.get(clients)
    yield Row(f"{name}, p99", outcome.p99, "ms", outcome.p99 / bare.p99, "of echo", p99)


def _drive(server: Server, text: str, clients: int) -> Outcome:
    return drive(Load(server.url, server.token, text, clients, SECONDS))


def _note(outcome: Outcome) -> str:
    notes = [f"{outcome.refused} refused"] if outcome.refused else []
    if outcome.busy > _NEARLY_ALL:
        notes.append("the load was the bottleneck")
    return ", ".join(notes)


FIGURE = Figure("Request overhead (simulator at speed 0)", measure)
