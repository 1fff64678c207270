"""What an enumeration learns, what it costs on the air, and what it leaves behind when it fails.

Everything is real but the mesh and the clock: the frames, the queue of the radio, the database.
"""

from functools import partial
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import assemble, generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS, Product, SensorModel
from protocol.api.db import Step
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import (
    DISCOVERED_DEVICES,
    clear_all_bonds,
    remove_bond,
    set_mid,
)
from protocol.dpa.peripherals.frc import FRC_SEND_SELECTIVE
from protocol.dpa.peripherals.os import OS_READ
from protocol.dpa.timing import RfMode, frc_ms
from protocol.network.network import Device, Network
from protocol.queue.lanes import Priority
from tests.iqrf_trio.services.enumeration.learning import STEPS, WITHOUT_STANDARDS, school

BOTH = Product("Sensor and relay", 0x2B00, 1, (SensorModel.usual(1),), binary_outputs=2)
UNCERTIFIED = Product("Home made", 0x123F, 1, (SensorModel.usual(1),))


def mesh_of(*products: Product) -> Mesh:
    """Nodes of these products at the addresses from 1 on."""
    nodes = [
        Node(0x8100_0000 + address, product, nadr=address)
        for address, product in enumerate(products, 1)
    ]
    return assemble(0x8100_0000, GATEWAY, nodes, Random(1), loss=0.0, rf_mode=RfMode.STD)


def bound(nodes: int, products: int) -> int:
    """What a first full run without losses may cost at most."""
    return 1 + 3 * ceil(nodes / 15) + 4 * products


def complete(network: Network) -> bool:
    return all(
        device.product is not None and device.responding and device.standards_known
        for device in network
    )


def is_truth(network: Network, mesh: Mesh) -> bool:
    """Whether the network is known as it is."""
    nodes = {
        node.nadr: node for node in mesh.world.nodes if node.nadr in mesh.coordinator.bonds.mids
    }
    return nodes.keys() == {device.address for device in network.nodes} and all(
        _is_truth(device, nodes[device.address]) for device in network.nodes
    )


def _is_truth(device: Device, node: Node) -> bool:
    assert device.product is not None
    identity = device.product.identity
    return (device.mid, identity.hwpid, identity.hwpid_version) == (
        node.mid,
        node.product.hwpid,
        node.product.hwpid_version,
    ) and (
        [sensor.type for sensor in device.sensors],
        device.binary_outputs,
        device.light,
    ) == (
        [sensor.type for sensor in node.product.sensors],
        node.product.binary_outputs,
        node.product.light,
    )


@pytest.mark.parametrize("nodes", [1, 2, 3, 10, 15, 16, 50, 64, 239])
async def test_a_first_run_learns_everything_within_the_bound(
    nodes: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(nodes)) as here:
        cost = await here.cost(standards=True)
        assert cost <= bound(nodes, min(nodes, len(PRODUCTS)))
        assert len(here.network.nodes) == nodes
        assert complete(here.network)
        assert is_truth(here.network, here.mesh)
        assert await here.cost(standards=True) == 0


async def test_what_239_nodes_of_five_products_cost(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(239)) as here:
        await here.cost(standards=True)
        # HWPID and OS of 15 nodes per FRC, the DPA version of 63; then what the products can do.
        assert here.mesh.counters.requests[Kind.FRC] == 16 + 16 + 4
        assert here.mesh.counters.requests[Kind.UNICAST] == 13


async def test_the_dearest_product_stays_within_the_bound(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, mesh_of(*[BOTH] * 20)) as here:
        assert await here.cost(standards=True) == 2 * 2 + 1 + 4
        assert is_truth(here.network, here.mesh)


async def test_a_repeated_run_sends_nothing_and_writes_nothing(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        await here.learn(standards=True)
        network, written = here.network, here.written()
        assert await here.cost() == 0
        assert await here.cost(standards=True) == 0
        assert here.network == network
        assert here.written() == written


async def test_the_steps(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(5)) as here:
        assert await here.learn() == WITHOUT_STANDARDS
        assert await here.learn(standards=True) == STEPS
        assert await here.learn(reenumerate=True) == STEPS


async def test_standards_may_come_in_a_later_run(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(20)) as here:
        await here.learn()
        assert not any(device.sensors or device.light for device in here.network)
        assert await here.cost(standards=True) <= 4 * len(PRODUCTS)
        assert complete(here.network)
        assert is_truth(here.network, here.mesh)


async def test_asking_everybody_again_costs_what_the_first_run_cost(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        first = await here.cost(standards=True)
        assert await here.cost(reenumerate=True) == first


async def test_an_update_over_the_air_is_seen_when_everybody_is_asked(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        await here.learn(standards=True)
        here.mesh.node(7).product = BOTH
        here.mesh.node(7).__attrs_post_init__()
        await here.learn(standards=True)
        assert here.device(7).binary_outputs == 0
        await here.learn(reenumerate=True)
        assert is_truth(here.network, here.mesh)
        assert here.device(7).binary_outputs == 2


async def test_uncertified_devices_are_asked_each(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    other = evolve(UNCERTIFIED, sensors=(), light=True)
    async with school(tmp_path, mesh_of(UNCERTIFIED, other, UNCERTIFIED)) as here:
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)


async def test_a_product_whose_devices_differ_is_asked_device_by_device(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    first = PRODUCTS[0]
    other = evolve(first, sensors=first.sensors[:1])
    async with school(tmp_path, mesh_of(first, other, first, other)) as here:
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)


@pytest.mark.parametrize("highest", [53, 107, 161, 215])
async def test_no_read_of_the_coordinators_memory_is_empty(
    highest: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(highest)) as here:
        assert await here.learn() == WITHOUT_STANDARDS
        assert len(here.network.nodes) == highest
        assert all(device.vrn for device in here.network.nodes)


async def test_a_coordinator_alone(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(0)) as here:
        assert await here.cost(standards=True) == 0
        assert [device.address for device in here.network] == [0]


async def test_an_old_coordinator_asks_one_by_one(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iqrf_trio.simulator.module.DPA_VERSION", 0x0401)
    async with school(tmp_path, generate(5)) as here:
        await here.learn()
        assert here.mesh.counters.requests[Kind.FRC] == 0
        assert all(device.product for device in here.network)


async def test_topology_is_fresh_on_every_run(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(20)) as here:
        await here.learn(standards=True)
        before = here.network
        for node in here.mesh.world.nodes:
            x, y = node.position
            node.position = (y / 2, -x / 2)
        await here.discover()
        assert await here.cost() == 0
        assert here.network != before
        for device in here.network.nodes:
            route = here.mesh.coordinator.bonds.routes[device.address]
            assert (device.vrn, device.zone) == (route.vrn, max(route.zone - 1, 0))
        assert [device.product for device in here.network] == [each.product for each in before]


# Nodes that do not answer.


async def test_nodes_that_keep_silent_are_told_and_not_invented(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        here.silence(3, 7)
        told = await here.learn(standards=True)
        assert (Step.DEVICES_DONE, 0, "ok; no answer from 3 and 7") in told
        assert told[-1] == STEPS[-1]
        assert [device.address for device in here.network if not device.product] == [3, 7]
        assert not here.device(3).responding
        here.wake()
        assert await here.cost(standards=True) <= 2 + 2 * 4
        assert complete(here.network)
        assert is_truth(here.network, here.mesh)


async def test_a_node_that_kept_silent_among_many_is_asked_once_more(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        here.silence(3)
        await here.learn()
        assert here.mesh.counters.requests[Kind.UNICAST] == 1


async def test_a_known_node_that_keeps_silent_stays_known_and_is_asked_again(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        await here.learn(standards=True)
        before = here.device(3)
        here.silence(3)
        told = await here.learn(reenumerate=True)
        assert (Step.DEVICES_DONE, 0, "ok; no answer from 3") in told
        assert here.device(3) == evolve(before, responding=False)
        here.wake()
        assert await here.cost() == 1
        assert here.device(3) == before


async def test_a_fifth_of_all_frames_lost_and_five_nodes_off(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    off = (5, 50, 100, 150, 200)
    async with school(tmp_path, generate(239, loss=0.2)) as here:
        here.silence(*off)
        told = await here.learn(standards=True)
        silent = [device.address for device in here.network if device.product is None]
        assert set(off) < set(silent)
        *rest, last = map(str, silent)
        assert (Step.DEVICES_DONE, 0, f"ok; no answer from {', '.join(rest)} and {last}") in told
        assert told[-1] == STEPS[-1]
        here.wake()
        here.mesh.world.loss = 0.0
        assert await here.cost(standards=True) <= bound(len(silent), len(PRODUCTS))
        assert complete(here.network)
        assert is_truth(here.network, here.mesh)


async def test_nodes_that_do_not_know_the_passes_are_asked_by_unicast(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "iqrf_trio.simulator.peripherals.frc.answer"
    monkeypatch.setattr(answer, lambda *_: 1)  # "not implemented" of any command
    async with school(tmp_path, generate(4)) as here:
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)


async def test_an_frc_that_failed_is_put_again(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(20)) as here:
        first = lambda request: (request.pnum, request.pcmd) == FRC_SEND_SELECTIVE.key  # noqa: E731
        here.mesh.faults.arm(Fault.FRC_STATUS, 0xFD, when=first)
        await here.learn()
        assert here.mesh.counters.requests[Kind.FRC] == 2 + 2 + 1 + 1
        assert here.mesh.counters.requests[Kind.UNICAST] == 0


# Modules and their addresses.


async def test_another_module_at_an_address_is_another_device(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(10)) as here:
        await here.learn(standards=True)
        await here.store.set_metadata({1: {"name": "first"}, 2: {"name": "second"}})
        node = here.mesh.node(1)
        node.mid = 0x8177_7777
        node.product = PRODUCTS[2]
        node.__attrs_post_init__()
        here.mesh.coordinator.bonds.set_mid(1, node.mid)
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)
        assert here.device(1).metadata is None
        assert here.device(2).metadata == {"name": "second"}


async def test_two_nodes_that_exchange_addresses_take_what_is_theirs_along(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(10)) as here:
        await here.learn(standards=True)
        await here.store.set_metadata({1: {"name": "first"}, 3: {"name": "third"}})
        one, three = here.mesh.node(1), here.mesh.node(3)
        one.nadr, three.nadr = 3, 1
        here.mesh.coordinator.bonds.set_mid(1, three.mid)
        here.mesh.coordinator.bonds.set_mid(3, one.mid)
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)
        assert here.device(1).metadata == {"name": "third"}
        assert here.device(3).metadata == {"name": "first"}


async def test_a_repair_of_the_coordinators_table_changes_no_device(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(10)) as here:
        right = here.mesh.node(1).mid
        here.mesh.coordinator.bonds.set_mid(1, 0x8111_1111)
        await here.learn(standards=True)
        assert here.device(1).mid == 0x8111_1111
        await here.store.set_metadata({1: {"name": "first"}})
        before = here.device(1)
        await here.call(set_mid(right, 1))
        await here.learn(standards=True)
        assert here.device(1) == evolve(before, mid=right)


@pytest.mark.parametrize("accident", ["empty", "exchanged"])
async def test_an_empty_or_exchanged_coordinator_takes_no_metadata_with_it(
    tmp_path: Path, autojump_clock: MockClock, accident: str
) -> None:
    async with school(tmp_path, generate(10)) as here:
        await here.learn(standards=True)
        names = {address: {"name": str(address)} for address in range(11)}
        await here.store.set_metadata(names)
        mids = {address: here.device(address).mid for address in range(11)}
        if accident == "exchanged":
            here.mesh.replace_coordinator(0x81FF_FFFF)
        else:
            await here.call(clear_all_bonds())
        await here.learn(standards=True)
        assert len(here.network) == 1
        if accident == "exchanged":
            here.mesh.replace_coordinator(mids[0])
        for address in range(1, 11):
            here.mesh.coordinator.bonds.add(address, mids[address])
        await here.learn(standards=True)
        assert {each.address: each.metadata for each in here.network} == names


@pytest.mark.slow
async def test_300_bonds_later_the_right_devices_are_there(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(3)) as here:
        await here.learn(standards=True)
        kept = here.device(1)
        for number in range(300):
            node = here.mesh.node(2)
            node.mid = 0x8150_0000 + number
            here.mesh.coordinator.bonds.set_mid(2, node.mid)
            await here.learn()
            assert [device.mid for device in here.network.nodes][1] == node.mid
        assert len(here.network) == 4
        assert here.device(1) == kept


async def test_a_node_that_is_gone_takes_everything_along(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:
        await here.learn(standards=True)
        await here.store.set_metadata({1: {"name": "first"}})
        await here.call(remove_bond(1))
        await here.learn()
        assert here.network.get(1) is None
        assert len(here.network) == 5


async def test_products_have_their_names(tmp_path: Path, autojump_clock: MockClock) -> None:
    kit = Product(
        "DDC", 0x0402, 2, tuple(SensorModel.usual(each) for each in (1, 129, 129)), binary_outputs=4
    )
    async with school(tmp_path, mesh_of(kit, kit, PRODUCTS[0])) as here:
        await here.learn(standards=True)
        product = here.device(2).product
        assert product is not None
        assert (product.manufacturer, product.name) == ("IQRF Tech s.r.o.", "DDC-SE-01 + DDC-RE-01")
        assert [(each.name, each.unit) for each in here.device(2).sensors] == [
            ("Temperature", "°C"),
            ("Light indicator", "%"),
            ("Potentiometer", "%"),
        ]
        unknown = here.device(3).product
        assert unknown is not None
        assert (unknown.manufacturer, unknown.name) == (None, None)


# Others at the same time.


async def test_clients_overtake_between_the_steps(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        pupil = here.start(standards=True)
        waits = []
        while not pupil.over.is_set():
            begun = trio.current_time()
            await here.scheduler.perform(Priority.INTERACTIVE, trio.lowlevel.checkpoint)
            waits.append(trio.current_time() - begun)
            await trio.sleep(0.5)
        longest_step = (frc_ms(here.mesh.coordinator.timing()) + 200) / 1000
        assert len(waits) > 10
        assert max(waits) < longest_step
        assert pupil.told == STEPS


async def test_a_client_goes_before_a_step_that_waits(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:

        async def asked_so_far() -> int:
            await trio.sleep(1)
            return here.mesh.counters.received

        first = partial(here.scheduler.perform, Priority.INTERACTIVE, asked_so_far)
        here.nursery.start_soon(first)
        await wait_all_tasks_blocked()
        here.start()
        await wait_all_tasks_blocked()
        before = here.mesh.counters.received
        assert await here.scheduler.perform(Priority.INTERACTIVE, asked_so_far) == before


async def test_metadata_that_is_set_during_a_run_stays(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(20)) as here:
        await here.learn()
        pupil = here.start(reenumerate=True)
        number = 0
        while not pupil.over.is_set():
            number += 1
            await here.store.set_metadata({1: {"number": number}, 2: None})
            await trio.sleep(0.3)
        assert number > 5
        assert here.device(1).metadata == {"number": number}


# Runs that fail.


@pytest.mark.parametrize("key", [OS_READ.key, DISCOVERED_DEVICES.key])
async def test_a_coordinator_that_refuses_ends_the_run(
    key: tuple[int, int], tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:
        await here.learn(standards=True)
        before = here.network
        here.mesh.faults.arm(Fault.REFUSAL, 1, times=None, when=lambda each: _is(each, key))
        *_, last = await here.learn()
        assert last[:2] == (Step.STARTED, -1)
        assert "ERROR_FAIL" in last[2]
        assert here.network == before
        here.mesh.faults.disarm()
        assert await here.learn() == WITHOUT_STANDARDS


def _is(request: Request, key: tuple[int, int]) -> bool:
    return (request.pnum, request.pcmd) == key


async def test_a_link_that_breaks_ends_the_run_and_keeps_what_was_learned(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        pupil = here.start(standards=True)
        await pupil.reached(Step.DEVICES)
        here.mesh.faults.arm(Fault.SILENT, times=None)
        await pupil.over.wait()
        step, status, reason = pupil.told[-1]
        assert (step, status) == (Step.DEVICES, -1)
        assert "ERROR_" in reason
        assert len(here.network.nodes) == 50
        assert not any(device.product for device in here.network.nodes)
        here.mesh.faults.disarm()
        await here.transceiver.wait_connected()
        await here.learn(standards=True)
        assert is_truth(here.network, here.mesh)


async def test_a_store_that_fails_ends_the_run(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(239)) as here:
        connection = here.store._database._connection
        connection.execute("PRAGMA max_page_count = 1")
        *_, last = await here.learn(standards=True)
        assert last[:2] == (Step.STARTED, -1)
        assert "full" in last[2]
        assert len(here.network) == 0
        connection.execute("PRAGMA max_page_count = 1000000")
        assert await here.learn(standards=True) == STEPS


async def test_a_bug_ends_the_run_and_not_the_daemon(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with school(tmp_path, generate(5)) as here:
        bug: Any = None
        here.enumeration._catalogue = bug
        *_, last = await here.learn()
        assert last == (Step.STARTED, -1, "internal error")
        assert "Traceback" in caplog.text
        assert not here.enumeration.running


async def test_nobody_to_ask(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(5)) as here:
        here.mesh.faults.arm(Fault.SILENT, times=None)
        (_, last) = await here.learn()
        assert last[:2] == (Step.STARTED, -1)
