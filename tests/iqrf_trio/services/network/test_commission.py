"""CommissionNetwork on simulated meshes: each node of the list with its address and its name."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.packet import Request
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import MortalPort, Rig, copy_state, gateway
from tests.iqrf_trio.services.network.strangers import bonds_are_true, prebonded, strangers

COMMISSION = "iqrfTrio_CommissionNetwork"


def listed(nodes: list[Node], seed: int = 3) -> list[dict[str, Any]]:
    """A list of these nodes, with addresses in no order, and a name for each."""
    addresses = Random(seed).sample(range(1, 240), len(nodes))
    return [
        {"mid": f"{node.mid:08X}", "address": address, "name": f"node {number}"}
        for number, (node, address) in enumerate(zip(nodes, addresses, strict=True))
    ]


def as_listed(mesh: Mesh, nodes: list[dict[str, Any]]) -> bool:
    """Whether each of the list has its address, in the coordinator and for itself."""
    wanted = {each["address"]: int(each["mid"], 16) for each in nodes}
    return mesh.coordinator.bonds.mids == wanted and bonds_are_true(mesh)


async def names(rig: Rig) -> dict[int, str]:
    """The names by address, once the network is enumerated."""
    await trio.sleep(400.0)
    return {
        device.address: str(device.metadata["name"])
        for device in rig.store.network.nodes
        if device.metadata and "name" in device.metadata
    }


def states(rsp: dict[str, Any]) -> dict[str, int]:
    told = [each["state"] for each in rsp["nodes"]]
    return {state: told.count(state) for state in told}


async def test_a_list_enters_with_addresses_and_names(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(12, loss=0.1)
    nodes = listed(mesh.world.nodes[:10])
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        rig.caller.send(COMMISSION, {"nodes": nodes}, progress=True)
        verified: list[int] = []
        while True:
            data = (await rig.caller.next())["data"]
            if "progress" not in data:
                break
            if data["progress"].get("state") == "verified":
                verified.append(data["progress"]["node"])
        assert (data["status"], data["rsp"]["nodesNr"]) == (0, 10)
        assert states(data["rsp"]) == {"verified": 10}
        assert sorted(verified) == sorted(each["address"] for each in nodes)
        assert as_listed(mesh, nodes)
        assert not prebonded(mesh)
        assert await names(rig) == {each["address"]: each["name"] for each in nodes}
        # All is done: there is nothing to be resumed.
        answer = await rig.caller.ask(COMMISSION, {"resume": True})
        assert (answer["status"], "rsp" in answer) == (1003, False)
        again = await rig.caller.ask(COMMISSION, {"nodes": nodes})
        assert (again["status"], states(again["rsp"])) == (0, {"verified": 10})


async def test_a_dry_run_says_who_would_get_which_address_and_bonds_nobody(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(5)
    near = mesh.world.nodes
    for node in near:
        node.position = (0.5, 0.0)
    nodes = listed(near[:3])
    del nodes[2]["address"]
    nodes.append({"mid": "81555555", "name": "not there"})
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        answer = await rig.caller.ask(COMMISSION, {"nodes": nodes}, dryRun=True)
        assert answer["status"] == 0
        told = {each["mid"]: (each["state"], each["address"]) for each in answer["rsp"]["nodes"]}
        assert told == {
            f"{near[0].mid:08x}": ("prebonded", nodes[0]["address"]),
            f"{near[1].mid:08x}": ("prebonded", nodes[1]["address"]),
            f"{near[2].mid:08x}": ("prebonded", 1),
            "81555555": ("wanted", None),
        }
        assert answer["rsp"]["others"] == sorted(f"{node.mid:08x}" for node in near[3:])
        assert not mesh.coordinator.bonds.mids
        assert not prebonded(mesh)
        assert await names(rig) == {}
        assert (await rig.caller.ask(COMMISSION, {"resume": True}))["status"] == 1003


async def test_whoever_cannot_enter_is_told_with_the_reason(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(5, bonded=2)
    for node in mesh.world.nodes:
        node.position = (0.5, 0.0)
    one, two, three, four, five = mesh.world.nodes[2:]
    held = mesh.coordinator.bonds.mids
    nodes = [
        {"mid": f"{one.mid:08x}", "address": 2},
        {"mid": f"{two.mid:08x}", "hwpId": two.product.hwpid ^ 1},
        {"mid": f"{held[1]:08x}", "address": 9},
        {"mid": "81666666"},
        {"mid": f"{three.mid:08x}", "address": 7},
        {"mid": f"{held[2]:08x}"},
        {"mid": f"{five.mid:08x}", "address": 5},
    ]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.REFUSAL, 1, times=None, when=lambda each: gives(each, 5))
        answer = await rig.caller.ask(COMMISSION, {"nodes": nodes})
        assert (answer["status"], answer["statusStr"]) == (
            1004,
            "5 of 7 nodes are not in the network.",
        )
        reasons = [each.get("reason") for each in answer["rsp"]["nodes"]]
        assert reasons == [
            f"Address 2 belongs to module {held[2]:08X}.",
            f"It has HWPID {two.product.hwpid}.",
            "It has address 1 already.",
            "It was not found.",
            None,
            None,
            "It was not found.",
        ]
        assert set(mesh.coordinator.bonds.mids) == {1, 2, 7}
        assert four.nadr is None
        assert bonds_are_true(mesh)
        # What was not finished can be gone on with, without the list.
        mesh.faults.disarm()
        again = await rig.caller.ask(COMMISSION, {"resume": True})
        assert again["rsp"]["nodes"][-1]["state"] == "verified"
        assert mesh.coordinator.bonds.mids[5] == five.mid


def gives(request: Request, address: int) -> bool:
    pairs = request.pdata
    return (request.pnum, request.pcmd) == (0, 0x0D) and address in pairs[::5]


async def test_a_node_that_others_do_not_prebond_enters_by_its_code(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(2)
    far, near = mesh.world.nodes
    near.position, far.position = (0.5, 0.0), (9.0, 0.0)
    code = iqrf_code.encode(IqrfCode(far.mid, far.ibk, far.product.hwpid))
    nodes = [{"smartConnectCode": code, "address": 4}, {"mid": f"{near.mid:08x}"}]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(COMMISSION, {"nodes": nodes})
        assert (answer["status"], states(answer["rsp"])) == (0, {"verified": 2})
        assert mesh.coordinator.bonds.mids == {4: far.mid, 1: near.mid}


async def test_a_node_that_never_answers_loses_its_bond_and_is_told(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(3)
    nodes, deaf = listed(mesh.world.nodes), mesh.world.nodes[1]

    def leave(request: Request) -> bool:
        if (request.pnum, request.pcmd) == (0, 0x0D):
            deaf.online = False
        return False

    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.SILENT, when=leave)
        answer = await rig.caller.ask(COMMISSION, {"nodes": nodes})
        told = answer["rsp"]["nodes"][1]
        assert (told["state"], told["reason"]) == ("failed", "It does not answer at its address.")
        assert (answer["status"], answer["rsp"]["nodesNr"]) == (1004, 2)
        assert deaf.mid not in mesh.coordinator.bonds.mids.values()


async def life(mesh: Mesh, state: Path, req: dict[str, Any], dies_at: int) -> int:
    """One life that is killed; how many moments it has had."""
    left, port = state.parent / f"{state.name}-left", SimulatorPort(mesh)
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal, enumerating=True) as rig:
        rig.gateway.keeper.shelves = ()
        await trio.sleep(30.0)
        mortal.armed = True
        with trio.move_on_after(4000.0):
            rig.caller.send(COMMISSION, req)
            await mortal.dead.wait()
    return mortal.moments


async def test_killed_three_times_and_resumed(tmp_path: Path, autojump_clock: MockClock) -> None:
    await killed_and_resumed(strangers(20, loss=0.1), tmp_path, (25, 60, 110))


@pytest.mark.slow
async def test_150_strangers_killed_three_times_and_resumed(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    await killed_and_resumed(strangers(150, loss=0.1), tmp_path, (60, 150, 250))


async def killed_and_resumed(mesh: Mesh, path: Path, deaths: tuple[int, ...]) -> None:
    nodes, state = listed(mesh.world.nodes), path / "0"
    req: dict[str, Any] = {"nodes": nodes}
    for number, dies_at in enumerate(deaths):
        await life(mesh, state, req, dies_at)
        state, req = path / f"{number}-left", {"resume": True}
        assert state.exists()
        state = state.rename(path / str(number + 1))
    bonded = len(mesh.coordinator.bonds.mids)
    assert 0 < bonded < len(nodes)
    async with gateway(state, SimulatorPort(mesh), enumerating=True) as rig:
        answer = await rig.caller.ask(COMMISSION, req)
        assert (answer["status"], states(answer["rsp"])) == (0, {"verified": len(nodes)})
        assert as_listed(mesh, nodes)
        assert not prebonded(mesh)
        assert await names(rig) == {each["address"]: each["name"] for each in nodes}
        assert await rig.store.journal() is None


@pytest.mark.slow
async def test_killed_at_each_moment(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = strangers(3)
    moments = await life(mesh, tmp_path / "whole", {"nodes": listed(mesh.world.nodes)}, 1_000_000)
    assert moments > 40
    for dies_at in range(moments):
        mesh = strangers(3)
        nodes = listed(mesh.world.nodes)
        await life(mesh, tmp_path / str(dies_at), {"nodes": nodes}, dies_at)
        left = tmp_path / f"{dies_at}-left"
        if not left.exists():
            continue
        async with gateway(left, SimulatorPort(mesh)) as rig:
            await trio.sleep(60.0)
            assert not prebonded(mesh), f"killed at moment {dies_at}"
            assert await rig.store.journal() is None
            answer = await rig.caller.ask(COMMISSION, {"resume": True, "nodes": nodes})
            assert answer["status"] == 0, answer
            assert as_listed(mesh, nodes)


@pytest.mark.parametrize("after_s", [5.0, 16.0, 20.0, 24.0, 40.0])
async def test_cancelled_it_says_how_far_everybody_is(
    tmp_path: Path, autojump_clock: MockClock, after_s: float
) -> None:
    mesh = strangers(8, loss=0.1)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(COMMISSION, {"nodes": listed(mesh.world.nodes)}, msgId="run")
        await trio.sleep(after_s)
        rig.caller.send("iqrfTrio_Cancel", {"msgId": "run"}, msgId="cancel")
        answers = {}
        while "run" not in answers:
            data = (await rig.caller.next())["data"]
            answers[data["msgId"]] = data
        assert answers["run"]["status"] == 1011
        assert not prebonded(mesh)
        assert await rig.store.journal() is None
        verified = {
            each["address"]: int(each["mid"], 16)
            for each in answers["run"].get("rsp", {"nodes": []})["nodes"]
            if each["state"] == "verified"
        }
        assert verified.items() <= mesh.coordinator.bonds.mids.items()


@pytest.mark.parametrize(
    ("req", "text"),
    [
        ({}, "The list of nodes is empty."),
        ({"nodes": [{"name": "x"}]}, "Each node needs a MID, or a code that tells it."),
        ({"nodes": 2 * [{"mid": "81000001"}]}, "MID 81000001 stands twice in the list."),
        (
            {"nodes": [{"mid": "81000001", "address": 1}, {"mid": "81000002", "address": 1}]},
            "Address 1 stands twice in the list.",
        ),
        ({"nodes": [{"smartConnectCode": ""}]}, "IQRF Code cannot be empty."),
    ],
)
async def test_lists_that_cannot_be_meant(
    tmp_path: Path, autojump_clock: MockClock, req: dict[str, Any], text: str
) -> None:
    async with gateway(tmp_path, SimulatorPort(strangers(1))) as rig:
        answer = await rig.caller.ask(COMMISSION, req)
        assert (answer["status"], answer["statusStr"], "rsp" in answer) == (1001, text, False)
