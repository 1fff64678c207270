"""How the nodes of a simulated network are doing."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.services.network.rig import gateway

HEALTH = "iqrfTrio_HealthReport"


async def test_the_worst_nodes_come_first(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(20)
    mesh.node(7).online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(HEALTH, {"rounds": 3})
        assert answer["status"] == 0
        rsp = answer["rsp"]
        assert (rsp["nodesNr"], rsp["rounds"], len(rsp["nodes"])) == (20, 3, 20)
        worst, *others = rsp["nodes"]
        assert (worst["address"], worst["answers"], worst["rssi"]) == (7, 0, None)
        assert worst["supplyVoltage"] is None
        assert all(each["answers"] == 3 for each in others)
        assert [each["rssi"] for each in others] == sorted(each["rssi"] for each in others)
        for each in others:
            node = mesh.node(each["address"])
            assert each["rssi"] == node.rssi - 130
            assert 2.7 < each["supplyVoltage"] < 3.2
            assert (each["discovered"], each["vrn"]) == (True, node.route.vrn)
            assert (each["hops"], each["parentVrn"]) == (node.route.zone, node.route.parent_vrn)


async def test_a_cancel_keeps_what_is_known(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(20)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(HEALTH, {"rounds": 50}, msgId="health")
        await trio.sleep(30.0)
        rig.caller.send("iqrfTrio_Cancel", {"msgId": "health"}, msgId="cancel")
        answers = {}
        for _ in range(2):
            data = (await rig.caller.next())["data"]
            answers[data["msgId"]] = data
        assert answers["cancel"]["status"] == 0
        assert answers["health"]["status"] == 1011
        assert 0 < answers["health"]["rsp"]["rounds"] < 50


async def test_others_get_on_the_radio_between_the_rounds(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(20))) as rig:
        rig.caller.send(HEALTH, {"rounds": 20}, msgId="health")
        await trio.sleep(5.0)
        rig.caller.send("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, msgId="led")
        first = (await rig.caller.next())["data"]
        assert (first["msgId"], first["status"]) == ("led", 0)
        assert (await rig.caller.next())["data"]["status"] == 0


async def test_nobody_is_bonded(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(0))) as rig:
        assert (await rig.caller.ask(HEALTH, {}))["status"] == 1003


@pytest.mark.parametrize("rounds", [0, 101, "1", None])
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, rounds: object
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(1))) as rig:
        rig.caller.send(HEALTH, {"rounds": rounds})
        assert (await rig.caller.next())["mType"] == "messageError"
