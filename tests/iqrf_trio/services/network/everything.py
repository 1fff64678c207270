"""All network services, a mesh on which each finds something to do, and what has to hold after it.

The coordinator's parameters are what they were, and of every bond the coordinator, the node and the
database say the same.
"""

from typing import Any

import trio

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from protocol.dpa.peripherals.coordinator import Hops
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import Rig

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
    ("iqrfTrio_UndoBonds", {}),
]

BOND, UNDO = "iqmeshNetwork_BondNodeLocal", "iqrfTrio_UndoBonds"
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
    if mtype in (BOND, "iqmeshNetwork_SmartConnect", UNDO):
        mesh.world.nodes.append(Node(MID, PRODUCTS[0], position=(0.1, 0.0)))
    return mesh


def request_of(mesh: Mesh, mtype: str, req: dict[str, Any]) -> dict[str, Any] | None:
    if mtype == UNDO:
        return None
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


async def learn(mesh: Mesh, rig: Rig, mtype: str) -> None:
    """Have the gateway know the mesh: its parameters, its bonds, and who is silent."""
    if mtype == UNDO:
        assert (await rig.caller.ask(BOND, {"deviceAddr": 0}))["status"] == 0
    # What the coordinator had before anybody knew it can be learned only like this.
    for name in ("DpaHops", "DpaValue", "FrcParams"):
        assert (await rig.caller.ask(f"iqmeshNetwork_{name}", GET))["status"] == 0
    rig.gateway.enumeration.bonds_changed()
    await trio.sleep(60.0)
    assert parameters(mesh) == UNTOUCHED
    assert not rig.gateway.enumeration.responding(SILENT)
