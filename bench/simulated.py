"""Radio transactions and seconds on the air, on a virtual clock: what a real mesh would feel."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from math import ceil
from pathlib import Path
from random import Random

import trio
from attrs import define, field
from trio.testing import MockClock

from bench.rows import Figure, Mark, Row
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.enumeration import Enumeration, Interview, Order
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.simulator.files.plan import assemble, generate, positions, supply, unused_mids
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS
from iqrf_trio.store import Store, inline
from iqrf_trio.wiring import products
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.api.db import Step
from protocol.dpa.timing import RfMode
from protocol.readings.reading import Reading
from protocol.readings.settings import SensorSettings

_ALIKE, _ALIKE_MOST = 200, 48
"""Nodes of one product, and the transactions that their enumeration may take."""


@define(eq=False)
class _Gateway:
    """A gateway without clients."""

    mesh: Mesh
    store: Store
    enumeration: Enumeration
    worker: SensorWorker
    reported: "_Reported"

    async def enumerate_network(self) -> tuple[int, float]:
        """Radio transactions and seconds."""
        over = trio.Event()

        def progress(step: Step, status: int, text: str) -> None:
            if status:
                raise RuntimeError(f"enumeration, step {step}: {text}")
            if step is Step.FINISHED:
                over.set()

        before, began = self.mesh.counters.radio, trio.current_time()
        self.enumeration.start(Order(progress, standards=True))
        await over.wait()
        return self.mesh.counters.radio - before, trio.current_time() - began

    async def read(self) -> tuple[int, float]:
        """Radio transactions and seconds."""
        before, began = self.mesh.counters.radio, trio.current_time()
        self.worker.start()
        await self.reported.over.wait()
        return self.mesh.counters.radio - before, trio.current_time() - began


@define
class _Reported:
    over: trio.Event = field(factory=trio.Event)

    def started(self, _settings: SensorSettings, _number: int, _at: datetime) -> None:
        """Nobody listens."""

    def finished(self, _settings: SensorSettings, _number: int, _reading: Reading) -> None:
        """The cycle is over."""
        self.over.set()


@asynccontextmanager
async def _gateway(mesh: Mesh) -> AsyncIterator[_Gateway]:
    with tempfile.TemporaryDirectory(prefix="iqrf-trio-bench-") as directory:
        path = Path(directory) / "iqrf-trio.db"
        async with Store.open(path, hop=inline) as store, trio.open_nursery() as nursery:
            scheduler, reported = Scheduler(), _Reported()
            transceiver = Transceiver(SimulatorPort(mesh), on_async=lambda _: None)
            enumeration = Enumeration(
                Interview(transceiver, scheduler),
                store,
                lambda *_: None,
                products.load(),
                after_bonding=False,
            )
            now = partial(datetime.now, UTC)
            worker = SensorWorker(SensorSettings(), transceiver, scheduler, store, reported, now)
            await nursery.start(transceiver.run)
            await nursery.start(scheduler.run_network)
            nursery.start_soon(enumeration.run)
            nursery.start_soon(worker.run)
            await transceiver.wait_connected()
            yield _Gateway(mesh, store, enumeration, worker, reported)
            nursery.cancel_scope.cancel()


async def _measure(nodes: int) -> list[Row]:
    mesh = generate(nodes)
    async with _gateway(mesh) as gateway:
        first, first_s = await gateway.enumerate_network()
        again, again_s = await gateway.enumerate_network()
        rounds, rounds_s = await gateway.read()
        least = _least_rounds(gateway)
    bound = 1 + 3 * ceil(nodes / 15) + 4 * len(PRODUCTS)
    return [
        Row(
            f"enumeration, {nodes} nodes, first",
            first,
            "transactions",
            first / bound,
            "of the bound",
            Mark(bound, at_least=False),
            f"{first_s:.0f} s",
        ),
        Row(
            f"enumeration, {nodes} nodes, repeated",
            again,
            "transactions",
            mark=Mark(0, at_least=False),
            note=f"{again_s:.2f} s",
        ),
        Row(
            f"reading, {nodes} nodes",
            rounds,
            "FRC rounds",
            rounds / least,
            "of the minimum",
            Mark(least, at_least=False),
            f"{rounds_s:.0f} s",
        ),
    ]


async def _measure_alike() -> Row:
    async with _gateway(_alike(_ALIKE)) as gateway:
        count, seconds = await gateway.enumerate_network()
    return Row(
        f"enumeration, {_ALIKE} nodes of one product",
        count,
        "transactions",
        mark=Mark(_ALIKE_MOST, at_least=False),
        note=f"{seconds:.0f} s",
    )


def _alike(count: int) -> Mesh:
    """A mesh of so many nodes of one product."""
    random = Random(1)
    mid, *mids = unused_mids(count + 1, random)
    nodes = [
        Node(mid, PRODUCTS[0], nadr=address, supply=supply(random), position=place)
        for address, (mid, place) in enumerate(zip(mids, positions(count, random), strict=True), 1)
    ]
    return assemble(mid, GATEWAY, nodes, random, loss=0.0, rf_mode=RfMode.STD)


def _least_rounds(gateway: _Gateway) -> int:
    """What the capacity of FRC allows: 31 values of two bytes, 63 of one, 15 of four."""
    owners: dict[tuple[int, int], int] = {}
    for node in gateway.store.network.nodes:
        for sensor in node.sensors:
            key = sensor.type, sensor.type_index
            owners[key] = owners.get(key, 0) + 1
    nodes = len(gateway.store.network.nodes)
    return 2 * ceil(nodes / 63) + sum(
        ceil(count / (31 if kind < 0x80 else 63 if kind < 0xA0 else 15))
        for (kind, _), count in owners.items()
    )


def measure() -> Iterator[Row]:
    """Meshes of all products, and one of many nodes of the same."""
    for nodes in (10, 50, 239):
        yield from trio.run(_measure, nodes, clock=MockClock(autojump_threshold=0))
    yield trio.run(_measure_alike, clock=MockClock(autojump_threshold=0))


FIGURE = Figure("On the air (virtual clock, real air time)", measure)
