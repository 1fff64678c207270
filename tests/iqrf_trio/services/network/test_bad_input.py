"""What cannot be done is told with a clear status, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.store import StoreError
from iqrf_trio.store.errors import ReadOnlyError
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode
from tests.iqrf_trio.services.network.everything import (
    BOND,
    GET,
    MID,
    MIDS,
    ONLY_IN_C,
    UNTOUCHED,
    learn,
    mesh_with_its_own_parameters,
    parameters,
    request_of,
)
from tests.iqrf_trio.services.network.rig import Rig, gateway
from tests.iqrf_trio.services.network.test_service import FullDisk

SMART = "iqmeshNetwork_SmartConnect"

WRITING: list[tuple[str, dict[str, Any]]] = [
    ("iqmeshNetwork_Ping", {}),
    ("iqmeshNetwork_Restart", {}),
    ("iqmeshNetwork_DpaHops", GET),
    ("iqmeshNetwork_DpaValue", GET),
    ("iqmeshNetwork_FrcParams", GET),
    (BOND, {"deviceAddr": 0}),
    (SMART, {"deviceAddr": 0}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": 1}),
    ("iqmeshNetwork_RemoveBond", {"deviceAddr": 255}),
    (ONLY_IN_C, {"deviceAddr": [1]}),
    (ONLY_IN_C, {"deviceAddr": [1, 3]}),
    (ONLY_IN_C, {"deviceAddr": [], "clearAllBonds": True}),
    (
        "iqmeshNetwork_MaintenanceTestRF",
        {"deviceAddr": 255, "rfChannel": 52, "rxFilter": 0, "measurementTime": 360},
    ),
    ("iqmeshNetwork_MaintenanceFrcResponseTime", {"command": 144}),
    (MIDS, {}),
    ("iqmeshNetwork_WriteTrConf", {"deviceAddr": 255, "txPower": 6}),
]
"""The services that write the journal before they begin."""

READ_ONLY_IS_ENOUGH = ("iqmeshNetwork_Ping", "iqmeshNetwork_Restart")
"""What works at the present FRC response time too."""


def state_of(mesh: Mesh) -> object:
    """What a service could have changed."""
    nodes = [(node.mid, node.nadr, bytes(node.system.settings)) for node in mesh.world.nodes]
    return parameters(mesh), dict(mesh.coordinator.bonds.mids), nodes


@pytest.mark.parametrize(("mtype", "req"), WRITING, ids=lambda value: str(value)[-20:])
@pytest.mark.parametrize("error", [StoreError("disk full"), ReadOnlyError("read-only")], ids=str)
async def test_without_a_journal_nothing_is_begun(
    tmp_path: Path,
    autojump_clock: MockClock,
    mtype: str,
    req: dict[str, Any],
    error: StoreError,
) -> None:
    mesh = mesh_with_its_own_parameters(mtype)
    async with gateway(tmp_path, SimulatorPort(mesh), enumerating=True) as rig:
        await learn(mesh, rig, mtype)
        rig.network.recovery.journal = FullDisk(error)
        before = state_of(mesh)
        answer = await rig.caller.ask(mtype, request_of(mesh, mtype, req))
        assert state_of(mesh) == before
        assert parameters(mesh) == UNTOUCHED
        if isinstance(error, ReadOnlyError) and mtype in READ_ONLY_IS_ENOUGH:
            assert answer["status"] == 0
        else:
            assert answer["status"] == 1000
            assert answer["statusStr"].startswith("nothing was begun: ")


def with_a_new_node(nodes: int = 3) -> Mesh:
    mesh = generate(nodes)
    mesh.world.nodes.append(Node(MID, PRODUCTS[0], position=(0.1, 0.0)))
    return mesh


def code(mesh: Mesh, key: bytes | None = None) -> str:
    return iqrf_code.encode(IqrfCode(MID, key or mesh.world.nodes[-1].ibk))


async def refused(rig: Rig, mesh: Mesh, mtype: str, req: dict[str, Any], status: int) -> None:
    """The request is answered with this status, and nothing is left of it anywhere."""
    before = state_of(mesh)
    answer = await rig.caller.ask(mtype, req, repeat=0)
    assert answer["status"] == status
    assert answer["statusStr"]
    assert "rsp" not in answer or not answer["rsp"].get("writeSuccess")
    assert state_of(mesh) == before
    assert await rig.store.journal() is None
    assert (await rig.caller.ask("iqrfTrio_UndoBonds"))["status"] == 1003


@pytest.mark.parametrize("mtype", [BOND, SMART])
async def test_an_address_that_is_taken(
    mtype: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = with_a_new_node()
    req = {"deviceAddr": 2} | ({"smartConnectCode": code(mesh)} if mtype == SMART else {})
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await refused(rig, mesh, mtype, req, 1003)


@pytest.mark.parametrize("mtype", [BOND, SMART])
async def test_a_full_coordinator(mtype: str, tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = with_a_new_node(239)
    req = {"deviceAddr": 0} | ({"smartConnectCode": code(mesh)} if mtype == SMART else {})
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await refused(rig, mesh, mtype, req, 1004)


async def test_a_wrong_code_and_a_wrong_key(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = with_a_new_node()
    right = code(mesh)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for text, status in ((right[:-1] + "1", 1001), ("", 1001), (code(mesh, bytes(16)), 1)):
            req = {"deviceAddr": 0, "smartConnectCode": text}
            await refused(rig, mesh, SMART, req, status)


async def test_a_button_that_nobody_presses(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = with_a_new_node()
    mesh.world.nodes[-1].button = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await refused(rig, mesh, BOND, {"deviceAddr": 0}, 1)


@pytest.mark.parametrize(
    ("mtype", "req", "status"),
    [
        ("iqmeshNetwork_RemoveBond", {"deviceAddr": 77}, 8),
        (ONLY_IN_C, {"deviceAddr": [77]}, 1),
        ("iqmeshNetwork_EnumerateDevice", {"deviceAddr": 77}, 8),
        ("iqmeshNetwork_ReadTrConf", {"deviceAddr": 77}, 8),
        ("iqmeshNetwork_WriteTrConf", {"deviceAddr": 77, "txPower": 1}, 8),
    ],
)
async def test_an_unknown_address(
    mtype: str, req: dict[str, Any], status: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await refused(rig, mesh, mtype, req, status)
