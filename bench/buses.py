"""Ports with simulated modules behind them: what the bus carries, and what waiting costs."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from bench.rows import Figure, Mark, Row, number
from iqrf_trio.simulator.files.plan import generate
from protocol.dpa.peripherals.coordinator import addr_info
from protocol.dpa.peripherals.os import os_read
from protocol.dpa.timing import LOCAL_MS
from protocol.link import spi
from tests.end_to_end.buses import module
from tests.iqrf_trio.simulator.serving.spi_wire import Wire

KINDS = ("spi", "uart", "cdc", "tcp")
UNICAST_MS = 160.0
"""Two slots of 40 ms there and two back: a node in direct range, by the timing model."""


def measure() -> Iterator[Row]:
    """The SPI by counting, the others by the clock."""
    yield from _spi_bus()
    for kind in KINDS:
        with TemporaryDirectory(prefix="iqrf-trio-bench-") as directory:
            figures = trio.run(_probe, kind, Path(directory))
        yield Row(f"{kind}: local command", figures["local"], "ms")
        unicast = figures["unicast"]
        mark = Mark(1.05 * UNICAST_MS, at_least=False)
        note = f"the simulated coordinator takes {LOCAL_MS} ms of it before the air"
        ratio = unicast / UNICAST_MS
        yield Row(f"{kind}: unicast", unicast, "ms", ratio, "of air time", mark, note)
        yield _idle(kind, figures)
        yield _lag(kind, figures)


def _idle(kind: str, figures: Mapping[str, float]) -> Row:
    waking = figures.get("waking_percent")
    note = f"a thread that wakes up as often and does nothing: {waking:.2f} %" if waking else ""
    mark = Mark(1.0, at_least=False)
    return Row(
        f"{kind}: processor time when idle", figures["idle_percent"], "%", mark=mark, note=note
    )


def _lag(kind: str, figures: Mapping[str, float]) -> Row:
    """What the port adds to the lag that timers have on this machine anyway."""
    with_it, without = figures["lag"], figures["empty_lag"]
    note = (
        f"{number(with_it)} ms, of {number(figures['samples'])} samples; an empty loop in turn: "
        f"{number(without)} ms; longest garbage collection: {number(figures['collection'])} ms"
    )
    mark = Mark(5.0, at_least=False)
    return Row(
        f"{kind}: adds to the loop's p99.9 lag", with_it - without, "ms", mark=mark, note=note
    )


def _spi_bus() -> Iterator[Row]:
    """Bus time of a transaction, next to its packets with two looks at the status before each."""
    for name, call in (("AddrInfo", addr_info()), ("OS Read", os_read(0))):
        wire = Wire(generate(5, 1))
        wire.ask(addr_info().request)
        before_us, before = wire.bus_us, wire.slave.shifted
        (frame,) = wire.ask(call.request)
        took_ms = (wire.bus_us - before_us) / 1000
        least_ms = (
            sum(
                spi.duration_us(len(each) + 4, spi.FAST_GAP_US)
                + 2 * spi.duration_us(1, spi.FAST_GAP_US)
                for each in (call.request.encode(), frame)
            )
            / 1000
        )
        note = f"{wire.slave.shifted - before} bytes"
        mark = Mark(1.1 * least_ms, at_least=False)
        ratio = took_ms / least_ms
        yield Row(f"spi: bus time of {name}", took_ms, "ms", ratio, "of the least", mark, note)


async def _probe(kind: str, directory: Path) -> Mapping[str, float]:
    async with module(kind, directory, speed=1.0) as it:
        words = [sys.executable, "-m", "bench.port_probe", f"port.kind={kind}", *it.settings]
        environment = os.environ | dict(it.environment)
        done = await trio.run_process(words, capture_stdout=True, env=environment)
    figures: Mapping[str, float] = json.loads(done.stdout)
    return figures


FIGURE = Figure("Buses (simulator at speed 1)", measure)
