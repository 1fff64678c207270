"""Killed at any moment of a service: after the next start nothing is half done.

The coordinator's parameters are what they were, and of every bond the coordinator, the node and the
database say the same.
"""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.peripherals.coordinator import Hops
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import MortalPort, Rig, copy_state, gateway

HOPS, DPA_PARAMS, FRC_PARAMS = Hops(3, 4), 1, 0x30
MID = 0x81000777
SILENT = 2
"""A node that is switched off all the time."""

GET = {"action": "get"}

SERVICES: list[tuple[str, dict[str, Any]]] = [
    ("iqmeshNetwork_Ping", {}),
    ("iqmeshNetwork_Restart", {"hwpId": 0x0402}),
    ("iqmeshNetwork_DpaHops", GET),
    ("iqmeshNetwork_DpaValue", GET),
    ("iqmeshNetwork_FrcParams", GET),
    ("iqmeshNetwork_BondNodeLocal", {"deviceAddr": 0}),
    ("iqmeshNetwork_SmartConnect", {"deviceAddr": 9}),
    ("iqmeshNetwork_EnumerateDevice", {"deviceAddr": 1, "morePeripheralsInfo": True}),
    ("iqmeshNetwork_ReadTrConf", {"deviceAddr": 1}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": 1}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": SILENT}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": 255}),
    ("iqmeshNetwork_RemoveBondOnlyInC", {"deviceAddr": [SILENT]}),
    ("iqmeshNetwork_RemoveBondOnlyInC", {"deviceAddr": [], "clearAllBonds": True}),
    (
        "iqmeshNetwork_MaintenanceTestRF",
        {"deviceAddr": 255, "rfChannel": 52, "rxFilter": 0, "measurementTime": 360},
    ),
    ("iqmeshNetwork_MaintenanceFrcResponseTime", {"command": 144}),
    ("iqmeshNetwork_MaintenanceInconsistentMIDsInCoord", {}),
    ("iqmeshNetwork_MaintenanceDuplicatedAddresses", {}),
    ("iqmeshNetwork_MaintenanceUselessPrebondedNodes", {}),
    ("iqmeshNetwork_WriteTrConf", {"deviceAddr": 1, "txPower": 6}),
    ("iqmeshNetwork_WriteTrConf", {"deviceAddr": 255, "txPower": 6, "accessPassword": "x"}),
    ("iqmeshNetwork_Backup", {"deviceAddr": 0}),
    ("iqrfTrio_HealthReport", {"rounds": 2}),
]

ONLY_IN_C = "iqmeshNetwork_RemoveBondOnlyInC"
MIDS = "iqmeshNetwork_MaintenanceInconsistentMIDsInCoord"


def mesh_with_its_own_parameters(mtype: str) -> Mesh:
    mesh = generate(3)
    mesh.node(SILENT).online = False
    mesh.coordinator.administration.hops = HOPS
    mesh.coordinator.administration.dpa_params = DPA_PARAMS
    mesh.coordinator.collector.params = FRC_PARAMS
    if mtype == MIDS:
        mesh.coordinator.bonds.set_mid(3, 0x82345678)
    if mtype in ("iqmeshNetwork_BondNodeLocal", "iqmeshNetwork_SmartConnect"):
        mesh.world.nodes.append(Node(MID, PRODUCTS[0], position=(0.1, 0.0)))
    return mesh


def request_of(mesh: Mesh, mtype: str, req: dict[str, Any]) -> dict[str, Any]:
    if mtype != "iqmeshNetwork_SmartConnect":
        return req
    node = mesh.world.nodes[-1]
    return req | {"smartConnectCode": iqrf_code.encode(IqrfCode(MID, node.ibk))}


def parameters(mesh: Mesh) -> tuple[Hops, int, int]:
    administration = mesh.coordinator.administration
    return administration.hops, administration.dpa_params, mesh.coordinator.collector.params


UNTOUCHED = HOPS, DPA_PARAMS, FRC_PARAMS


def check_bonds(mesh: Mesh, rig: Rig, mtype: str) -> None:
    """Nobody is bonded in one place and not in the other, and the database knows it."""
    known = mesh.coordinator.bonds.mids
    nodes = {node.nadr: node.mid for node in mesh.world.nodes if node.nadr is not None}
    if mtype == ONLY_IN_C:  # that is what it is for: the nodes are not told
        nodes = {address: mid for address, mid in nodes.items() if address in known}
    table = dict(known)
    if mtype == MIDS:  # interrupted, it has corrected the table or not
        table[3] = mesh.node(3).mid
    assert table == nodes
    devices = {device.address: device.mid for device in rig.store.network.nodes}
    assert devices == known


async def lives(
    mesh: Mesh, port: SimulatorPort, state: Path, mtype: str, req: dict[str, Any], dies_at: int
) -> int:
    """One life of a gateway in which the service is cut off; how many moments it has."""
    left = state.parent / f"{state.name}-left"
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal, enumerating=True) as rig:
        # What the coordinator had before anybody knew it can be learned only like this.
        for name in ("DpaHops", "DpaValue", "FrcParams"):
            assert (await rig.caller.ask(f"iqmeshNetwork_{name}", GET))["status"] == 0
        rig.gateway.enumeration.bonds_changed()
        await trio.sleep(60.0)
        assert parameters(mesh) == UNTOUCHED
        assert not rig.gateway.enumeration.responding(SILENT)
        mortal.armed = True
        rig.caller.send(mtype, request_of(mesh, mtype, req))
        with trio.move_on_after(600.0):
            await mortal.dead.wait()
    if mortal.dead.is_set():
        async with gateway(left, port, enumerating=True) as rig:
            await trio.sleep(120.0)
            assert await rig.store.journal() is None
            assert parameters(mesh) == UNTOUCHED, f"killed at moment {dies_at}"
            check_bonds(mesh, rig, mtype)
            assert (await rig.caller.ask("iqmeshNetwork_DpaHops", GET))["rsp"] == {
                "action": "get",
                "requestHops": HOPS.request,
                "responseHops": HOPS.response,
            }
    return mortal.moments


@pytest.mark.slow
@pytest.mark.parametrize(("mtype", "req"), SERVICES, ids=lambda value: str(value)[-20:])
async def test_killed_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: dict[str, Any]
) -> None:
    moments = await lives(
        mesh := mesh_with_its_own_parameters(mtype),
        SimulatorPort(mesh),
        tmp_path / "whole",
        mtype,
        req,
        1_000_000,
    )
    assert moments > 1
    for dies_at in range(0, moments, 1 if moments < 100 else 9):
        mesh = mesh_with_its_own_parameters(mtype)
        await lives(mesh, SimulatorPort(mesh), tmp_path / str(dies_at), mtype, req, dies_at)
