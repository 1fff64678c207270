"""ReplaceNode on simulated meshes: one module in the place of another, and never two of them."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.packet import Request, Response
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import MortalPort, Rig, copy_state, gateway
from tests.iqrf_trio.services.network.strangers import prebonded

REPLACE = "iqrfTrio_ReplaceNode"
ADDRESS = 3
NEW_MID = 0x81000ABC


def broken(nodes: int = 5) -> tuple[Mesh, Node, Node, dict[str, Any]]:
    """A mesh in which the node at ADDRESS is broken, what shall replace it, and the request."""
    mesh = generate(nodes)
    old = mesh.node(ADDRESS)
    old.system.settings[0x07] = 3  # TX power
    new = Node(NEW_MID, PRODUCTS[3], position=old.position)
    mesh.world.nodes.append(new)
    code = iqrf_code.encode(IqrfCode(NEW_MID, new.ibk, new.product.hwpid))
    return mesh, old, new, {"address": ADDRESS, "smartConnectCode": code}


async def prepared(rig: Rig) -> None:
    """The network is known, the node has a name, and its configuration was read once."""
    answer = await rig.caller.ask("iqrfDb_Enumerate", {"reenumerate": True, "standards": True})
    with trio.fail_after(1000.0):
        while answer["rsp"].get("step") != 8:
            answer = (await rig.caller.next())["data"]
    await rig.store.set_metadata({ADDRESS: {"name": "boiler", "floor": 2}})
    assert (await rig.caller.ask("iqmeshNetwork_ReadTrConf", {"deviceAddr": ADDRESS}))["rsp"]
    await trio.sleep(10.0)


def name_of(rig: Rig) -> object:
    device = rig.store.network.get(ADDRESS)
    return device and device.metadata and device.metadata.get("name")


def listening(mesh: Mesh) -> list[int]:
    """The MIDs of all modules that listen to the address in this network."""
    network = mesh.coordinator.bonds.network
    return [
        node.mid for node in mesh.world.nodes if node.nadr == ADDRESS and node.network == network
    ]


@pytest.mark.parametrize("by", ["code", "mid"])
async def test_another_module_takes_over_everything(
    tmp_path: Path, autojump_clock: MockClock, by: str
) -> None:
    mesh, old, new, req = broken()
    if by == "mid":
        req = {"address": ADDRESS, "mid": f"{NEW_MID:08X}"}
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        await prepared(rig)
        old.online = False
        answer = await rig.caller.ask(REPLACE, req)
        assert (answer["status"], answer["statusStr"]) == (0, "ok")
        assert answer["rsp"] == {
            "address": ADDRESS,
            "oldMid": f"{old.mid:08x}",
            "newMid": f"{NEW_MID:08x}",
            "replaced": True,
            "configuration": "restored",
            "discovered": True,
        }
        assert mesh.coordinator.bonds.mids[ADDRESS] == NEW_MID
        assert new.nadr == ADDRESS
        assert bytes(new.system.settings) == bytes(old.system.settings)
        assert not prebonded(mesh)
        assert await rig.store.journal() is None
        await trio.sleep(400.0)
        device = rig.store.network.get(ADDRESS)
        assert device
        assert (device.mid, device.product and device.product.identity.hwpid) == (
            NEW_MID,
            new.product.hwpid,
        )
        assert device.metadata == {"name": "boiler", "floor": 2}


@pytest.mark.parametrize("how", ["health report", "reset message"])
async def test_the_old_module_cannot_come_back(
    tmp_path: Path, autojump_clock: MockClock, how: str
) -> None:
    mesh, old, _new, req = broken()
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        old.online = False
        assert (await rig.caller.ask(REPLACE, req))["status"] == 0
    # The gateway has been restarted meanwhile.
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        old.online = True
        assert sorted(listening(mesh)) == sorted([old.mid, NEW_MID])
        if how == "health report":
            answer = await rig.caller.ask("iqrfTrio_HealthReport", {"rounds": 1})
            assert answer["status"] == 0
        else:
            pdata = ENUMERATE.encode(old.enumeration())
            mesh.emit(Response(ADDRESS, *ENUMERATE.key, 0, pdata=pdata, asynchronous=True))
            await trio.sleep(60.0)
        assert listening(mesh) == [NEW_MID]
        assert old.nadr is None


async def test_an_old_module_that_still_answers_leaves(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, old, new, req = broken()
    old.position, new.position = (0.1, 0.0), (0.5, 0.0)
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        answer = await rig.caller.ask(REPLACE, req)
        assert (answer["status"], answer["rsp"]["configuration"]) == (0, "restored")
        assert listening(mesh) == [NEW_MID]
        assert old.nadr is None


def vanish(request: Request, node: Node) -> bool:
    """The new module is lost once it was bonded."""
    if (request.nadr, request.pnum, request.pcmd) == (ADDRESS, 0x02, 0x00):
        node.online = False
    return False


@pytest.mark.parametrize("by", ["code", "mid"])
async def test_the_new_module_is_lost_in_the_middle(
    tmp_path: Path, autojump_clock: MockClock, by: str
) -> None:
    mesh, old, new, req = broken()
    if by == "mid":
        req = {"address": ADDRESS, "mid": f"{NEW_MID:08X}"}
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        await prepared(rig)
        old.online = False
        mesh.faults.arm(Fault.SILENT, when=lambda each: vanish(each, new))
        answer = await rig.caller.ask(REPLACE, req)
        assert (answer["status"], answer["rsp"]["replaced"]) == (1006, False)
        assert "the old one has its place again" in answer["statusStr"]
        assert mesh.coordinator.bonds.mids[ADDRESS] == old.mid
        assert await rig.store.journal() is None
        mesh.faults.disarm()
        # Both are back: the old one is the node, and the new one is told so next time.
        old.online = True
        await trio.sleep(400.0)
        assert name_of(rig) == "boiler"
        new.online = True
        await rig.caller.ask("iqrfTrio_HealthReport", {"rounds": 1})
        assert listening(mesh) == [old.mid]
        assert (await rig.caller.ask("iqmeshNetwork_ReadTrConf", {"deviceAddr": ADDRESS}))["rsp"]


async def test_it_is_not_there_and_nothing_is_changed(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh, old, new, req = broken()
    new.online = False
    bonds = dict(mesh.coordinator.bonds.mids)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(REPLACE, req, repeat=0)
        assert (answer["status"], answer["rsp"]["replaced"]) == (1006, False)
        assert mesh.coordinator.bonds.mids == bonds
        assert listening(mesh) == [old.mid]
        by_mid = {"address": ADDRESS, "mid": f"{NEW_MID:08X}"}
        answer = await rig.caller.ask(REPLACE, by_mid)
        assert answer["statusStr"] == "The new module was not found; nothing was changed."
        assert mesh.coordinator.bonds.mids == bonds
        assert not prebonded(mesh)


@pytest.mark.parametrize("times", [1, 2])
async def test_the_answer_of_the_bonding_is_lost(
    tmp_path: Path, autojump_clock: MockClock, times: int
) -> None:
    mesh, old, _new, req = broken()
    old.online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(
            Fault.NO_RESPONSE, times=times, when=lambda each: (each.pnum, each.pcmd) == (0, 0x12)
        )
        assert (await rig.caller.ask(REPLACE, req))["status"] == 0
        assert listening(mesh) == [old.mid, NEW_MID]
        assert mesh.coordinator.bonds.mids[ADDRESS] == NEW_MID


async def test_no_configuration_is_known(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh, old, new, req = broken()
    old.online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(REPLACE, req)
        assert answer["rsp"]["configuration"] == "none is known"
        assert (new.nadr, answer["status"]) == (ADDRESS, 0)
        again = await rig.caller.ask(REPLACE, req)
        assert (again["status"], again["statusStr"]) == (
            1001,
            "It is the module that has this address.",
        )


@pytest.mark.parametrize(
    ("req", "status", "text"),
    [
        ({"address": 99, "mid": "81000ABC"}, 1003, "No node is bonded to address 99."),
        ({"address": 3}, 1001, "Each node needs a MID, or a code that tells it."),
        ({"address": 3, "smartConnectCode": ""}, 1001, "IQRF Code cannot be empty."),
    ],
)
async def test_requests_that_cannot_be_meant(
    tmp_path: Path, autojump_clock: MockClock, req: dict[str, Any], status: int, text: str
) -> None:
    mesh, *_ = broken()
    other = mesh.coordinator.bonds.mids[1]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(REPLACE, req)
        assert (answer["status"], answer["statusStr"], "rsp" in answer) == (status, text, False)
        answer = await rig.caller.ask(REPLACE, {"address": ADDRESS, "mid": f"{other:08x}"})
        assert (answer["status"], answer["statusStr"]) == (
            1004,
            f"Module {other:08X} has address 1.",
        )


async def life(mesh: Mesh, state: Path, req: dict[str, Any], dies_at: int) -> int:
    """One life that is killed; how many moments it has had."""
    left, port = state.parent / f"{state.name}-left", SimulatorPort(mesh)
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal, enumerating=True) as rig:
        rig.gateway.keeper.shelves = ()
        await prepared(rig)
        mesh.node(ADDRESS).online = mesh.node(ADDRESS).mid != req["dead"]
        mortal.armed = True
        with trio.move_on_after(600.0):
            rig.caller.send(REPLACE, {key: req[key] for key in req if key != "dead"})
            await mortal.dead.wait()
    return mortal.moments


@pytest.mark.slow
@pytest.mark.parametrize("by", ["code", "mid"])
@pytest.mark.parametrize("old_is", ["dead", "alive"])
async def test_killed_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, by: str, old_is: str
) -> None:
    async def one(dies_at: int) -> int:
        mesh, old, new, req = broken(3)
        if by == "mid":
            req = {"address": ADDRESS, "mid": f"{NEW_MID:08X}"}
        req["dead"] = old.mid if old_is == "dead" else None
        moments = await life(mesh, tmp_path / str(dies_at), req, dies_at)
        left = tmp_path / f"{dies_at}-left"
        if not left.exists():
            return moments
        async with gateway(left, SimulatorPort(mesh), enumerating=True) as rig:
            await trio.sleep(300.0)
            assert await rig.store.journal() is None
            assert not prebonded(mesh)
            bonded = mesh.coordinator.bonds.mids[ADDRESS]
            assert bonded in (old.mid, NEW_MID), f"killed at moment {dies_at}"
            old.online = new.online = True
            await rig.caller.ask("iqrfTrio_HealthReport", {"rounds": 1})
            assert listening(mesh) == [bonded], f"killed at moment {dies_at}"
            await trio.sleep(400.0)
            assert name_of(rig) == "boiler", f"killed at moment {dies_at}"
            if bonded != NEW_MID:
                asked = {key: req[key] for key in req if key != "dead"}
                answer = await rig.caller.ask(REPLACE, asked)
                assert answer["status"] == 0, f"killed at moment {dies_at}"
            await trio.sleep(400.0)
            assert listening(mesh) == [NEW_MID]
            assert name_of(rig) == "boiler"
        return moments

    moments = await one(1_000_000)
    assert moments > 20
    for dies_at in range(moments):
        await one(dies_at)


@pytest.mark.parametrize("after_s", [0.2, 1.5, 4.0, 6.0, 8.0])
async def test_cancelled_one_of_the_two_has_the_address(
    tmp_path: Path, autojump_clock: MockClock, after_s: float
) -> None:
    mesh, old, _new, req = broken()
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        await prepared(rig)
        rig.gateway.keeper.shelves = ()
        old.online = False
        rig.caller.send(REPLACE, req, msgId="run")
        await trio.sleep(after_s)
        rig.caller.send("iqrfTrio_Cancel", {"msgId": "run"}, msgId="cancel")
        answers: dict[str, Any] = {}
        while "run" not in answers:
            data = (await rig.caller.next())["data"]
            answers[data["msgId"]] = data
        assert answers["run"]["status"] in (0, 1011)
        await trio.sleep(60.0)
        assert await rig.store.journal() is None
        replaced = answers["run"].get("rsp", {}).get("replaced", False)
        assert mesh.coordinator.bonds.mids[ADDRESS] == (NEW_MID if replaced else old.mid)
        await trio.sleep(400.0)
        assert name_of(rig) == "boiler"
