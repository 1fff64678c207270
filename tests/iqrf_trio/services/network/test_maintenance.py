"""A simulated network in trouble: found by the dry runs, mended by the services."""

from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from iqrf_trio.simulator.bonds import Bonds
from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.services.network.rig import gateway

MIDS = "iqmeshNetwork_MaintenanceInconsistentMIDsInCoord"
TWINS = "iqmeshNetwork_MaintenanceDuplicatedAddresses"
PREBONDED = "iqmeshNetwork_MaintenanceUselessPrebondedNodes"
TEST_RF = "iqmeshNetwork_MaintenanceTestRF"
RESPONSE_TIME = "iqmeshNetwork_MaintenanceFrcResponseTime"

WRONG = (3, 5, 17)
"""Addresses of which the coordinator has a wrong MID."""
DOUBLE = (2, 9)
"""Addresses that a second module has too, which is nearer to the coordinator."""


FORGOTTEN = (30, 31, 200, 239)
"""Addresses of modules that the coordinator has forgotten."""


def node(address: int, text: str = "") -> str:
    return f'[[nodes]]\nproduct = "Relay"\naddress = {address}\n{text}\n'


def troubled() -> Mesh:
    nodes = [
        node(address, f"table_mid = {0x82000000 + address}" if address in WRONG else "")
        for address in range(1, 21)
    ]
    twins = [node(address, 'bond = "twin"\nposition = [0.01, 0.0]') for address in DOUBLE]
    orphans = [node(address, 'bond = "orphan"') for address in FORGOTTEN]
    return network("".join((*nodes, *twins, *orphans, *(node(0xFE) for _ in range(4)))))


def members(mesh: Mesh) -> dict[int, list[int]]:
    """The MIDs of all modules that take themselves for nodes, by address."""
    found = dict[int, list[int]]()
    for each in mesh.world.nodes:
        if each.nadr is not None:
            found.setdefault(each.nadr, []).append(each.mid)
    return found


async def test_a_network_is_mended_as_the_dry_runs_have_said(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = troubled()
    before, table = members(mesh), dict(mesh.coordinator.bonds.mids)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        dry = (await rig.caller.ask(MIDS, dryRun=True))["rsp"]
        assert dry["inconsistentNodes"] == sorted((*WRONG, *DOUBLE))
        assert {each["address"]: each["tableMid"] for each in dry["differences"]} == {
            address: f"{table[address]:08X}" for address in (*WRONG, *DOUBLE)
        }
        # Which of two modules with one address belongs there is known by what stands on them: the
        # right ones are those of the table at DOUBLE, and those that answer at WRONG.
        wrong = await rig.caller.ask(MIDS, dryRun=True, nodes=WRONG)
        twins = await rig.caller.ask(TWINS, dryRun=True, nodes=DOUBLE)
        useless = await rig.caller.ask(PREBONDED, dryRun=True, nodes=FORGOTTEN)
        assert wrong["rsp"]["inconsistentNodes"] == list(WRONG)
        assert twins["rsp"] == {"nodesNr": 20, "suspectedNodes": list(DOUBLE)}
        assert useless["rsp"]["prebondedMids"] == [f"{mid:08X}" for mid in sorted(before[0xFE])]
        assert useless["rsp"]["prebondedNodesNr"] == 4
        assert (members(mesh), mesh.coordinator.bonds.mids) == (before, table)

        mended = await rig.caller.ask(MIDS, nodes=WRONG)
        assert mended["rsp"]["inconsistentNodes"] == list(WRONG)
        assert (await rig.caller.ask(TWINS))["rsp"] == {"nodesNr": 20}
        assert (await rig.caller.ask(PREBONDED, nodes=FORGOTTEN))["rsp"] == {"nodesNr": 20}

        # Every address has one module, the one that was there first, and the table knows it.
        assert members(mesh) == {
            address: [mid] for address, mid in mesh.coordinator.bonds.mids.items()
        }
        assert members(mesh) == {address: before[address][:1] for address in range(1, 21)}
        assert (await rig.caller.ask(TWINS, dryRun=True))["rsp"]["suspectedNodes"] == []
        assert (await rig.caller.ask(PREBONDED, dryRun=True))["rsp"]["prebondedNodesNr"] == 0
        assert "inconsistentNodes" not in (await rig.caller.ask(MIDS))["rsp"]


async def test_a_node_of_the_network_is_none_that_was_forgotten(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for dry_run in (True, False):
            answer = await rig.caller.ask(PREBONDED, nodes=[2, 200], dryRun=dry_run)
            assert (answer["status"], answer["statusStr"]) == (
                1001,
                "The coordinator knows nodes [2].",
            )
        assert mesh.world.at(2) is not None


@pytest.mark.parametrize("seed", range(3))
async def test_prebonded_nodes_are_counted_though_some_choose_the_same_place(
    seed: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    text = "".join((node(1), *(node(0xFE) for _ in range(40))))
    mesh = network(text, seed)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rsp = (await rig.caller.ask(PREBONDED, dryRun=True))["rsp"]
        assert rsp["prebondedNodesNr"] == 40


async def test_the_mids_of_150_nodes_take_three_frcs(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(150)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        frcs = mesh.counters.requests[Kind.FRC]
        rsp = (await rig.caller.ask(MIDS))["rsp"]
        assert rsp == {"nodesNr": 150, "inaccessibleNodesNr": 0, "inconsistentNodesNr": 0}
        assert mesh.counters.requests[Kind.FRC] - frcs <= 4


async def test_a_silent_node_is_told_of_and_left_alone(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(20)
    mesh.node(7).online = False
    mesh.coordinator.bonds.set_mid(7, 0x81234567)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rsp = (await rig.caller.ask(MIDS))["rsp"]
        assert rsp["inaccessibleNodes"] == [7]
        assert "inconsistentNodes" not in rsp
        assert mesh.coordinator.bonds.mids[7] == 0x81234567


async def test_a_node_of_which_the_table_has_no_mid_keeps_its_bond(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    mesh.coordinator.bonds.set_mid(2, 0)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(TWINS))["status"] == 0
        assert mesh.world.at(2) is not None


async def test_what_the_nodes_hear_and_how_long_they_take(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    mesh.node(1).noise = {52: 4}
    mesh.node(2).online = False
    mesh.node(3).frc_time = 0x31
    mesh.coordinator.collector.params = 0x10
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = {"deviceAddr": 255, "rfChannel": 52, "rxFilter": 0, "measurementTime": 360}
        rsp = (await rig.caller.ask(TEST_RF, req))["rsp"]
        assert rsp["inaccessibleNodesNr"] == 1
        assert [each.get("counter") for each in rsp["testRfResult"]] == [4, None, 0]
        own = await rig.caller.ask(TEST_RF, req | {"deviceAddr": 0})
        assert own["rsp"]["testRfResult"] == [{"deviceAddr": 0, "online": True, "counter": 0}]
        times = (await rig.caller.ask(RESPONSE_TIME, {"command": 144}))["rsp"]
        assert [each.get("responseTime") for each in times["nodes"]] == [40, None, 1320]
        assert (times["currentResponseTime"], times["recommendedResponseTime"]) == (360, 1320)
        assert mesh.coordinator.collector.params == 0x10


@pytest.mark.parametrize(
    ("mtype", "req", "data"),
    [
        (MIDS, None, {"dryRun": 1}),
        (MIDS, None, {"nodes": 1}),
        (MIDS, None, {"nodes": [0]}),
        (TWINS, None, {"nodes": [240]}),
        (TWINS, None, {"nodes": ["1"]}),
        (PREBONDED, None, {"nodes": [1] * 240}),
        (TEST_RF, {"deviceAddr": 1, "rfChannel": 52, "rxFilter": 0, "measurementTime": 40}, {}),
        (TEST_RF, {"deviceAddr": 0, "rfChannel": 52, "rxFilter": 65, "measurementTime": 40}, {}),
        (TEST_RF, {"deviceAddr": 0, "rfChannel": 52, "rxFilter": 0, "measurementTime": 41}, {}),
        (RESPONSE_TIME, {"command": 1}, {}),
        (RESPONSE_TIME, {}, {}),
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: object, data: dict[str, Any]
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(1))) as rig:
        rig.caller.send(mtype, req, **data)
        assert (await rig.caller.next())["mType"] == "messageError"


async def test_a_mid_that_the_coordinator_did_not_keep_is_told(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = generate(5)
    for address in (2, 4):
        mesh.coordinator.bonds.set_mid(address, 0x82345678 + address)
    set_mid = Bonds.set_mid

    def forgetful(bonds: Bonds, address: int, mid: int) -> None:
        if address != 2:
            set_mid(bonds, address, mid)

    monkeypatch.setattr(Bonds, "set_mid", forgetful)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        answer = await rig.caller.ask(MIDS)
        assert (answer["status"], answer["rsp"]["inconsistentNodes"]) == (1000, [2, 4])
        assert answer["statusStr"] == "The coordinator still has other MIDs of [2]."
        assert await rig.store.journal() is None
