"""A service and the world around it: cancel, progress, a full disk, a lost link, other clients."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve, frozen
from trio.testing import MockClock

from iqrf_trio.services.network.cancelling import Cancellable, Cancelling
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import StoreError
from iqrf_trio.store.errors import ReadOnlyError
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa import frc
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import remove_bond
from protocol.dpa.peripherals.frc import frc_send, frc_set_params
from protocol.dpa.peripherals.os import os_read
from protocol.iqmesh.bond_changes import BondRecord
from protocol.iqmesh.journal import JournalEntry
from protocol.network.parameters import Parameters
from tests.iqrf_trio.handlers.caller import Caller
from tests.iqrf_trio.services.network.rig import Rig, gateway

PING, HOPS = "iqmeshNetwork_Ping", "iqmeshNetwork_DpaHops"
CANCEL = "iqrfTrio_Cancel"
FRC_PARAMS = 0x30


def mesh_of(nodes: int = 3) -> Mesh:
    mesh = generate(nodes)
    mesh.coordinator.collector.params = FRC_PARAMS
    return mesh


async def on_the_air(mesh: Mesh) -> None:
    """Until an FRC with the short response time is under way."""
    while mesh.coordinator.collector.params:  # noqa: ASYNC110 - the mesh tells nobody
        await trio.sleep(0.01)
    await trio.sleep(0.1)


async def by_id(caller: Caller, count: int) -> dict[str, Any]:
    """So many messages, by their id."""
    messages = [(await caller.next())["data"] for _ in range(count)]
    return {data["msgId"]: data for data in messages}


async def test_cancelled_on_the_air_it_ends_behind_the_transaction(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(PING, {}, msgId="ping")
        await on_the_air(mesh)
        rig.caller.send(CANCEL, {"msgId": "ping"}, msgId="cancel")
        (cancel,) = rig.caller.heard
        rig.caller.heard.clear()
        assert (cancel["data"]["msgId"], cancel["data"]["status"]) == ("cancel", 0)
        ping = (await rig.caller.next())["data"]
        assert (ping["status"], ping["statusStr"]) == (1011, "Cancelled")
        # The FRC that was on the air has brought something nevertheless.
        assert (ping["rsp"]["nodesNr"], ping["rsp"]["inaccessibleNodesNr"]) == (3, 0)
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert await rig.store.journal() is None
        again = await rig.caller.ask(PING, {})
        assert (again["status"], again["rsp"]["inaccessibleNodesNr"]) == (0, 0)


async def test_cancelled_while_it_waits_it_never_begins(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(PING, {}, msgId="first")
        rig.caller.send(PING, {}, msgId="second")
        assert (await rig.caller.ask(CANCEL, {"msgId": "second"}))["status"] == 1011
        assert (await rig.caller.next())["data"]["status"] == 0
        first = (await rig.caller.next())["data"]
        assert (first["msgId"], first["status"]) == ("first", 0)
        frcs = mesh.counters.radio
        await trio.sleep(60.0)
        assert mesh.counters.radio == frcs
        assert not rig.caller.heard


async def test_cancel_of_what_is_not_there_or_is_anothers(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        assert (await rig.caller.ask(CANCEL, {"msgId": "nothing"}))["status"] == 1001
        rig.caller.send(PING, {}, msgId="ping")
        stranger = Caller(rig.gateway, token=2)
        assert (await stranger.ask(CANCEL, {"msgId": "ping"}))["status"] == 1001
        assert (await rig.caller.next())["data"]["status"] == 0


def test_the_newest_of_the_token_is_meant() -> None:
    cancelling, refused = Cancelling(), list[str]()
    for key, token in (("old", 1), ("new", 1), ("anothers", 2)):
        refuse = partial(refused.append, key)
        cancelling.add(key, Cancellable(token, "m", trio.CancelScope(), refuse))
    assert cancelling.cancel("m", 1, anybody=False)
    assert cancelling.cancel("m", 9, anybody=True)
    assert cancelling.cancel("m", 1, anybody=False)
    assert not cancelling.cancel("m", 1, anybody=True)
    assert refused == ["new", "anothers", "old"]


async def test_progress_is_told_only_to_who_wants_it(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    mesh.node(2).online = False
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(PING, {}, progress=True)
        told = [(await rig.caller.next())["data"] for _ in range(3)]
        assert [data.get("progress", {}).get("done") for data in told] == [0, 2, None]
        for data in told[:2]:
            assert data.keys() == {"msgId", "progress", "status", "statusStr", "insId"}
            assert (data["status"], data["progress"]["total"]) == (0, 3)
        assert told[1]["progress"]["seconds"] >= 1
        assert told[2]["rsp"]["inaccessibleNodesNr"] == 1
        assert "rsp" in await rig.caller.ask(PING, {})
        assert not rig.caller.heard


async def test_another_hwpid_is_told_apart_from_silence(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    mesh.node(2).online = False
    hwpid = mesh.node(1).product.hwpid
    mesh.node(3).product = evolve(mesh.node(3).product, hwpid=hwpid ^ 1)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(PING, {"hwpId": hwpid}, progress=True)
        *_, answer = [(await rig.caller.next())["data"] for _ in range(3)]
        assert answer["rsp"]["pingResult"] == [
            {"address": 1, "result": True},
            {"address": 2, "result": False},
            {"address": 3, "result": False, "otherHwpId": True},
        ]
        plain = await rig.caller.ask(PING, {"hwpId": hwpid})
        assert plain["rsp"]["pingResult"][2] == {"address": 3, "result": False}


@frozen(eq=False)
class FullDisk:
    """A journal that cannot be written."""

    error: StoreError

    async def journal(self) -> JournalEntry | None:
        await trio.lowlevel.checkpoint()
        return None

    async def write_journal(self, entry: JournalEntry) -> None:
        await trio.lowlevel.checkpoint()
        raise self.error

    async def clear_journal(self, record: BondRecord | None = None) -> None:
        raise AssertionError("nothing was written")

    async def last_bonds(self, coordinator: int) -> BondRecord | None:
        await trio.lowlevel.checkpoint()
        return BondRecord("service", {1: 0}, {})

    async def forget_bonds(self, record: BondRecord) -> None:
        await trio.lowlevel.checkpoint()
        raise self.error


@pytest.mark.parametrize(("mtype", "req"), [(PING, {}), (HOPS, {"action": "get"})])
async def test_without_a_journal_nothing_is_begun(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: object
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.network.recovery.journal = FullDisk(StoreError("disk full"))
        radio = mesh.counters.radio
        answer = await rig.caller.ask(mtype, req)
        assert answer["status"] == 1000
        assert answer["statusStr"] == "nothing was begun: disk full"
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert mesh.counters.radio == radio


async def test_on_a_read_only_disk_a_ping_leaves_the_parameters_alone(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        # How long an FRC takes has to be known, since it is not made short.
        assert (await rig.caller.ask("iqmeshNetwork_FrcParams", {"action": "get"}))["status"] == 0
        rig.network.recovery.journal = FullDisk(ReadOnlyError("read-only"))
        ping = await rig.caller.ask(PING, {}, returnVerbose=True)
        assert (ping["status"], ping["rsp"]["inaccessibleNodesNr"]) == (0, 0)
        assert [record["request"][6:11] for record in ping["raw"]] == ["00.02", "0d.00"]
        hops = await rig.caller.ask(HOPS, {"action": "get"})
        assert (hops["status"], hops["statusStr"]) == (
            1000,
            "nothing was begun: the disk is read-only",
        )


async def test_what_is_left_behind_and_a_service_do_not_wait_for_each_other(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for _ in range(5):
            await left_behind(rig, Parameters(frc_response_time=0x70))
            rig.network.recovery.left_behind()
            rig.caller.send(PING, {})
            with trio.fail_after(60.0):
                assert (await rig.caller.next())["data"]["status"] == 0
            await trio.sleep(30.0)
            assert mesh.coordinator.collector.params == 0x70


async def test_what_a_lost_link_leaves_is_put_back_when_it_is_there_again(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(
            Fault.SILENT, times=9, when=lambda each: each.pnum == 0x0D and not each.pcmd
        )
        mesh.faults.arm(
            Fault.SILENT, times=9, when=lambda each: (each.pcmd, *each.pdata) == (3, FRC_PARAMS)
        )
        answer = await rig.caller.ask(PING, {}, repeat=0)
        assert answer["status"] == -1
        assert mesh.coordinator.collector.params == 0
        mesh.faults.disarm()
        await trio.sleep(60.0)
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert await rig.store.journal() is None


async def test_a_client_that_sets_the_parameters_waits_for_the_end(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of(200)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.gateway.transceiver.memory.parameters = Parameters(frc_response_time=FRC_PARAMS)
        mesh.node(2).online = False
        rig.caller.send(PING, {}, msgId="ping")
        await on_the_air(mesh)
        raw = frc_set_params(0x10).request.encode().hex(".")
        rig.caller.send("iqrfRaw", {"rData": raw}, msgId="set")
        rig.caller.send("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, msgId="led")
        answers = [(await rig.caller.next())["data"] for _ in range(3)]
        # The LED has its turn between the two FRCs.
        assert [data["msgId"] for data in answers] == ["led", "ping", "set"]
        assert [data["status"] for data in answers] == [0, 0, 0]
        assert answers[2]["rsp"]["rData"].endswith(f"{FRC_PARAMS:02x}")
        assert mesh.coordinator.collector.params == 0x10


async def test_single_requests_go_between_the_steps_where_they_mean_the_same(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of(200)
    mesh.node(2).online = False
    asked = {
        "to a node": os_read(1).request,
        "of the coordinator": os_read(0).request,
        "broadcast": Request(0xFF, 0x06, 0x03),
        "an FRC": frc_send(frc.PING, bytes(2)).request,
        "a bond": remove_bond(3).request,
    }
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.gateway.transceiver.memory.parameters = Parameters(frc_response_time=FRC_PARAMS)
        rig.caller.send(PING, {}, msgId="ping")
        await on_the_air(mesh)
        began = trio.current_time()
        for name, request in asked.items():
            rig.caller.send("iqrfRaw", {"rData": request.encode().hex(".")}, msgId=name)
        told = []
        for _ in range(1 + len(asked)):
            data = (await rig.caller.next())["data"]
            told.append((data["msgId"], data["status"]))
        assert dict(told) == {
            "to a node": 0,
            "of the coordinator": 0,
            "broadcast": 0,
            "an FRC": -8,
            "a bond": -8,
            "ping": 0,
        }
        assert told[-1] == ("ping", 0)
        assert trio.current_time() - began > 30.0  # as long as others wait for a leased radio


async def test_hops_that_are_set_stay_set(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = {"action": "set", "requestHops": 2, "responseHops": 3}
        assert (await rig.caller.ask(HOPS, req))["rsp"] == req
        got = await rig.caller.ask(HOPS, {"action": "get"}, returnVerbose=True)
        assert got["rsp"] == req | {"action": "get"}
        assert [record["request"] for record in got["raw"]] == ["00.00.00.09.ff.ff.02.03"]


@pytest.mark.parametrize(
    ("req", "data"),
    [
        ({"hwpId": 65536}, {}),
        ({"hwpId": "1"}, {}),
        ({}, {"repeat": -1}),
        ({}, {"repeat": "1"}),
        ({}, {"progress": 1}),
        (None, {}),
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, req: object, data: dict[str, object]
) -> None:
    async with gateway(tmp_path, SimulatorPort(mesh_of())) as rig:
        rig.caller.send(PING, req, **data)
        assert (await rig.caller.next())["mType"] == "messageError"


@pytest.mark.parametrize("hops", [{"requestHops": 240}, {"responseHops": 0}, {"requestHops": -1}])
async def test_hops_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, hops: dict[str, int]
) -> None:
    async with gateway(tmp_path, SimulatorPort(mesh_of())) as rig:
        rig.caller.send(HOPS, {"action": "set", **hops})
        assert (await rig.caller.next())["mType"] == "messageError"


async def test_the_journal_of_another_coordinator_is_not_put_into_this_one(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.store.write_journal(JournalEntry(PING, 0x1234, Parameters(0x70)))
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await trio.sleep(5.0)
        assert await rig.store.journal() is None
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert "another coordinator" in caplog.text


async def test_what_is_left_is_put_back_before_the_next_service_begins(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await left_behind(rig, Parameters(frc_response_time=0x70))
        assert (await rig.caller.ask(PING, {}))["status"] == 0
        assert mesh.coordinator.collector.params == 0x70


async def left_behind(rig: Rig, before: Parameters) -> None:
    entry = JournalEntry(PING, rig.gateway.transceiver.memory.coordinator, before)
    await rig.store.write_journal(entry)


async def test_at_shutdown_the_parameters_are_put_back_and_the_client_is_answered(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of()
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        rig.caller.send(PING, {})
        await on_the_air(mesh)
        rig.lanes.cancel()
        assert "shutting down" in (await rig.caller.next())["data"]["rsp"]["error"]
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert await rig.store.journal() is None


async def test_what_an_frc_longer_than_the_shutdown_leaves_is_put_back_at_the_next_start(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = mesh_of(200)
    port = SimulatorPort(mesh)
    async with gateway(tmp_path, port) as rig:
        rig.caller.send(PING, {})
        await on_the_air(mesh)
        rig.lanes.cancel()
        # The coordinator is deaf until its FRC is over.
        assert (await rig.caller.next())["data"]["status"] == -3
        assert mesh.coordinator.collector.params == 0
    async with gateway(tmp_path, port) as rig:
        await trio.sleep(60.0)
        assert mesh.coordinator.collector.params == FRC_PARAMS
        assert await rig.store.journal() is None
