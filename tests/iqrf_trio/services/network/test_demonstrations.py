"""Each demonstration network shows its trouble to whoever asks for it."""

from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from iqrf_trio.simulator.files.network_file import read_network
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.rig import gateway

ETC = Path(__file__).parents[4] / "etc"

PREFIX = "simulated-trouble-"
MAINTENANCE = "iqmeshNetwork_Maintenance"
DRY = {"dryRun": True}

SHOWN: dict[str, tuple[str, Any, dict[str, Any], dict[str, Any]]] = {
    "mids": (f"{MAINTENANCE}InconsistentMIDsInCoord", None, DRY, {"inconsistentNodes": [2, 4]}),
    "twins": (f"{MAINTENANCE}DuplicatedAddresses", None, DRY, {"suspectedNodes": [3]}),
    "prebonded": (f"{MAINTENANCE}UselessPrebondedNodes", None, DRY, {"prebondedNodesNr": 2}),
    "silent": ("iqmeshNetwork_Ping", {}, {}, {"nodesNr": 4, "inaccessibleNodesNr": 2}),
    "slow": (
        f"{MAINTENANCE}FrcResponseTime",
        {"command": 144},
        {},
        {"recommendedResponseTime": 1320, "unhandledNodes": 1},
    ),
    "noise": (
        f"{MAINTENANCE}TestRF",
        {"deviceAddr": 255, "rfChannel": 52, "rxFilter": 5, "measurementTime": 40},
        {},
        {
            "testRfResult": [
                {"deviceAddr": 1, "online": True, "counter": 7},
                {"deviceAddr": 2, "online": True, "counter": 0},
            ]
        },
    ),
}
"""By trouble: the message, its `req`, other members of `data`, and what its `rsp` has."""


def mesh_of(trouble: str) -> Mesh:
    return read_network(ETC / f"{PREFIX}{trouble}.toml")


@pytest.mark.parametrize("trouble", SHOWN)
async def test_a_trouble_is_shown(trouble: str, tmp_path: Path, autojump_clock: MockClock) -> None:
    mtype, req, data, expected = SHOWN[trouble]
    async with gateway(tmp_path, SimulatorPort(mesh_of(trouble))) as rig:
        answer = await rig.caller.ask(mtype, req, **data)
        assert answer["status"] == 0
        assert {name: answer["rsp"][name] for name in expected} == expected


async def test_orphans(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = mesh_of("orphans")
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert {node.nadr for node in mesh.world.nodes} == {1, 2, 200, 201}
        req = {"deviceAddr": 200, "morePeripheralsInfo": False}
        assert (await rig.caller.ask("iqmeshNetwork_EnumerateDevice", req))["status"] == 8


async def test_an_old_version(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with gateway(tmp_path, SimulatorPort(mesh_of("old"))) as rig:
        told = []
        for address in (1, 2):
            req = {"deviceAddr": address, "morePeripheralsInfo": False}
            rsp = (await rig.caller.ask("iqmeshNetwork_EnumerateDevice", req))["rsp"]
            told.append(rsp["peripheralEnumeration"]["dpaVer"])
        assert told == ["4.17", "4.13"]


async def test_a_node_without_a_pressed_button(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with gateway(tmp_path, SimulatorPort(mesh_of("bonding"))) as rig:
        bond = await rig.caller.ask("iqmeshNetwork_BondNodeLocal", {"deviceAddr": 0}, repeat=0)
        assert bond["status"] == 1
        for key, status in ((bytes(16), 1), (bytes(range(16)), 0)):
            code = iqrf_code.encode(IqrfCode(0x8100B001, key))
            req = {"deviceAddr": 0, "smartConnectCode": code}
            answer = await rig.caller.ask("iqmeshNetwork_SmartConnect", req, repeat=0)
            assert answer["status"] == status


def test_each_of_them_is_tried_here() -> None:
    files = {file.stem.removeprefix(PREFIX) for file in ETC.glob(f"{PREFIX}*.toml")}
    assert files == SHOWN.keys() | {"orphans", "old", "bonding"}
