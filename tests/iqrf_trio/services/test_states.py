"""The states of outputs and lights: what anybody does is followed, the rest is asked for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import trio
import trio.lowlevel
from attrs import define, evolve, field
from trio.testing import MockClock

from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.states import PAUSE_S, OutputStates
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import DATABASE_NAME, Store, inline
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.call import Call
from protocol.dpa.packet import BROADCAST, Request, Response, parse
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.os import os_read, os_reset
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT
from protocol.dpa.transaction import Outcome
from protocol.network.network import Device, Network
from protocol.queue.lanes import Priority
from protocol.readings.measured import CycleOver, Values
from protocol.readings.states import Light, States
from protocol.standard import binary_output, light
from protocol.standard.binary_output import OFF, ON, State

AT = datetime(2026, 11, 29, tzinfo=UTC)

RELAYS, LIGHTS = (3, 8), (4, 9)
"""The addresses of a generated mesh of ten nodes."""


@define(eq=False)
class Told:
    """A listener that keeps the states by MID."""

    states_told: list[tuple[int, States]] = field(factory=list)

    def values(self, values: Values) -> None:
        """Nothing."""

    def cycle(self, cycle: CycleOver) -> None:
        """Nothing."""

    def states(self, mid: int, states: States) -> None:
        """Keep them."""
        self.states_told.append((mid, states))


@define(eq=False)
class Rig:
    """The states of a mesh whose network is known, with all that was sent and told."""

    mesh: Mesh
    store: Store
    states: OutputStates
    scheduler: Scheduler
    transceiver: Transceiver
    listener: Told
    sent: list[Request]

    def of(self, address: int) -> States:
        device = self.store.network.get(address)
        assert device is not None
        return self.states.of(device)

    def outputs(self, address: int, count: int = 4) -> list[bool | None]:
        known = self.of(address).outputs
        return [known.get(index) for index in range(count)]

    async def ask(self, call: Call[Any], nadr: int | None = None) -> None:
        request = call.request if nadr is None else evolve(call.request, nadr=nadr)
        work = partial(self.transceiver.transact, request)
        await self.scheduler.perform(Priority.INTERACTIVE, work)

    def asked(self) -> list[int]:
        """Who was asked for its states, in order."""
        return [each.nadr for each in self.sent if each.pnum in {BINARY_OUTPUT, LIGHT}]

    @property
    def told(self) -> Mapping[int, States]:
        return dict(self.listener.states_told)


@asynccontextmanager
async def rig(path: Path, *, asking: bool = False) -> AsyncIterator[Rig]:
    """With `asking` the nodes are to be asked before the coordinator can be."""
    mesh = generate(10)
    measurements, scheduler, listener = Measurements(), Scheduler(), Told()
    measurements.listen(listener)
    async with Store.open(path / DATABASE_NAME, hop=inline) as store, trio.open_nursery() as core:
        await store.save_network(known(mesh))
        sent: list[Request] = []
        states: OutputStates

        def trace(direction: str, frame: bytes) -> None:
            packet = parse(frame)
            if direction == "out" and isinstance(packet, Request):
                sent.append(packet)

        def on_answer(outcome: Outcome) -> None:
            states.observe(outcome)

        transceiver = Transceiver(
            SimulatorPort(mesh, 1), on_async=lambda _: None, on_answer=on_answer, trace=trace
        )
        states = OutputStates(store, transceiver, scheduler, measurements, lambda: AT)
        here = Rig(mesh, store, states, scheduler, transceiver, listener, sent)
        await core.start(transceiver.run)
        await core.start(scheduler.run_network)
        core.start_soon(states.run)
        if asking:
            states.ask()
            assert not transceiver.connected
        await transceiver.wait_connected()
        yield here
        core.cancel_scope.cancel()


def known(mesh: Mesh) -> Network:
    """The network as an enumeration finds it."""
    nodes = (
        Device(
            node.nadr,
            node.mid,
            standards_known=True,
            binary_outputs=node.product.binary_outputs,
            light=node.product.light,
        )
        for node in mesh.world.nodes
        if node.nadr is not None
    )
    return Network.of((Device(0, mesh.coordinator.mid), *nodes))


async def test_every_node_with_outputs_or_a_light_is_asked_once(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with rig(tmp_path) as here:
        await here.ask(light.set_lai(4, 4000))
        await here.ask(binary_output.set_outputs(8, {1: ON}))
        here.mesh.faults.arm(Fault.SILENT, when=lambda request: request.nadr == 8)
        before = len(here.asked())
        here.states.ask()
        await trio.sleep(60)
        assert here.asked()[before:] == [3, 4, 8, 8, 9]  # 8 did not answer at first
        assert here.outputs(3) == [False] * 4
        assert here.outputs(8) == [False, True, False, False]
        assert here.of(4).light == Light(True, 40)
        assert here.of(9).light == Light(False, 0)
        assert here.told.keys() == {here.mesh.node(at).mid for at in (*RELAYS, *LIGHTS)}
        assert all(states.at == AT for states in here.told.values())


async def test_others_go_first(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with rig(tmp_path) as here:
        here.states.ask()
        await trio.sleep(PAUSE_S + 0.01)
        assert here.asked() == [3]  # it is on the air when the others come
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(here.ask, os_read(1))
        first = [request.nadr for request in here.sent if request.nadr][:6]
        assert first == [3, 1, 1, 1, 1, 1]
        await trio.sleep(60)
        assert here.asked() == [3, 4, 8, 9]


async def test_a_node_that_does_not_answer_stays_unknown(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with rig(tmp_path) as here:
        here.mesh.node(3).online = False
        here.states.ask()
        await trio.sleep(60)
        assert here.asked() == [3, 3, 4, 8, 9]
        assert here.outputs(3) == [None] * 4


async def test_asking_waits_for_the_coordinator(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with rig(tmp_path, asking=True) as here:
        await trio.sleep(60)
        assert here.asked() == [3, 4, 8, 9]


async def test_what_anybody_switches_is_followed(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with rig(tmp_path) as here:
        await here.ask(binary_output.set_outputs(3, {0: ON, 2: ON}))
        assert here.outputs(3) == [True, False, True, False]
        await here.ask(binary_output.set_outputs(3, {0: OFF}))
        assert here.outputs(3) == [False, False, True, False]
        assert here.told[here.mesh.node(3).mid] is here.of(3)
        told = len(here.listener.states_told)
        await here.ask(binary_output.set_outputs(3, {}))
        assert len(here.listener.states_told) == told  # no news


async def test_an_output_that_is_on_for_a_time_is_off_afterwards(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with rig(tmp_path) as here:
        states = {0: State(on=True, seconds=30), 1: State(on=True, seconds=120), 2: ON}
        await here.ask(binary_output.set_outputs(3, states))
        await trio.sleep(29)
        assert here.outputs(3) == [True, True, True, False]
        await trio.sleep(2)
        assert here.outputs(3) == [False, True, True, False]
        assert here.told[here.mesh.node(3).mid].outputs[0] is False
        await trio.sleep(120)
        assert here.outputs(3) == [False, False, True, False]


async def test_what_nobody_knows_any_more(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with rig(tmp_path) as here:
        for lose in (
            here.ask(os_reset(3)),
            here.ask(binary_output.set_outputs(3, {0: ON}), nadr=BROADCAST),
            self_reset(here, 3),
            silent(here, binary_output.set_outputs(3, {0: ON})),
        ):
            await here.ask(binary_output.set_outputs(3, {0: ON}))
            assert here.outputs(3)[0] is True
            await lose
            assert here.outputs(3)[0] is None
            assert 0 not in here.told[here.mesh.node(3).mid].outputs


async def self_reset(here: Rig, address: int) -> None:
    """A node reports that it was reset."""
    report = Response(address, *ENUMERATE.key, 0, pdata=bytes(12), asynchronous=True)
    here.states.frame(report.encode())


async def silent(here: Rig, call: Call[Any]) -> None:
    """A request that gets no answer at all."""
    here.mesh.faults.arm(Fault.SILENT)
    await here.ask(call)


async def test_a_module_in_anothers_place_is_not_known(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with rig(tmp_path) as here:
        await here.ask(binary_output.set_outputs(3, {0: ON}))
        device = here.store.network.get(3)
        assert device is not None
        await here.store.save_network(here.store.network.replaced([evolve(device, mid=77)]))
        assert here.outputs(3) == [None] * 4


async def test_nodes_without_a_mid_are_left_out(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with rig(tmp_path) as here:
        device = here.store.network.get(3)
        assert device is not None
        await here.store.save_network(here.store.network.replaced([evolve(device, mid=0)]))
        await here.ask(binary_output.set_outputs(3, {0: ON}))
        assert here.told == {}
