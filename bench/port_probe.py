"""A transceiver alone on a port: `python -m bench.port_probe KEY=VALUE ...` measures it as JSON."""

import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial

import trio

from bench.lag import Collections, EmptyLoop, p999_ms, sample
from iqrf_trio.config import load
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.wiring.ports import port_of
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import addr_info
from protocol.link.spi_master import IDLE_POLL_S

LOCAL, UNICASTS = 60, 12
IDLE_S, TIMES = 3.0, 2
"""Processor time is what the least disturbed of several measurements says."""

SLICE_S, SLICES = 1.0, 5
"""The loop with the port and an empty one are measured in turn."""

NODE_1 = Request(1, 0x06, 0x03)


async def main() -> None:
    """Print one line of JSON: milliseconds, and percent of a processor."""
    config = load(None, sys.argv[1:], environment={})
    transceiver = Transceiver(port_of(config), on_async=lambda _: None)
    figures: dict[str, float] = {}
    if config.port.kind == "spi":
        figures["waking_percent"] = await _least_percent(_wake)
    async with trio.open_nursery() as nursery:
        await nursery.start(transceiver.run)
        await transceiver.wait_connected()
        await trio.sleep(1.5)
        figures["idle_percent"] = await _least_percent(partial(trio.sleep, IDLE_S))
        figures["local"] = await _each_ms(transceiver, addr_info().request, LOCAL)
        figures["unicast"] = await _each_ms(transceiver, NODE_1, UNICASTS)
        figures |= await _lags(transceiver, nursery)
        nursery.cancel_scope.cancel()
    print(json.dumps(figures))


async def _each_ms(transceiver: Transceiver, request: Request, times: int) -> float:
    """The median time of a transaction."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        outcome = await transceiver.transact(request)
        took.append(time.perf_counter() - began)
        outcome.raise_for_status()
    return sorted(took)[times // 2] * 1000


async def _least_percent(doing: Callable[[], Awaitable[None]]) -> float:
    """The processor time of doing something, in percent of the time it takes."""
    shares = []
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        await doing()
        shares.append((time.process_time() - used) / (time.perf_counter() - began) * 100)
    return min(shares)


async def _wake() -> None:
    """Have a thread wake up as often as one does that polls, and do nothing else."""

    def wake() -> None:
        never = threading.Lock()
        never.acquire()
        for _ in range(int(IDLE_S / IDLE_POLL_S)):
            never.acquire(timeout=IDLE_POLL_S)

    await trio.to_thread.run_sync(wake)


async def _lags(transceiver: Transceiver, nursery: trio.Nursery) -> dict[str, float]:
    """How late the loop is under load, next to an empty one."""
    empty = await EmptyLoop.start(nursery)
    collections = Collections()
    slices: list[list[float]] = []
    for _ in range(SLICES):
        await empty.sample(SLICE_S)
        async with trio.open_nursery() as load:
            load.start_soon(_keep_busy, transceiver)
            slices.append(await sample(SLICE_S, collections))
            load.cancel_scope.cancel()
    return {
        "samples": sum(map(len, slices)),
        "lag": p999_ms(slices),
        "empty_lag": p999_ms(empty.slices),
        "collection": collections.longest_s * 1000,
    }


async def _keep_busy(transceiver: Transceiver) -> None:
    while True:
        await transceiver.transact(addr_info().request)


if __name__ == "__main__":
    trio.run(main)
