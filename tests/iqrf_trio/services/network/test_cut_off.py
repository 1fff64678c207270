"""Services that bond: cancelled at each moment, and on a disk that takes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define
from trio.testing import MockClock

from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import StoreError
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.api.registry import REGISTRY
from protocol.dpa.peripherals.coordinator import Hops
from tests.iqrf_trio.services.network.rig import MortalPort, Rig, gateway
from tests.iqrf_trio.services.network.strangers import bonds_are_true, prebonded, strangers
from tests.iqrf_trio.services.network.test_commission import COMMISSION, listed
from tests.iqrf_trio.services.network.test_replace_node import (
    ADDRESS,
    NEW_MID,
    REPLACE,
    broken,
    listening,
)
from tests.iqrf_trio.services.network.test_service import FullDisk

AUTO = "iqmeshNetwork_AutoNetwork"
PARAMETERS = Hops(3, 4), 1, 0x30

Case = tuple[Mesh, str, dict[str, Any]]


def of_waves() -> Case:
    stop = {"stopConditions": {"waves": 2, "emptyWaves": 0}}
    return strangers(3), AUTO, stop | {"unbondUnrespondingNodes": True}


def of_a_list() -> Case:
    mesh = strangers(3)
    return mesh, COMMISSION, {"nodes": listed(mesh.world.nodes)}


def of_a_code() -> Case:
    mesh, old, _new, req = broken(3)
    old.online = False
    return mesh, REPLACE, req


def of_a_mid() -> Case:
    mesh, old, _new, _req = broken(3)
    old.online = False
    return mesh, REPLACE, {"address": ADDRESS, "mid": f"{NEW_MID:08x}"}


CASES = pytest.mark.parametrize("case", [of_waves, of_a_list, of_a_code, of_a_mid])


def parameters(mesh: Mesh) -> tuple[Hops, int, int]:
    administration = mesh.coordinator.administration
    return administration.hops, administration.dpa_params, mesh.coordinator.collector.params


async def known(rig: Rig, mesh: Mesh) -> None:
    """The coordinator has parameters of its own, and the gateway knows them."""
    administration = mesh.coordinator.administration
    administration.hops, administration.dpa_params, mesh.coordinator.collector.params = PARAMETERS
    for name in ("DpaHops", "DpaValue", "FrcParams"):
        await rig.caller.ask(f"iqmeshNetwork_{name}", {"action": "get"})
    rig.gateway.keeper.shelves = ()


@define(eq=False)
class CancellingPort(MortalPort):
    """Nothing dies at the moment: `on_death` is called, and everything goes on."""

    def moment(self) -> None:
        if self.armed:
            if self.moments == self.dies_at:
                self.on_death()
            self.moments += 1


async def cancelled(case: Callable[[], Case], state: Path, at: int) -> int:
    """Cancel at that moment; how many moments there were. What is left has to be whole."""
    mesh, mtype, req = case()
    port = CancellingPort(SimulatorPort(mesh), at)
    async with gateway(state, port) as rig:
        await known(rig, mesh)

        def cancel() -> None:
            rig.caller.send("iqrfTrio_Cancel", {"msgId": "run"}, msgId="cancel")

        port.on_death, port.armed = cancel, True
        rig.caller.send(mtype, req, msgId="run")
        with trio.fail_after(2000.0):
            while True:
                data = (await rig.caller.next())["data"]
                if data["msgId"] == "run" and REGISTRY[mtype].ends_with(data):
                    break
        port.armed = False
        assert data["status"] in (0, 1011), data
        await trio.sleep(60.0)
        assert await rig.store.journal() is None, f"cancelled at moment {at}"
        assert parameters(mesh) == PARAMETERS, f"cancelled at moment {at}"
        assert not prebonded(mesh), f"cancelled at moment {at}"
        if mtype == REPLACE:
            bonded = mesh.coordinator.bonds.mids[ADDRESS]
            assert (bonded == NEW_MID) == data.get("rsp", {}).get("replaced", False)
            assert set(listening(mesh)) - {bonded} <= {mesh.world.nodes[ADDRESS - 1].mid}
        else:
            assert bonds_are_true(mesh), f"cancelled at moment {at}"
        # The radio is free again.
        assert (await rig.caller.ask("iqmeshNetwork_DpaHops", {"action": "get"}))["status"] == 0
    return port.moments


@pytest.mark.slow
@CASES
async def test_cancelled_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, case: Callable[[], Case]
) -> None:
    moments = await cancelled(case, tmp_path / "whole", 1_000_000)
    assert moments > 20
    for at in range(moments):
        await cancelled(case, tmp_path / str(at), at)


@CASES
async def test_where_nothing_can_be_written_nothing_is_begun(
    tmp_path: Path, autojump_clock: MockClock, case: Callable[[], Case]
) -> None:
    mesh, mtype, req = case()
    bonds = dict(mesh.coordinator.bonds.mids)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await known(rig, mesh)
        rig.network.recovery.journal = FullDisk(StoreError("disk full"))
        answer = await rig.caller.ask(mtype, req)
        assert (answer["status"], answer["statusStr"]) == (1000, "nothing was begun: disk full")
        assert mesh.coordinator.bonds.mids == bonds
        assert parameters(mesh) == PARAMETERS
        assert not prebonded(mesh)
