"""Request overhead: what a request costs on its way through the whole gateway."""

from collections.abc import Iterator, Sequence
from statistics import median

from attrs import evolve

from bench.asking import LED_PULSE_AT_COORDINATOR, message, wait_for_radio
from bench.load import Outcome, drive, load_of
from bench.rows import Figure, Mark, Row, number
from bench.servers import Server, echo, gateway, instant

ROUNDS = 3
SECONDS = 1.2
"""Of one load: short, and echo and gateway by turns, so that a slow moment hits both."""

RAW = message("iqrfRaw", LED_PULSE_AT_COORDINATOR)
VERSION = message("mngDaemon_Version")

MOST = 40
"""Clients, where a queue of 64 still has room for the request of each."""

_RAW_MARKS = {1: Mark(2050), 10: Mark(3500), MOST: Mark(3300)}
_P99_MARKS = {1: Mark(1.05, at_least=False), 10: Mark(7.0, at_least=False)}
_VERSION_MARKS = {1: Mark(2850), 10: Mark(9500)}

_RAW_CPU = {10: 2.1}
_VERSION_CPU = {10: 1.0}
"""Processor time of a request, as a multiple of the echo's."""

_NEARLY_ALL = 0.95
"""Of a core: a load that takes more may be what limits the figure."""


def measure() -> Iterator[Row]:
    """Closed loop: each client sends its next request when it has its answer."""
    with (
        echo() as yardstick,
        instant() as coordinator,
        gateway("queue.network_capacity=64", coordinator=coordinator) as server,
    ):
        wait_for_radio(server, server.connect())
        for clients in (1, 10, MOST):
            loads = {"echo": (yardstick, RAW), "raw": (server, RAW)}
            if clients in _VERSION_MARKS:
                loads["version"] = server, VERSION
            outcomes = _by_turns(loads, clients)
            bare, raw = outcomes["echo"], outcomes["raw"]
            yield Row(f"echo, {clients} clients", bare.rate, "/s", note=_note(bare))
            yield Row(f"echo, {clients} clients, CPU", bare.cpu_us, "µs")
            name = f"iqrfRaw to the coordinator, {clients} clients"
            yield from _against(bare, name, raw, _RAW_MARKS[clients], _RAW_CPU.get(clients))
            yield Row(f"{name}, p50", raw.p50, "ms", raw.p50 / bare.p50, "of echo")
            yield _p99(bare, name, raw, _P99_MARKS.get(clients))
            if clients == MOST:
                none = Mark(0, at_least=False)
                yield Row(f"{name}, refused", raw.refused, "requests", mark=none)
            if clients in _VERSION_MARKS:
                name = f"mngDaemon_Version, {clients} clients"
                ours, most = outcomes["version"], _VERSION_CPU.get(clients)
                yield from _against(bare, name, ours, _VERSION_MARKS[clients], most)


def _by_turns(loads: dict[str, tuple[Server, str]], clients: int) -> dict[str, Outcome]:
    rounds: dict[str, list[Outcome]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, (server, text) in loads.items():
            rounds[name].append(drive(load_of(server, text, clients, SECONDS)))
    return {name: summary(outcomes) for name, outcomes in rounds.items()}


def summary(rounds: Sequence[Outcome]) -> Outcome:
    """The rate of the fastest round, the median of each time, and all that was refused.

    A rate is spoilt by whoever else uses the machine; a p99 is what clients do meet.
    """
    return evolve(
        max(rounds, key=lambda each: each.rate),
        p50=median(each.p50 for each in rounds),
        p99=median(each.p99 for each in rounds),
        cpu_us=median(each.cpu_us for each in rounds),
        refused=sum(each.refused for each in rounds),
    )


def _against(
    bare: Outcome, name: str, ours: Outcome, mark: Mark, most: float | None
) -> Iterator[Row]:
    """The rate, and the processor time, which should be at most `most` times the echo's."""
    note = _note(ours, mark, bare.rate)
    yield Row(name, ours.rate, "/s", ours.rate / bare.rate, "of echo", mark, note)
    cpu_mark = Mark(most * bare.cpu_us, at_least=False) if most else None
    yield Row(f"{name}, CPU", ours.cpu_us, "µs", ours.cpu_us / bare.cpu_us, "of echo", cpu_mark)


def _p99(bare: Outcome, name: str, ours: Outcome, mark: Mark | None) -> Row:
    note = _note(ours, mark, bare.p99)
    return Row(f"{name}, p99", ours.p99, "ms", ours.p99 / bare.p99, "of echo", mark, note)


def _note(outcome: Outcome, mark: Mark | None = None, bare: float = 0.0) -> str:
    notes = []
    if mark and not mark.met(bare):
        notes.append(f"the bare echo reaches {number(bare)} here")
    if outcome.busy > _NEARLY_ALL:
        notes.append("the load was the bottleneck")
    return ", ".join(notes)


FIGURE = Figure("Request overhead (an instant coordinator over TCP)", measure)
