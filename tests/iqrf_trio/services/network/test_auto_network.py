"""AutoNetwork on simulated meshes: nodes enter in waves, and what clients are told is true."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.api.registry import REGISTRY
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import Hops
from tests.iqrf_trio.handlers.caller import Caller
from tests.iqrf_trio.services.network.rig import MortalPort, copy_state, gateway
from tests.iqrf_trio.services.network.strangers import bonds_are_true, prebonded, strangers

AUTO = "iqmeshNetwork_AutoNetwork"
HOPS, DPA_PARAMS, FRC_PARAMS = Hops(3, 4), 1, 0x30


def with_its_own_parameters(mesh: Mesh) -> Mesh:
    mesh.coordinator.administration.hops = HOPS
    mesh.coordinator.administration.dpa_params = DPA_PARAMS
    mesh.coordinator.collector.params = FRC_PARAMS
    return mesh


def untouched(mesh: Mesh) -> bool:
    administration = mesh.coordinator.administration
    return (administration.hops, administration.dpa_params, mesh.coordinator.collector.params) == (
        HOPS,
        DPA_PARAMS,
        FRC_PARAMS,
    )


async def run(caller: Caller, req: dict[str, Any], **data: Any) -> list[dict[str, Any]]:
    """All answers of a run, up to the last one."""
    caller.send(AUTO, req, **data)
    answers: list[dict[str, Any]] = []
    while not answers or not REGISTRY[AUTO].ends_with(answers[-1]):
        answers.append((await caller.next())["data"])
    return answers


def news(answers: list[dict[str, Any]]) -> dict[int, int]:
    """What was told to be new, over all waves: MIDs by address, none of them twice."""
    told = [node for each in answers for node in each.get("rsp", {}).get("newNodes", ())]
    assert len({node["mid"] for node in told}) == len(told)
    return {node["address"]: int(node["mid"], 16) for node in told}


def stop(**conditions: Any) -> dict[str, Any]:
    return {"stopConditions": {"emptyWaves": 2, **conditions}}


async def test_forty_strangers_enter_in_waves_through_losses(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = with_its_own_parameters(strangers(40, loss=0.1))
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for name in ("DpaHops", "DpaValue", "FrcParams"):
            await rig.caller.ask(f"iqmeshNetwork_{name}", {"action": "get"})
        answers = await run(rig.caller, stop(emptyWaves=3), returnVerbose=True)
        last = answers[-1]["rsp"]
        assert (last["waveStateCode"], last["lastWave"], answers[-1]["status"]) == (14, True, 0)
        assert {each["status"] for each in answers} == {0}
        assert bonds_are_true(mesh)
        assert news(answers) == mesh.coordinator.bonds.mids
        assert len(mesh.coordinator.bonds.mids) == last["nodesNr"] == 40
        results = [each for each in answers if "newNodesNr" in each["rsp"]]
        assert sum(bool(each["rsp"]["newNodesNr"]) for each in results) > 2
        assert all(each["raw"] for each in results)
        assert not prebonded(mesh)
        assert untouched(mesh)
        assert await rig.store.journal() is None


async def test_nobody_is_told_who_was_not_heard_with_the_new_address(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(4, bonded=2)
    deaf = mesh.world.nodes[3]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.SILENT, when=lambda each: leave(each, deaf))
        answers = await run(rig.caller, stop(waves=1), progress=True)
        told = [each["rsp"] for each in answers if "rsp" in each]
        assert deaf.mid not in news([{"rsp": rsp} for rsp in told]).values()
        assert [node["mid"] for node in told[-1]["silentNodes"]] == [f"{deaf.mid:x}"]
        assert (told[-1]["nodesNr"], told[-1]["newNodesNr"]) == (6, 3)
        # It comes back as it was: the next run gives it the address that is kept for it.
        mesh.faults.disarm()
        deaf.online, deaf.nadr = True, None
        again = await run(rig.caller, stop(waves=2))
        assert list(news(again).values()) == [deaf.mid]
        assert bonds_are_true(mesh)


def leave(request: Request, node: Node) -> bool:
    """Switch a node off when nodes are authorised."""
    if (request.pnum, request.pcmd) == (0x00, 0x0D):
        node.online = False
    return False


async def test_a_run_is_undone_as_a_whole(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = strangers(5, bonded=2)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answers = await run(rig.caller, stop())
        undone = await rig.caller.ask("iqrfTrio_UndoBonds")
        assert undone["status"] == 0
        assert set(mesh.coordinator.bonds.mids) == {1, 2}
        assert len(news(answers)) == 5
        assert bonds_are_true(mesh)


async def test_what_a_large_network_costs(tmp_path: Path, autojump_clock: MockClock) -> None:
    """150 MIDs in 22 reads where the vendor's gateway takes 150; eleven nodes at once."""
    mesh = strangers(30, bonded=150)
    for node in mesh.world.nodes[150:]:
        node.position = (0.5, 0.0)
    sent: list[tuple[int, int, int]] = []
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:

        def count(request: Request) -> bool:
            sent.append((request.nadr, request.pnum, request.pcmd))
            return False

        mesh.faults.arm(Fault.SILENT, times=None, when=count)
        rig.gateway.keeper.shelves = ()
        answers = await run(rig.caller, stop(waves=1))
        new = len(news(answers))
        assert 25 <= new <= 30
        assert sent.count((0, 0x04, 0x02)) <= 23
        assert sent.count((0, 0x00, 0x0D)) <= 3


async def test_silent_nodes_lose_their_bonds_where_that_is_wanted(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(3, bonded=1)
    deaf = mesh.world.nodes[2]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.SILENT, when=lambda each: leave(each, deaf))
        answers = await run(rig.caller, stop(waves=1) | {"unbondUnrespondingNodes": True})
        assert deaf.mid not in mesh.coordinator.bonds.mids.values()
        assert len(news(answers)) == answers[-1]["rsp"]["newNodesNr"] == 2
        assert answers[-1]["rsp"]["nodesNr"] == 3


async def test_a_failed_step_does_not_stick_to_the_waves_behind_it(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(6)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.REFUSAL, 1, times=8, when=is_authorization)
        mesh.faults.arm(Fault.NO_RESPONSE, times=2, when=lambda each: each.pcmd == 7)
        answers = await run(rig.caller, stop(emptyWaves=3))
        assert {each["status"] for each in answers} == {0}
        assert news(answers) == mesh.coordinator.bonds.mids
        assert bonds_are_true(mesh)


def is_authorization(request: Request) -> bool:
    return (request.nadr, request.pnum, request.pcmd) == (0, 0, 0x0D)


@pytest.mark.parametrize("times", [1, 2])
async def test_the_answer_to_an_authorisation_is_lost(
    tmp_path: Path, autojump_clock: MockClock, times: int
) -> None:
    mesh = strangers(5)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.NO_RESPONSE, times=times, when=is_authorization)
        answers = await run(rig.caller, stop())
        assert news(answers) == mesh.coordinator.bonds.mids
        assert bonds_are_true(mesh)
        assert len(news(answers)) == 5


def is_search(request: Request) -> bool:
    return (request.pnum, request.pcmd, request.pdata[:1]) == (0x0D, 0, b"\3")


async def test_a_dead_coordinator_ends_the_run_with_its_status(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.SILENT, times=2, when=is_search)
        answers = await run(rig.caller, stop())
        assert (answers[-1]["status"], answers[-1]["rsp"]["lastWave"]) == (-1, True)
        assert not prebonded(mesh)


async def test_addresses_that_are_held_or_wished_for_are_not_given(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(3, bonded=2)
    one, two, three = (node.mid for node in mesh.world.nodes[2:])
    wishes = [
        {"deviceMID": f"{one:08X}", "deviceAddr": 3},
        {"deviceMID": f"{two:08x}", "deviceAddr": 2},
        {"deviceMID": "81999999", "deviceAddr": 4},
    ]
    held = mesh.coordinator.bonds.mids[2]
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answers = await run(rig.caller, stop() | {"midList": wishes})
        bonds = mesh.coordinator.bonds.mids
        assert bonds[3] == one
        assert bonds[2] == held
        assert {bonds[5], bonds[6]} == {two, three}
        assert news(answers) == {address: bonds[address] for address in (3, 5, 6)}
        assert bonds_are_true(mesh)


async def test_only_the_list_the_space_the_remainder_and_the_profile_come_in(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(12)
    nodes = mesh.world.nodes
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        listed = [{"deviceMID": f"{node.mid:08X}"} for node in nodes[:2]]
        answers = await run(rig.caller, stop() | {"midList": listed, "midFiltering": True})
        assert answers[-1]["rsp"]["waveStateCode"] == 19
        assert set(news(answers).values()) == {node.mid for node in nodes[:2]}
        assert not prebonded(mesh)

        answers = await run(rig.caller, stop() | {"addressSpace": [77, 99]})
        assert (answers[-1]["rsp"]["waveStateCode"], set(news(answers))) == (18, {77, 99})

        hwpid = PRODUCTS[2].hwpid
        answers = await run(rig.caller, stop() | {"hwpidFiltering": [hwpid]})
        came = [mesh.node(address).product.hwpid for address in news(answers)]
        assert set(came) <= {hwpid}

        share = {"networks": 2, "network": 1}
        answers = await run(rig.caller, stop() | {"overlappingNetworks": share})
        assert all(mid % 2 == 0 for mid in news(answers).values())
        assert bonds_are_true(mesh)


async def test_limits_end_a_run(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = strangers(12)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:

        async def ends(**conditions: Any) -> tuple[int, int]:
            last = (await run(rig.caller, stop(**conditions)))[-1]["rsp"]
            return last["waveStateCode"], len(mesh.coordinator.bonds.mids)

        found = {"numberOfNewNodes": 1, "abortOnTooManyNodesFound": True}
        assert await ends(**found) == (16, 0)
        assert not prebonded(mesh)
        assert await ends(numberOfNewNodes=2) == (15, 2)
        assert await ends(numberOfTotalNodes=3) == (13, 3)
        assert await ends(numberOfTotalNodes=3) == (13, 3)
        code, before = await ends(waves=1)
        assert code == 12
        assert (await ends())[0] == 14
        assert before < len(mesh.coordinator.bonds.mids) == 12
        # No limit at all is a limit that docs/api.md tells.
        assert await ends(waves=0, emptyWaves=0) == (14, 12)
        assert await ends(numberOfTotalNodes=11) == (13, 12)
        assert await ends(numberOfNewNodes=239) == (-8, 12)


async def test_old_nodes_are_authorised_one_by_one(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = strangers(4)
    for node in mesh.world.nodes[:2]:
        node.dpa = 0x0413
    sent: list[int] = []
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:

        def count(request: Request) -> bool:
            if is_authorization(request):
                sent.append(len(request.pdata) // 5)
            return False

        mesh.faults.arm(Fault.SILENT, times=None, when=count)
        answers = await run(rig.caller, stop())
        assert len(news(answers)) == 4
        assert sum(sent) == 4
        assert sent.count(1) >= 2


@pytest.mark.parametrize("after_s", [3.0, 14.0, 17.0, 19.0, 22.0, 40.0])
async def test_cancelled_at_any_step_everything_is_put_back(
    tmp_path: Path, autojump_clock: MockClock, after_s: float
) -> None:
    mesh = with_its_own_parameters(strangers(8, loss=0.1))
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for name in ("DpaHops", "DpaValue", "FrcParams"):
            await rig.caller.ask(f"iqmeshNetwork_{name}", {"action": "get"})
        rig.caller.send(AUTO, stop(waves=9, emptyWaves=0), msgId="run")
        await trio.sleep(after_s)
        rig.caller.send("iqrfTrio_Cancel", {"msgId": "run"}, msgId="cancel")
        answers: list[dict[str, Any]] = []
        while not answers or not REGISTRY[AUTO].ends_with(answers[-1]):
            message = (await rig.caller.next())["data"]
            if message["msgId"] == "run":
                answers.append(message)
        assert (answers[-1]["status"], answers[-1]["statusStr"]) == (1011, "Cancelled")
        assert untouched(mesh)
        assert not prebonded(mesh)
        assert await rig.store.journal() is None
        assert news(answers).items() <= mesh.coordinator.bonds.mids.items()


async def killed_life(mesh: Mesh, state: Path, dies_at: int) -> int:
    """One life of a gateway in which a run is cut off; how many moments it has."""
    left, port = state.parent / f"{state.name}-left", SimulatorPort(mesh)
    mortal = MortalPort(port, dies_at, lambda: copy_state(state, left))
    async with gateway(state, mortal) as rig:
        for name in ("DpaHops", "DpaValue", "FrcParams"):
            await rig.caller.ask(f"iqmeshNetwork_{name}", {"action": "get"})
        await trio.sleep(5.0)
        rig.gateway.keeper.shelves = ()
        mortal.armed = True
        with trio.move_on_after(600.0):
            rig.caller.send(AUTO, stop(waves=2))
            await mortal.dead.wait()
    if mortal.dead.is_set():
        async with gateway(left, port) as rig:
            await trio.sleep(60.0)
            assert await rig.store.journal() is None
            assert untouched(mesh), f"killed at moment {dies_at}"
            assert not prebonded(mesh), f"killed at moment {dies_at}"
            assert bonds_are_true(mesh)
            # What was not finished is finished by the next run.
            assert (await run(rig.caller, stop()))[-1]["status"] == 0
            assert len(mesh.coordinator.bonds.mids) == len(mesh.world.nodes)
            assert bonds_are_true(mesh)
    return mortal.moments


@pytest.mark.slow
async def test_killed_at_each_moment(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = with_its_own_parameters(strangers(3))
    moments = await killed_life(mesh, tmp_path / "whole", 1_000_000)
    assert moments > 40
    for dies_at in range(moments):
        mesh = with_its_own_parameters(strangers(3))
        await killed_life(mesh, tmp_path / str(dies_at), dies_at)


async def test_killed_while_nodes_are_prebonded(tmp_path: Path, autojump_clock: MockClock) -> None:
    for dies_at in (18, 19, 20, 25):
        mesh = with_its_own_parameters(strangers(3))
        await killed_life(mesh, tmp_path / str(dies_at), dies_at)


WEB_CLIENT_ENDS = {12, 13, 14, 15, 16, 17, 18, 19}


async def test_a_client_of_the_vendors_gateway_follows_it_to_the_end(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Such a client stops listening at `lastWave`, a status other than 0, or a code below 0."""
    mesh = strangers(15, loss=0.1)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = stop(waves=10) | {"actionRetries": 1, "unbondUnrespondingNodes": False}
        rig.caller.send(AUTO, req, returnVerbose=True)
        wave, progress, nodes, new, texts = 1, 0, 0, 0, set[str]()
        while True:
            data = (await rig.caller.next())["data"]
            rsp = data["rsp"]
            assert (data["status"], data["statusStr"]) == (0, "ok")
            assert rsp["wave"] == wave
            assert rsp["waveState"]
            assert progress <= rsp["progress"] <= 100
            progress = rsp["progress"]
            if "lastWave" not in rsp:
                assert rsp["waveStateCode"] in range(1, 12)
                assert rsp.keys() == {"wave", "waveStateCode", "progress", "waveState"}
                texts.add(rsp["waveState"])
                continue
            assert progress == 100
            new += rsp["newNodesNr"]
            assert rsp["nodesNr"] >= max(nodes, new)
            assert len(rsp.get("newNodes", ())) == rsp["newNodesNr"]
            nodes, wave, progress = rsp["nodesNr"], wave + 1, 0
            if rsp["lastWave"]:
                assert rsp["waveStateCode"] in WEB_CLIENT_ENDS
                break
            assert rsp["waveStateCode"] == 0
        assert "SmartConnect." in texts
        await trio.sleep(120.0)
        assert not rig.caller.heard


@pytest.mark.parametrize(
    "req",
    [
        {},
        {"stopConditions": {"emptyWaves": 256}},
        {"stopConditions": {"emptyWaves": 1, "waves": -1}},
        stop() | {"discoveryTxPower": 8},
        stop() | {"addressSpace": [0]},
        stop() | {"addressSpace": "1"},
        stop() | {"midList": [{"deviceAddr": 1}]},
        stop() | {"midList": [{"deviceMID": "xyz"}]},
        stop() | {"actionRetries": 11},
        stop() | {"overlappingNetworks": {"networks": 2}},
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, req: object
) -> None:
    mesh = strangers(1)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(AUTO, req)
        assert (await rig.caller.next())["mType"] == "messageError"
        assert not prebonded(mesh)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"addressSpace": [5, 5]}, "Duplicit Address in Address space."),
        ({"midList": 2 * [{"deviceMID": "8100AAAA"}]}, "Duplicit MID in MID list."),
        (
            {
                "midList": [
                    {"deviceMID": "8100AAAA", "deviceAddr": 1},
                    {"deviceMID": "8100AAAB", "deviceAddr": 1},
                ]
            },
            "Duplicit Address in MID list.",
        ),
        (
            {"overlappingNetworks": {"networks": 2, "network": 3}},
            "overlappingNetworks: network must be in 1..networks.",
        ),
    ],
)
async def test_what_cannot_be_meant_is_told_before_anything_is_done(
    tmp_path: Path, autojump_clock: MockClock, more: dict[str, Any], text: str
) -> None:
    mesh = strangers(1)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(AUTO, stop() | more)
        assert (answer["status"], answer["statusStr"]) == (1001, text)
        assert "rsp" not in answer
        assert not prebonded(mesh)
