"""Killed at any moment of a service: after the next start nothing is half done."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.services.network.everything import (
    GET,
    HOPS,
    SERVICES,
    UNTOUCHED,
    check_bonds,
    learn,
    mesh_with_its_own_parameters,
    parameters,
    request_of,
)
from tests.iqrf_trio.services.network.rig import MortalPort, copy_state, gateway


async def lives(
    mesh: Mesh, port: SimulatorPort, state: Path, mtype: str, req: dict[str, Any], dies_at: int
) -> int:
    """One life of a gateway in which the service is cut off; how many moments it has."""
    left = state.parent / f"{state.name}-left"
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal, enumerating=True) as rig:
        await learn(mesh, rig, mtype)
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
