"""What the ways out cost: a broker that is away, HTTP, and a scrape of the metrics."""

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest

from bench.asking import wait_for_radio
from bench.counting import count
from bench.load import Outcome, drive, load_of
from bench.overhead import RAW, VERSION, summary
from bench.rows import Figure, Mark, Row
from bench.servers import gateway, instant
from protocol.outward.exposition import render
from tests.protocol.outward.test_cost import TheirCollector, large
from tests.protocol.outward.test_metrics import everything

ROUNDS = 5
SECONDS = 1.2
CLIENTS = 10

STARTS = 5
SCRAPES = 25

SHARE = 1.05
"""So many times what a gateway without it takes may one with MQTT, or with HTTP, take."""

SCRAPE_SHARE = 0.25
"""Of the time that the library of Prometheus takes for the same samples."""

NOBODY = "mqtt.url=mqtt://127.0.0.1:9"
"""The port "discard", on which nobody listens."""


def measure() -> Iterator[Row]:
    """Each pair by turns, so that a slow moment of the machine hits both."""
    yield from _broker_away()
    yield from _http()
    yield from _scrape()


def _broker_away() -> Iterator[Row]:
    """By processor time, and by the calls of functions, which no noise touches."""
    yield from calls()
    capacity = "queue.network_capacity=64"
    with (
        instant() as one,
        instant() as other,
        gateway(capacity, coordinator=one) as without,
        gateway(capacity, NOBODY, coordinator=other) as away,
    ):
        for server in (without, away):
            wait_for_radio(server, server.connect())
        for name, text in (("iqrfRaw", RAW), ("mngDaemon_Version", VERSION)):
            rounds: tuple[list[Outcome], list[Outcome]] = [], []
            for _ in range(ROUNDS):
                for server, outcomes in zip((without, away), rounds, strict=True):
                    outcomes.append(drive(load_of(server, text, CLIENTS, SECONDS)))
            bare, ours = map(summary, rounds)
            mark = Mark(SHARE * bare.cpu_us, at_least=False)
            title = f"{name}, {CLIENTS} clients, a broker away, CPU"
            share, note = ours.cpu_us / bare.cpu_us, f"rate {ours.rate / bare.rate:.2f} of it"
            yield Row(title, ours.cpu_us, "µs", share, "of without MQTT", mark, note)


def calls() -> Iterator[Row]:
    """What a request takes with a broker that is away, against one without MQTT."""
    without, away = count((RAW, VERSION)), count((RAW, VERSION), more=(NOBODY,))
    for name, bare, ours in zip(("iqrfRaw", "mngDaemon_Version"), without, away, strict=True):
        mark = Mark(SHARE * bare.python_calls, at_least=False)
        share = ours.python_calls / bare.python_calls
        title = f"{name}, {CLIENTS} clients, a broker away, Python calls"
        yield Row(title, ours.python_calls, "", share, "of without MQTT", mark)


def _http() -> Iterator[Row]:
    began: dict[str, list[float]] = {"off": [], "0": []}
    memory: dict[str, list[float]] = {"off": [], "0": []}
    for _ in range(STARTS):
        for port, times in began.items():
            with gateway(f"http.port={port}") as server:
                wait_for_radio(server, server.connect())
                times.append(server.cpu_s)
                memory[port].append(server.memory_mb)
    for name, unit, found in (("start, CPU", "s", began), ("memory after start", "MB", memory)):
        without, ours = min(found["off"]), min(found["0"])
        mark = Mark(SHARE * without, at_least=False)
        yield Row(f"HTTP on, {name}", ours, unit, ours / without, "of HTTP off", mark)


def _scrape() -> Iterator[Row]:
    network, latest = large()
    registry = CollectorRegistry()
    registry.register(TheirCollector(everything(latest, network)))
    ours, theirs = [], []
    for _ in range(SCRAPES):
        ours.append(_took(lambda: "".join(render(everything(latest, network)))))
        theirs.append(_took(lambda: generate_latest(registry)))
    mine, library = min(ours), min(theirs)
    mark = Mark(SCRAPE_SHARE * library, at_least=False)
    title = "a scrape of 239 nodes with 3 sensors, CPU"
    yield Row(title, mine, "ms", mine / library, "of prometheus-client", mark)


def _took(work: Callable[[], object]) -> float:
    """Processor time in milliseconds."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


FIGURE = Figure("The ways out: MQTT, HTTP, metrics", measure)
