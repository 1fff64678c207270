"""A gateway without clients, on a simulated mesh: what an enumeration works with, and its bill."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Port
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.enumeration import Enumeration, Interview, Order
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import Store, inline
from iqrf_trio.wiring import products
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.api.db import Step
from protocol.dpa.call import Call
from protocol.dpa.peripherals.coordinator import discovery
from protocol.network.network import Device, Network

Told = tuple[Step, int, str]

STEPS = [(step, 0, "ok") for step in Step]
"""What a run with standards tells when all goes well."""
WITHOUT_STANDARDS = [told for told in STEPS if told[0] not in {Step.STANDARDS, Step.STANDARDS_DONE}]


@define(eq=False)
class Pupil:
    """Who waits for an enumeration: `told` so far, and `over` after the last word."""

    told: list[Told] = field(factory=list)
    over: trio.Event = field(factory=trio.Event)
    _steps: defaultdict[Step, trio.Event] = field(factory=lambda: defaultdict(trio.Event))

    def progress(self, step: Step, status: int, text: str) -> None:
        assert not self.over.is_set(), "the last word was said before"
        self.told.append((step, status, text))
        self._steps[step].set()
        if status or step is Step.FINISHED:
            self.over.set()

    async def reached(self, step: Step) -> None:
        await self._steps[step].wait()


@define(eq=False)
class School:
    """Everything below the handlers.

    `services` is what a shutdown ends first, `unasked` what was told of runs that nobody ordered.
    """

    mesh: Mesh
    store: Store
    scheduler: Scheduler
    transceiver: Transceiver
    enumeration: Enumeration
    nursery: trio.Nursery
    services: trio.CancelScope
    unasked: list[Told]

    @property
    def network(self) -> Network:
        return self.store.network

    def device(self, address: int) -> Device:
        device = self.network.get(address)
        assert device is not None
        return device

    def start(self, *, reenumerate: bool = False, standards: bool = False) -> Pupil:
        pupil = Pupil()
        self.enumeration.start(Order(pupil.progress, reenumerate=reenumerate, standards=standards))
        return pupil

    async def learn(self, *, reenumerate: bool = False, standards: bool = False) -> list[Told]:
        """A whole enumeration; what was told."""
        pupil = self.start(reenumerate=reenumerate, standards=standards)
        await pupil.over.wait()
        return pupil.told

    async def cost(self, *, reenumerate: bool = False, standards: bool = False) -> int:
        """Radio transactions of an enumeration that succeeds."""
        before = self.mesh.counters.radio
        told = await self.learn(reenumerate=reenumerate, standards=standards)
        assert told[-1] == STEPS[-1]
        return self.mesh.counters.radio - before

    async def call(self, call: Call[object]) -> object:
        """What a client does by a raw message."""
        return await self.transceiver.call(call)

    async def discover(self) -> None:
        await self.transceiver.call(discovery(7, 0))

    def written(self) -> int:
        """Rows that were written since the store was opened."""
        return self.store._database._connection.total_changes

    def silence(self, *addresses: int) -> None:
        for address in addresses:
            self.mesh.node(address).online = False

    def wake(self) -> None:
        for node in self.mesh.world.nodes:
            node.online = True


@asynccontextmanager
async def school(
    state: Path,
    mesh: Mesh,
    *,
    after_bonding: bool = False,
    port: Port | None = None,
) -> AsyncIterator[School]:
    """Under a virtual clock, and with real air time."""
    unasked: list[Told] = []
    async with Store.open(state / "iqrf-trio.db", hop=inline) as store, trio.open_nursery() as core:
        scheduler = Scheduler()
        enumeration: Enumeration
        transceiver = Transceiver(
            port or SimulatorPort(mesh),
            on_async=lambda _: None,
            on_answer=lambda outcome: enumeration.observe(outcome),  # noqa: PLW0108 - it is to come
        )
        enumeration = Enumeration(
            Interview(transceiver, scheduler),
            store,
            lambda *told: unasked.append(told),
            products.load(),
            after_bonding,
        )
        await core.start(transceiver.run)
        await core.start(scheduler.run_network)
        services = trio.CancelScope()

        async def serve() -> None:
            with services:
                await enumeration.run()

        core.start_soon(serve)
        if port is None:
            await transceiver.wait_connected()
        yield School(mesh, store, scheduler, transceiver, enumeration, core, services, unasked)
        core.cancel_scope.cancel()
