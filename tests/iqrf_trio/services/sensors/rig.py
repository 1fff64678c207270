"""A gateway without its doors: everything from the handlers down to a simulated mesh."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import trio
from attrs import define, field

from iqrf_trio import config
from iqrf_trio.config import Config
from iqrf_trio.edges.ports import Link
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.announcements import Announcer, Outlet
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.enumeration import Enumeration, Interview
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.services.sensors.overheard import Overheard
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.states import OutputStates
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.files.plan import assemble, positions, supply, unused_mids
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import DPA_VERSION, GATEWAY, OS_BUILD, Product, SensorModel
from iqrf_trio.store import Store, inline
from iqrf_trio.store.spill import UNSTORED, Spill
from iqrf_trio.wiring.simulator_port import SimulatorPort
from iqrf_trio.wiring.vault import keeper_of
from protocol.auth.rights import MANAGE, Rights, Scope
from protocol.dpa.timing import RfMode, frc_ms
from protocol.dpa.transaction import Outcome
from protocol.network import network
from protocol.network.network import Device, Identity, Network, Sensor
from protocol.readings.settings import Messaging, SensorSettings
from protocol.standard.quantities import Value, quantity

Json = dict[str, Any]

EPOCH = datetime(2026, 4, 28, 10, 0, tzinfo=UTC)
"""The wall clock when a rig begins."""

WEBSOCKET = Messaging("ws", "WebsocketMessaging")

MINUTE = 60.0


def mesh_of(types: Mapping[int, tuple[int, ...]], *, seed: int = 1, loss: float = 0.0) -> Mesh:
    """A mesh of nodes at these addresses with sensors of these types."""
    random = Random(seed)
    mid, *mids = unused_mids(len(types) + 1, random)
    hwpids = {kinds: 0x3000 + 16 * n for n, kinds in enumerate(dict.fromkeys(types.values()))}
    nodes = [
        Node(own, product(hwpids[kinds], kinds), nadr=address, supply=supply(random), position=at)
        for (address, kinds), own, at in zip(
            types.items(), mids, positions(len(types), random), strict=True
        )
    ]
    return assemble(mid, GATEWAY, nodes, random, loss=loss, rf_mode=RfMode.STD)


def product(hwpid: int, types: Iterable[int]) -> Product:
    sensors = tuple(SensorModel.usual(type_) for type_ in types)
    return Product(f"Product {hwpid}", hwpid, 1, sensors)


def network_of(mesh: Mesh) -> Network:
    """What an enumeration would find."""
    nodes = [_device(node, node.nadr) for node in mesh.world.nodes if node.nadr is not None]
    return Network.of((Device(0, mesh.coordinator.mid), *nodes))


def _device(node: Node, address: int) -> Device:
    identity = Identity(node.product.hwpid, node.product.hwpid_version, OS_BUILD, DPA_VERSION)
    types = [model.type for model in node.product.sensors]
    return Device(
        address,
        node.mid,
        product=network.Product(identity, "4.06D"),
        standards_known=True,
        sensors=tuple(_sensor(types, index) for index in range(len(types))),
    )


def _sensor(types: list[int], index: int) -> Sensor:
    kind = quantity(types[index])
    return Sensor(
        index,
        kind.type,
        types[:index].count(kind.type),
        kind.name,
        kind.short_name,
        kind.unit,
        kind.decimals,
        kind.frcs,
    )


class CutPort(SimulatorPort):
    """A port whose link can be cut."""

    link: Link

    async def open(self) -> Any:
        self.link = await super().open()
        return self.link

    async def cut(self) -> None:
        await self.link.aclose()


@define(eq=False)
class Client:
    """A client with all that it was answered, in the form of its `data` members.

    `frcs_before` counts the FRCs of the mesh before the last answer.
    """

    frcs: Callable[[], int] = int
    frcs_before: int = 0
    remote: str = "test"
    rights: Rights = MANAGE
    answers: list[Json] = field(factory=list)
    news: trio.Event = field(factory=trio.Event)
    live: bool = True
    lasting: bool = True
    token: int | None = 1

    def report(self, text: str) -> None:
        self.reply(text)

    def subscribe(self, reports: Reports) -> None:
        reports.subscribe(self.report)

    def reply(self, text: str, *, always: bool = False) -> bool:
        self.frcs_before = self.frcs()
        self.answers.append(json.loads(text)["data"])
        self.news.set()
        self.news = trio.Event()
        return True

    def owe(self, answers: int) -> None:
        pass


@define(eq=False)
class Rig:
    """The parts, and what was reported: (Trio's time, message)."""

    mesh: Mesh
    port: CutPort
    database: Path
    gateway: Gateway
    overheard: Overheard
    services: trio.CancelScope = field(factory=trio.CancelScope)
    reports: list[tuple[float, Json]] = field(factory=list)
    news: trio.Event = field(factory=trio.Event)
    _serial: int = 0

    def report(self, text: str) -> None:
        """Take what is published."""
        self.reports.append((trio.current_time(), json.loads(text)["data"]))
        self.news.set()
        self.news = trio.Event()

    @property
    def store(self) -> Store:
        return self.gateway.store

    @property
    def worker(self) -> SensorWorker:
        return self.gateway.worker

    @property
    def frcs(self) -> int:
        """How many FRCs the mesh has seen."""
        return self.mesh.counters.requests[Kind.FRC]

    @property
    def round_s(self) -> float:
        """How long one round takes at most: an FRC, its extra result, and the way of the frames."""
        return frc_ms(self.mesh.coordinator.timing()) / 1000 + 0.1

    def send(self, mtype: str, req: object = None, *, service: bool = False) -> Client:
        """Send a request; what needs not wait is answered when this returns."""
        client = Client(lambda: self.frcs, rights=Rights(Scope.MANAGE, service=service))
        self._serial += 1
        data = {"msgId": str(self._serial)} | ({} if req is None else {"req": req})
        Dispatcher(self.gateway).accept(json.dumps({"mType": mtype, "data": data}), client)
        return client

    async def ask(self, mtype: str, req: object = None) -> Json:
        client = self.send(mtype, req)
        while not client.answers:
            await client.news.wait()
        return client.answers[0]

    def now(self, mtype: str) -> Json:
        """The answer to a request of the sensor data service that is answered at once."""
        [answer] = self.send(f"iqrfSensorData_{mtype}").answers
        return answer

    def status(self) -> tuple[bool, bool]:
        """Running, reading."""
        rsp = self.now("Status")["rsp"]
        return rsp["running"], rsp["reading"]

    async def configure(self, **members: object) -> Json:
        return await self.ask("iqrfSensorData_SetConfig", members)

    async def over(self) -> None:
        """Wait until no cycle is under way."""
        while self.status()[1]:
            await self.news.wait()

    async def cycle(self) -> Json:
        """Read once; returns the `data` of the closing report."""
        before = len(self.reports)
        if self.now("Invoke")["status"]:
            self.now("Start")
        await self.over()
        [(_, start), (_, end)] = self.reports[before:]
        assert start["rsp"]["reading"] is True
        assert end["rsp"]["reading"] is False
        return end

    def stored(self) -> dict[tuple[int, int], Value | None]:
        """The stored value of each sensor, by address and index."""
        return {
            (device.address, sensor.index): sensor.value
            for device in self.store.network.nodes
            for sensor in device.sensors
        }


def values_in(report: Json) -> dict[tuple[int, int], object]:
    """The values in a closing report, by address and index."""
    return {
        (device["address"], sensor["index"]): sensor["value"]
        for device in report["rsp"]["devices"]
        for sensor in device["sensors"]
    }


def measured(mesh: Mesh) -> dict[tuple[int, int], Value]:
    """The values that the mesh knows to have told."""
    return {key: value for key, value in mesh.measured.items() if value is not None}


@asynccontextmanager
async def gateway(
    mesh: Mesh, *, settings: SensorSettings | None = None, unasked: bool = True
) -> AsyncIterator[Rig]:
    """A gateway that knows the mesh; in the end it shuts down as a daemon does.

    To shut it down before, cancel `services` of the rig.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "iqrf-trio.db"
        async with Store.open(path, hop=inline) as store:
            await store.save_network(network_of(mesh))
            rig = _build(mesh, store, path, settings or SensorSettings(), unasked=unasked)
            scheduler, transceiver = rig.gateway.scheduler, rig.gateway.transceiver
            async with trio.open_nursery() as core:
                await core.start(transceiver.run)
                await transceiver.wait_connected()
                async with trio.open_nursery() as lanes:
                    await lanes.start(scheduler.run_network)
                    await lanes.start(scheduler.run_management)
                    async with trio.open_nursery() as services:
                        rig.services = services.cancel_scope
                        services.start_soon(rig.worker.run)
                        services.start_soon(rig.overheard.run)
                        yield rig
                        services.cancel_scope.cancel()
                    lanes.cancel_scope.cancel()
                core.cancel_scope.cancel()


def _build(mesh: Mesh, store: Store, path: Path, settings: SensorSettings, *, unasked: bool) -> Rig:
    zero = trio.current_time()

    def now() -> datetime:
        return EPOCH + timedelta(seconds=trio.current_time() - zero)

    reports = Reports()
    announcer = Announcer("id", {WEBSOCKET: Outlet(reports.publish, unasked=unasked)})
    shutdown = Shutdown()
    overheard = Overheard(store, now, shutdown, Spill(path.parent / UNSTORED), inline)
    port = CutPort(mesh)

    def on_answer(outcome: Outcome) -> None:
        if not worker.asking:
            overheard.answer(outcome, lambda: transceiver.counters)

    transceiver = Transceiver(
        port, on_async=overheard.frame, on_answer=on_answer, shutdown=shutdown
    )
    scheduler = Scheduler(shutdown=shutdown)
    worker = SensorWorker(
        settings, transceiver, scheduler, store, announcer, now, overheard.put_off
    )
    parts = Gateway(
        ins_id="id",
        version="0",
        store=store,
        scheduler=scheduler,
        transceiver=transceiver,
        enumeration=Enumeration(Interview(transceiver, scheduler), store, announcer.enumeration),
        worker=worker,
        local_time=lambda _: EPOCH,
        keeper=keeper_of(
            Config(config.Gateway(state_dir=path.parent)),
            store,
            Devices(transceiver, scheduler),
            now,
            hop=inline,
        ),
        network=NetworkServices(transceiver, scheduler, store),
        states=OutputStates(store, transceiver, scheduler, Measurements(), now),
        messagings=announcer.messagings,
    )
    rig = Rig(mesh, port, path, parts, overheard)
    reports.subscribe(rig.report)
    return rig
