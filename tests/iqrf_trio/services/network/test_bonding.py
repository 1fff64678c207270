"""Nodes enter a simulated network: by their button, and by the code that is printed on them."""

from pathlib import Path

import pytest
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.packet import Request
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import gateway

BOND, SMART = "iqmeshNetwork_BondNodeLocal", "iqmeshNetwork_SmartConnect"
MID = 0x81000777


def mesh_with_a_new_node(nodes: int = 3) -> tuple[Mesh, Node, str]:
    mesh = generate(nodes)
    node = Node(MID, PRODUCTS[0], position=(0.1, 0.0))
    mesh.world.nodes.append(node)
    return mesh, node, iqrf_code.encode(IqrfCode(MID, node.ibk, node.product.hwpid))


@pytest.mark.parametrize("mtype", [BOND, SMART])
async def test_a_node_enters_the_network_at_two_transactions_of_radio(
    mtype: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node, code = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        unicasts = mesh.counters.radio
        req = {"deviceAddr": 0} | ({"smartConnectCode": code} if mtype == SMART else {})
        answer = await rig.caller.ask(mtype, req)
        assert answer["status"] == 0
        rsp = answer["rsp"]
        assert (rsp["assignedAddr"], rsp["nodesNr"], node.nadr) == (4, 4, 4)
        assert (rsp["hwpId"], rsp["osRead"]["mid"]) == (node.product.hwpid, f"{MID:08X}")
        assert "ibk" not in rsp["osRead"]
        assert mesh.counters.radio - unicasts == 1  # besides the bonding itself


async def test_nobody_presses_a_button(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh, node, _ = mesh_with_a_new_node()
    node.button = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(BOND, {"deviceAddr": 9}, repeat=0)
        assert (answer["status"], answer["statusStr"]) == (1, "DPA error: ERROR_FAIL")
        assert "rsp" not in answer
        assert node.nadr is None


async def test_the_key_has_to_be_the_one_of_the_node(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node, _ = mesh_with_a_new_node()
    wrong = iqrf_code.encode(IqrfCode(MID, bytes(16)))
    without_key = iqrf_code.encode(IqrfCode(MID))
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = {"deviceAddr": 5, "smartConnectCode": wrong}
        assert (await rig.caller.ask(SMART, req, repeat=0))["status"] == 1
        received = mesh.counters.received
        for code in (without_key, wrong[:-1] + "1", ""):
            answer = await rig.caller.ask(SMART, req | {"smartConnectCode": code})
            assert answer["status"] == 1001
            assert answer["statusStr"].startswith("IQRF Code ")
        assert mesh.counters.received == received
        assert node.nadr is None


@pytest.mark.parametrize("address", [0, 7])
async def test_the_answer_to_the_bonding_is_lost(
    address: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node, code = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.NO_RESPONSE, times=1, when=is_smart_connect)
        answer = await rig.caller.ask(SMART, {"deviceAddr": address, "smartConnectCode": code})
        assert answer["status"] == 0
        assert answer["rsp"]["assignedAddr"] == node.nadr == (address or 4)


async def test_a_new_node_that_keeps_silent_is_bonded_all_the_same(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, node, code = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.NO_RESPONSE, times=9, when=lambda request: request.nadr == 5)
        rig.caller.send(SMART, {"deviceAddr": 5, "smartConnectCode": code}, progress=True)
        answer = (await rig.caller.next())["data"]
        assert answer["status"] == -1
        assert answer["rsp"] == {"assignedAddr": 5, "nodesNr": 4}
        taken = await rig.caller.ask(SMART, {"deviceAddr": 5, "smartConnectCode": code})
        assert taken["status"] == 1003
        assert node.nadr == 5


async def test_a_full_network(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh, _, code = mesh_with_a_new_node(239)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(SMART, {"deviceAddr": 0, "smartConnectCode": code})
        assert answer["status"] == 1004


@pytest.mark.parametrize(
    ("mtype", "req"),
    [
        (BOND, {}),
        (BOND, {"deviceAddr": 240}),
        (BOND, {"deviceAddr": -1}),
        (BOND, {"deviceAddr": 1, "bondingTestRetries": 256}),
        (SMART, {"deviceAddr": 1}),
        (SMART, {"deviceAddr": 1, "smartConnectCode": 1}),
        (SMART, {"deviceAddr": 1, "smartConnectCode": "1" * 201}),
        (SMART, {"deviceAddr": 1, "smartConnectCode": "x", "userData": [1, 2, 3, 4, 5]}),
        (SMART, {"deviceAddr": 1, "smartConnectCode": "x", "userData": [256]}),
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: object
) -> None:
    mesh, node, _ = mesh_with_a_new_node()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(mtype, req)
        assert (await rig.caller.next())["mType"] == "messageError"
        assert node.nadr is None


def is_smart_connect(request: Request) -> bool:
    return (request.nadr, request.pnum, request.pcmd) == (0, 0, 0x12)
