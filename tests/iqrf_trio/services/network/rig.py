"""A gateway for network services: on a scripted coordinator, or on a mesh it can be killed over."""

import shutil
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trio
from attrs import define, field, frozen

from iqrf_trio import config
from iqrf_trio.config import Config
from iqrf_trio.edges.ports import Link, Port, PortError
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.announcements import Announcer
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.radio.memory import Memory
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.configurations import Configurations
from iqrf_trio.services.coordinators import Coordinators
from iqrf_trio.services.enumeration import Enumeration, Interview
from iqrf_trio.services.network.records import StoredRecords
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.states import OutputStates
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store, inline
from iqrf_trio.wiring.vault import keeper_of
from protocol.dpa.packet import Request
from protocol.dpa.transaction import Outcome
from protocol.readings.settings import SensorSettings
from tests.iqrf_trio.handlers.caller import Caller
from tests.iqrf_trio.radio.fakes import FakeCoordinator, Fault

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DATABASE = "iqrf-trio.db"

Frame = dict[str, str]


def now() -> datetime:
    return START + timedelta(seconds=trio.current_time())


@frozen(eq=False)
class Rig:
    """The parts of a gateway, and a client of it; who cancels `lanes` begins the shutdown."""

    gateway: Gateway
    store: Store
    caller: Caller
    lanes: trio.CancelScope
    configurations: Configurations

    @property
    def network(self) -> NetworkServices:
        return self.gateway.network


@asynccontextmanager
async def gateway(state: Path, port: Port, *, enumerating: bool = False) -> AsyncIterator[Rig]:
    """A gateway that has greeted its coordinator; `enumerating` it looks at the bonds itself."""
    state.mkdir(exist_ok=True)  # noqa: ASYNC240 - nobody waits beside it
    async with Store.open(state / DATABASE, hop=inline) as store, trio.open_nursery() as nursery:
        shutdown = Shutdown()
        coordinators = Coordinators(store, shutdown)
        memory = Memory(coordinators.recall, coordinators.note)
        configurations = Configurations(store, shutdown)

        def on_async(frame: bytes) -> None:
            parts.network.twins.frame(frame)

        def on_answer(outcome: Outcome) -> None:
            configurations.observe(outcome)
            if enumerating:
                enumeration.observe(outcome)

        transceiver = Transceiver(
            port,
            on_async=on_async,
            on_answer=on_answer,
            memory=memory,
            shutdown=shutdown,
        )
        scheduler, announcer = Scheduler(shutdown=shutdown), Announcer("gw", {})
        enumeration = Enumeration(Interview(transceiver, scheduler), store, lambda *_: None)
        parts = Gateway(
            ins_id="iqrfgd2-default",
            version="0",
            store=store,
            scheduler=scheduler,
            transceiver=transceiver,
            enumeration=enumeration,
            worker=SensorWorker(
                SensorSettings(), transceiver, scheduler, store, announcer, lambda: START
            ),
            local_time=lambda _: START,
            keeper=keeper_of(
                Config(config.Gateway(state_dir=state)),
                store,
                Devices(transceiver, scheduler),
                now,
                hop=inline,
            ),
            network=NetworkServices(
                transceiver,
                scheduler,
                store,
                shutdown,
                bookkeeper=enumeration,
                records=StoredRecords(store, configurations),
            ),
            states=OutputStates(store, transceiver, scheduler, Measurements(), lambda: START),
        )
        await enumeration.resume()
        parts.network.chance = lambda: 7
        await nursery.start(transceiver.run)
        lanes = trio.CancelScope()

        async def serve() -> None:
            with lanes:
                await scheduler.run_network()

        nursery.start_soon(serve)
        await nursery.start(scheduler.run_management)
        nursery.start_soon(coordinators.run)
        nursery.start_soon(configurations.run)
        nursery.start_soon(parts.network.run)
        if enumerating:
            nursery.start_soon(enumeration.run)
        await transceiver.wait_connected()
        yield Rig(parts, store, Caller(parts), lanes, configurations)
        nursery.cancel_scope.cancel()


@define(eq=False)
class Script(FakeCoordinator):
    """A coordinator that answers by a list of frames, once there is one.

    What is asked out of order, such as a question of the transceiver's own, is answered as a
    FakeCoordinator does.
    """

    frames: deque[Frame] = field(factory=deque)

    def answers(self, request: Request, fault: Fault) -> Iterator[tuple[float, bytes]]:
        if not self.frames or self.frames[0]["tx"] != request.encode().hex("."):
            yield from FakeCoordinator.answers(self, request, fault)
            return
        frame = self.frames.popleft()
        delay = 0.3
        if conf := frame.get("conf"):
            confirmation = bytes.fromhex(conf.replace(".", ""))
            yield 0.02, confirmation
            # An answer that comes before the routing can be over is taken for an earlier one.
            hops, timeslot, _ = confirmation[-3:]
            delay += (hops + 1) * timeslot / 100
        if rx := frame.get("rx"):
            yield delay, bytes.fromhex(rx.replace(".", ""))


@define(eq=False)
class MortalPort(Port):
    """A port over another one, at which the process dies: nothing gets through any more.

    The moments to die at are counted: each frame that was sent, and each that was received but
    not yet handed over. `dies_at` is the number of such a moment, counted from 0 since `armed`;
    `on_death` is called then. Where it is not `deadly`, everything goes on after that.
    """

    inner: Port
    dies_at: int | None = None
    on_death: Callable[[], None] = field(default=lambda: None)
    deadly: bool = True
    gone_until: float = 0.0
    """Until then (Trio's clock) the module is pulled out."""
    armed: bool = False
    moments: int = 0
    dead: trio.Event = field(factory=trio.Event)

    @property
    def name(self) -> str:
        return self.inner.name

    async def open(self) -> Link:
        self.check()
        return MortalLink(self, await self.inner.open())

    async def reset(self) -> None:
        await self.inner.reset()

    def check(self) -> None:
        """Raise PortError while the module is pulled out."""
        if trio.current_time() < self.gone_until:
            raise PortError("the module is gone")

    def moment(self) -> None:
        if not self.armed or self.dead.is_set():
            return
        if self.moments == self.dies_at:
            self.on_death()
            if self.deadly:
                self.dead.set()
        self.moments += 1


@define(eq=False)
class MortalLink(Link):
    port: MortalPort
    inner: Link

    async def send(self, frame: bytes) -> None:
        if self.port.dead.is_set():
            await trio.sleep_forever()
        self.port.check()
        await self.inner.send(frame)
        self.port.moment()

    async def receive(self) -> bytes:
        frame = await self.inner.receive()
        self.port.moment()
        self.port.check()
        if self.port.dead.is_set():
            await trio.sleep_forever()
        return frame

    async def aclose(self) -> None:
        await self.inner.aclose()


def copy_state(state: Path, to: Path) -> None:
    """What a killed process leaves on the disk."""
    to.mkdir()
    for file in state.glob(f"{DATABASE}*"):
        shutil.copy(file, to / file.name)


def exchanged(raw: Sequence[Any]) -> list[tuple[str, str]]:
    """Requests and responses of the records in `raw`."""
    return [(record["request"], record["response"]) for record in raw]
