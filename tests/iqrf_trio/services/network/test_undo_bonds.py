"""The last change of bonds is taken back, as far as that can be done from the gateway."""

from pathlib import Path

import pytest
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.store import StoreError
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.packet import Request
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import gateway
from tests.iqrf_trio.services.network.test_service import FullDisk

UNDO = "iqrfTrio_UndoBonds"
BOND, SMART = "iqmeshNetwork_BondNodeLocal", "iqmeshNetwork_SmartConnect"
REMOVE, FORGET = "iqmeshNetwork_RemoveBond", "iqmeshNetwork_RemoveBondOnlyInC"
MID = 0x81000777


def mesh_with_a_new_node() -> tuple[Mesh, Node]:
    mesh = generate(3)
    node = Node(MID, PRODUCTS[0], position=(0.1, 0.0))
    mesh.world.nodes.append(node)
    return mesh, node


def bonded(mesh: Mesh) -> set[int]:
    return set(mesh.coordinator.bonds.mids)


@pytest.mark.parametrize("mtype", [BOND, SMART])
async def test_a_node_that_was_bonded_leaves_again(
    mtype: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node = mesh_with_a_new_node()
    req: dict[str, object] = {"deviceAddr": 7}
    if mtype == SMART:
        req |= {"smartConnectCode": iqrf_code.encode(IqrfCode(MID, node.ibk))}
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(mtype, req))["status"] == 0
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:  # kept over a restart
        dry = await rig.caller.ask(UNDO, dryRun=True)
        assert (dry["status"], dry["rsp"]) == (0, {"service": mtype, "removedNodes": [7]})
        assert bonded(mesh) == {1, 2, 3, 7}
        assert (await rig.caller.ask(UNDO))["rsp"] == dry["rsp"]
        assert bonded(mesh) == {1, 2, 3}
        assert node.nadr is None
        again = await rig.caller.ask(UNDO)
        assert (again["status"], again["statusStr"]) == (
            1003,
            "There is no change of bonds to undo.",
        )


async def test_nodes_that_have_left_are_told_and_then_the_change_before_is_undone(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node = mesh_with_a_new_node()
    mid = mesh.node(2).mid
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        rig.gateway.enumeration.bonds_changed()
        assert (await rig.caller.ask(BOND, {"deviceAddr": 0}))["status"] == 0
        while rig.store.network.get(2) is None:
            await rig.caller.ask("iqmeshNetwork_Ping", {})
        assert (await rig.caller.ask(REMOVE, {"deviceAddr": 2}))["status"] == 0
        assert (await rig.caller.ask(FORGET, {"deviceAddr": [1, 3]}))["status"] == 0
        forgotten = (await rig.caller.ask(UNDO))["rsp"]
        assert forgotten["service"] == FORGET
        assert [each["address"] for each in forgotten["missingNodes"]] == [1, 3]
        left = (await rig.caller.ask(UNDO))["rsp"]
        assert left == {
            "service": REMOVE,
            "removedNodes": [],
            "missingNodes": [{"address": 2, "mid": f"{mid:08x}"}],
        }
        assert (await rig.caller.ask(UNDO))["rsp"]["removedNodes"] == [4]
        assert bonded(mesh) == set()
        assert node.nadr is None


async def test_a_silent_node_stays_and_can_be_undone_later(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.caller.ask(BOND, {"deviceAddr": 0})
        node.online = False
        silent = await rig.caller.ask(UNDO)
        assert (silent["status"], silent["rsp"]["silentNodes"]) == (1004, [4])
        assert bonded(mesh) == {1, 2, 3, 4}
        assert await rig.store.journal() is None
        node.online = True
        assert (await rig.caller.ask(UNDO))["status"] == 0
        assert bonded(mesh) == {1, 2, 3}


async def test_an_address_that_another_module_has_by_now_is_left_alone(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, _ = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.caller.ask(BOND, {"deviceAddr": 0})
        mesh.coordinator.bonds.set_mid(4, MID + 1)
        other = await rig.caller.ask(UNDO)
        assert (other["status"], other["rsp"]["otherNodes"]) == (0, [4])
        assert bonded(mesh) == {1, 2, 3, 4}


async def test_another_coordinator_has_its_own_changes(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, _ = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.caller.ask(BOND, {"deviceAddr": 0})
    mesh.replace_coordinator(0x81000999)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(UNDO))["status"] == 1003


async def test_a_bonding_that_failed_leaves_nothing_to_undo(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node = mesh_with_a_new_node()
    node.button = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(BOND, {"deviceAddr": 0}, repeat=0))["status"] == 1
        assert (await rig.caller.ask(REMOVE, {"deviceAddr": 9}))["status"] == 8
        assert (await rig.caller.ask(UNDO))["status"] == 1003


async def test_on_a_full_disk_nothing_is_begun(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh, _ = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.network.recovery.journal = FullDisk(StoreError("disk full"))
        answer = await rig.caller.ask(UNDO)
        assert (answer["status"], answer["statusStr"]) == (1000, "nothing was begun: disk full")
        assert bonded(mesh) == {1, 2, 3}


async def test_the_coordinator_is_told_until_it_has_understood(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.caller.ask(BOND, {"deviceAddr": 0})
        mesh.faults.arm(Fault.SILENT, times=2, when=is_remove_bond)
        assert (await rig.caller.ask(UNDO))["status"] == -1
        assert node.nadr is None
        assert bonded(mesh) == {1, 2, 3}


def is_remove_bond(request: Request) -> bool:
    return (request.nadr, request.pnum, request.pcmd) == (0, 0, 5)
