"""Nodes leave a simulated network, and the coordinator forgets them."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.bonds import Bonds
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.packet import Request
from tests.iqrf_trio.services.network.rig import gateway

REMOVE, FORGET = "iqmeshNetwork_RemoveBond", "iqmeshNetwork_RemoveBondOnlyInC"


def bonded(mesh: Mesh) -> set[int]:
    return set(mesh.coordinator.bonds.mids)


async def test_one_node_leaves(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(REMOVE, {"deviceAddr": 2})
        assert (answer["status"], answer["rsp"]) == (0, {"nodesNr": 2})
        assert bonded(mesh) == {1, 3}
        again = await rig.caller.ask(REMOVE, {"deviceAddr": 2})
        assert (again["status"], again["statusStr"]) == (8, "DPA error: ERROR_NADR")
        assert "rsp" not in again


async def test_a_silent_node_stays_bonded_until_it_is_forgotten(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    mesh.node(2).online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(REMOVE, {"deviceAddr": 2}))["status"] == -1
        assert bonded(mesh) == {1, 2, 3}
        answer = await rig.caller.ask(FORGET, {"deviceAddr": [2]})
        assert (answer["status"], answer["rsp"]) == (0, {"nodesNr": 2})
        assert bonded(mesh) == {1, 3}


async def test_all_leave_but_those_that_keep_silent(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(30)
    mesh.node(7).online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        radio = mesh.counters.radio
        answer = await rig.caller.ask(REMOVE, {"deviceAddr": 255})
        assert (answer["status"], answer["rsp"]) == (
            0,
            {"nodesNr": 1, "removeBondFailedNodes": [7]},
        )
        assert bonded(mesh) == {7}
        assert mesh.counters.radio - radio == 2
        mesh.node(7).online = True
        assert (await rig.caller.ask(REMOVE, {"deviceAddr": 255}))["rsp"] == {"nodesNr": 0}
        empty = await rig.caller.ask(REMOVE, {"deviceAddr": 255, "wholeNetwork": True})
        assert (empty["status"], empty["rsp"]) == (0, {"nodesNr": 0})
        assert empty["statusStr"] == 'Bad FRC status: (int)status="255" '


@pytest.mark.parametrize(
    ("mtype", "req"),
    [
        (REMOVE, {}),
        (REMOVE, {"deviceAddr": 0}),
        (REMOVE, {"deviceAddr": 240}),
        (REMOVE, {"deviceAddr": 1, "hwpId": -1}),
        (FORGET, {}),
        (FORGET, {"deviceAddr": [0]}),
        (FORGET, {"deviceAddr": 1}),
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: object
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(mtype, req)
        assert (await rig.caller.next())["mType"] == "messageError"
        assert bonded(mesh) == {1, 2, 3}


async def test_a_bond_that_the_coordinator_did_not_forget_is_told(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = generate(4)
    remove = Bonds.remove

    def forgetful(bonds: Bonds, address: int) -> None:
        if address != 3:
            remove(bonds, address)

    # A batch is answered as if all of it had been done.
    monkeypatch.setattr(Bonds, "remove", forgetful)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(FORGET, {"deviceAddr": [1, 3]})
        assert (answer["status"], answer["rsp"]) == (1000, {"nodesNr": 3})
        assert answer["statusStr"] == "Still bonded in the coordinator: [3]"


async def test_it_is_brought_to_its_end_where_the_coordinator_did_not_answer(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.SILENT, times=2, when=is_remove_bond)
        answer = await rig.caller.ask(REMOVE, {"deviceAddr": 2}, repeat=1)
        # The node has left: the coordinator is told until it has understood.
        assert answer["status"] == -1
        assert bonded(mesh) == {1, 3}
        assert await rig.store.journal() is None


async def test_a_cancel_between_node_and_coordinator_ends_with_both(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(REMOVE, {"deviceAddr": 2}, msgId="remove")
        while mesh.world.at(2) is not None:  # noqa: ASYNC110 - the mesh tells nobody
            await trio.sleep(0.01)
        assert bonded(mesh) == {1, 2, 3}
        rig.caller.send("iqrfTrio_Cancel", {"msgId": "remove"}, msgId="cancel")
        rig.caller.heard.clear()
        answer = (await rig.caller.next())["data"]
        assert (answer["status"], answer["rsp"]) == (1011, {"nodesNr": 2})
        assert bonded(mesh) == {1, 3}
        assert await rig.store.journal() is None


def is_remove_bond(request: Request) -> bool:
    return (request.nadr, request.pnum, request.pcmd) == (0, 0, 5)


@pytest.mark.parametrize(
    ("mtype", "req", "kept"),
    [
        (REMOVE, {"deviceAddr": 255}, True),
        (FORGET, {"deviceAddr": [], "clearAllBonds": True}, True),
        (REMOVE, {"deviceAddr": 2}, False),
        (FORGET, {"deviceAddr": [2]}, False),
    ],
)
async def test_before_all_bonds_are_gone_a_snapshot_is_kept(
    mtype: str, req: dict[str, object], kept: bool, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(3))) as rig:
        assert (await rig.caller.ask(mtype, req))["status"] == 0
        assert has_snapshots(tmp_path) is kept


def has_snapshots(state: Path) -> bool:
    return any(state.glob("vault/*.iqvault"))
