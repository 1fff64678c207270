"""Killed at any moment of a service: after the next start the coordinator is what it was."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.peripherals.coordinator import Hops
from tests.iqrf_trio.services.network.rig import MortalPort, copy_state, gateway

HOPS, DPA_PARAMS, FRC_PARAMS = Hops(3, 4), 1, 0x30

GET = {"action": "get"}

SERVICES: list[tuple[str, dict[str, Any]]] = [
    ("iqmeshNetwork_Ping", {}),
    ("iqmeshNetwork_Restart", {"hwpId": 0x0402}),
    ("iqmeshNetwork_DpaHops", GET),
    ("iqmeshNetwork_DpaValue", GET),
    ("iqmeshNetwork_FrcParams", GET),
    ("iqmeshNetwork_EnumerateDevice", {"deviceAddr": 1, "morePeripheralsInfo": True}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": 255}),
    (
        "iqmeshNetwork_MaintenanceTestRF",
        {"deviceAddr": 255, "rfChannel": 52, "rxFilter": 0, "measurementTime": 360},
    ),
    ("iqmeshNetwork_MaintenanceFrcResponseTime", {"command": 144}),
    ("iqmeshNetwork_MaintenanceInconsistentMIDsInCoord", {}),
    ("iqmeshNetwork_WriteTrConf", {"deviceAddr": 255, "txPower": 6, "accessPassword": "x"}),
    ("iqmeshNetwork_Backup", {"deviceAddr": 0}),
]


def mesh_with_its_own_parameters() -> Mesh:
    mesh = generate(3)
    mesh.node(2).online = False
    mesh.coordinator.administration.hops = HOPS
    mesh.coordinator.administration.dpa_params = DPA_PARAMS
    mesh.coordinator.collector.params = FRC_PARAMS
    return mesh


def parameters(mesh: Mesh) -> tuple[Hops, int, int]:
    administration = mesh.coordinator.administration
    return administration.hops, administration.dpa_params, mesh.coordinator.collector.params


UNTOUCHED = HOPS, DPA_PARAMS, FRC_PARAMS


async def lives(
    mesh: Mesh, port: SimulatorPort, state: Path, mtype: str, req: dict[str, Any], dies_at: int
) -> int:
    """One life of a gateway in which the service is cut off; how many moments it has."""
    left = state.parent / f"{state.name}-left"
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal) as rig:
        # What the coordinator had before anybody knew it can be learned only like this.
        for name in ("DpaHops", "DpaValue", "FrcParams"):
            assert (await rig.caller.ask(f"iqmeshNetwork_{name}", GET))["status"] == 0
        await trio.sleep(5.0)
        assert parameters(mesh) == UNTOUCHED
        mortal.armed = True
        rig.caller.send(mtype, req)
        with trio.move_on_after(600.0):
            await mortal.dead.wait()
    if mortal.dead.is_set():
        async with gateway(left, port) as rig:
            await trio.sleep(30.0)
            assert await rig.store.journal() is None
            assert parameters(mesh) == UNTOUCHED, f"killed at moment {dies_at}"
            assert (await rig.caller.ask("iqmeshNetwork_DpaHops", GET))["rsp"] == {
                "action": "get",
                "requestHops": HOPS.request,
                "responseHops": HOPS.response,
            }
    return mortal.moments


@pytest.mark.parametrize(("mtype", "req"), SERVICES, ids=lambda value: str(value)[-8:])
async def test_killed_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: dict[str, Any]
) -> None:
    moments = await lives(
        mesh := mesh_with_its_own_parameters(),
        SimulatorPort(mesh),
        tmp_path / "whole",
        mtype,
        req,
        1_000_000,
    )
    assert moments > 1
    for dies_at in range(0, moments, 1 if moments < 20 else 9):
        mesh = mesh_with_its_own_parameters()
        await lives(mesh, SimulatorPort(mesh), tmp_path / str(dies_at), mtype, req, dies_at)
