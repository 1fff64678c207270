"""A transceiver alone on a port: `python -m bench.port_probe KEY=VALUE ...` measures it as JSON."""

import gc
import json
import resource
import sys
import time

import trio

from iqrf_trio.config import load
from iqrf_trio.edges.ports.of_config import port_of
from iqrf_trio.transceiver import Transceiver
from protocol.dpa import commands
from protocol.dpa.packet import Request

LOCAL, UNICASTS = 200, 20
IDLE_S = 10.0
SAMPLE_S = 0.001
BARE_S = 3.0
"""How long the event loop is watched without anything in it."""

NODE_1 = Request(1, 0x06, 0x03)


async def main() -> None:
    """Print one line of JSON: milliseconds, and percent of a processor."""
    transceiver = Transceiver(
        port_of(load(None, sys.argv[1:], environment={})), on_async=lambda _: None
    )
    bare: list[float] = []
    lags: list[float] = []
    gc.disable()
    with trio.move_on_after(BARE_S):
        await _sample(bare)
    async with trio.open_nursery() as nursery:
        await nursery.start(transceiver.run)
        await transceiver.wait_connected()
        await trio.sleep(1.5)
        cpu = await _idle_percent()
        nursery.start_soon(_sample, lags)
        local = await _each_ms(transceiver, commands.addr_info().request, LOCAL)
        unicast = await _each_ms(transceiver, NODE_1, UNICASTS)
        nursery.cancel_scope.cancel()
    figures = {"local": local, "unicast": unicast, "idle_percent": cpu}
    print(json.dumps(figures | {"lag": _p999_ms(lags), "bare_lag": _p999_ms(bare)}))


async def _each_ms(transceiver: Transceiver, request: Request, times: int) -> float:
    """The median time of a transaction."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        outcome = await transceiver.transact(request)
        took.append(time.perf_counter() - began)
        outcome.raise_for_status()
    return sorted(took)[times // 2] * 1000


async def _idle_percent() -> float:
    began, used = time.perf_counter(), _cpu_s()
    await trio.sleep(IDLE_S)
    return (_cpu_s() - used) / (time.perf_counter() - began) * 100


async def _sample(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await trio.sleep(SAMPLE_S)
        lags.append(time.perf_counter() - began - SAMPLE_S)


def _p999_ms(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.999)] * 1000


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    trio.run(main)
