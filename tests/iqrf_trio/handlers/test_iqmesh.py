"""Backup and restore through the API: a coordinator is replaced, and its nodes answer again."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.edges.websocket import Connection
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from protocol.dpa.peripherals.coordinator import COORDINATOR_BACKUP, bonded_devices
from protocol.vault.blocks import unpack
from tests.iqrf_trio.house import House, ask, authenticated, heard, house, request

BLOCK = bytes(COORDINATOR_BACKUP.key)

BACKUP, RESTORE = "iqmeshNetwork_Backup", "iqmeshNetwork_Restore"


async def answers(connection: Connection, mtype: str, req: object, **data: object) -> list[Any]:
    """All answers to a request, up to progress 100."""
    await connection.send(request(mtype, req, **data))
    said = [await heard(connection)]
    while said[-1]["rsp"]["progress"] < 100:
        said.append(await heard(connection))
    return said


def replace_coordinator(home: House) -> None:
    home.mesh.replace_coordinator(0x81FFFFFF)


async def led(connection: Connection, address: int) -> int:
    """The status of a request to a node."""
    answer = await ask(connection, "iqrfRaw", {"rData": f"{address:02x}.00.06.03.ff.ff"})
    while answer["msgId"] == "async":  # the coordinator reports its restart
        answer = await heard(connection)
    return int(answer["status"])


async def test_fifty_nodes_answer_a_new_coordinator_that_was_given_the_backup(
    tmp_path: Path,
) -> None:
    mesh = generate(50)
    async with (
        house(tmp_path, "websocket.async_messages=false", mesh=mesh) as home,
        authenticated(home) as connection,
    ):
        (backup,) = await answers(connection, BACKUP, {"deviceAddr": 0})
        (device,) = backup["rsp"]["devices"]
        assert device["mid"] == mesh.coordinator.mid
        assert (device["deviceAddr"], device["online"], device["dpaVer"]) == (0, True, 0x0417)
        assert len(unpack(bytes.fromhex(device["data"]))) == 40
        replace_coordinator(home)
        assert await led(connection, 7) == 8
        req = {"deviceAddr": 0, "data": device["data"], "restartCoordinator": True}
        (restored,) = await answers(connection, RESTORE, req)
        assert restored["status"] == 0
        assert restored["rsp"] == {
            "progress": 100,
            "devices": [{"deviceAddr": 0, "restoreStatus": True}],
        }
        assert {await led(connection, address) for address in range(1, 51)} == {0}


@pytest.mark.slow
async def test_a_silent_node_is_named_and_the_others_are_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = generate(3)
    mesh.node(2).online = False
    async with house(tmp_path, mesh=mesh) as home:
        words = ["call", "--url", home.url, "--token", home.token, "iqmeshNetwork_Backup"]
        req = '{"deviceAddr": 0, "wholeNetwork": true}'
        assert await trio.to_thread.run_sync(main, [*words, req]) == 1
    out, err = capsys.readouterr()
    told = [json.loads(part) for part in out.replace("}\n{", "}\0{").split("\0")]
    assert [device["deviceAddr"] for each in told for device in each["devices"]] == [0, 1, 3]
    assert err.startswith("iqmeshNetwork_Backup of device 2: status -1: Transaction error: ")


@pytest.mark.slow
async def test_a_whole_network_is_told_device_by_device(tmp_path: Path) -> None:
    mesh = generate(3)
    mesh.node(2).online = False
    async with house(tmp_path, mesh=mesh) as home, authenticated(home) as connection:
        req = {"deviceAddr": 0, "wholeNetwork": True}
        said = await answers(connection, BACKUP, req, returnVerbose=True)
        assert [answer["rsp"]["progress"] for answer in said] == [25, 50, 75, 100]
        assert [answer["status"] for answer in said] == [0, 0, -1, 0]
        assert said[2]["rsp"]["devices"] == [{"deviceAddr": 2, "online": False}]
        assert said[2]["statusStr"] == "Transaction error: ERROR_TIMEOUT"
        assert said[0]["statusStr"] == "ok"
        # OS Read and the one block of a simulated node; three attempts at the silent one.
        assert [len(answer["raw"]) for answer in said] == [41, 2, 3, 2]
        assert said[1]["raw"][1]["request"] == "01.00.01.06.ff.ff.00"
        node = said[1]["rsp"]["devices"][0]
        mesh.node(1).route = mesh.node(3).route
        (restored,) = await answers(connection, RESTORE, {"deviceAddr": 1, "data": node["data"]})
        assert restored["status"] == 0
        assert mesh.node(1).route.vrn == mesh.coordinator.bonds.routes[1].vrn


async def test_service_mode_ends_a_backup_and_calls_no_node_silent(tmp_path: Path) -> None:
    async with house(tmp_path, speed=50) as home, authenticated(home) as connection:
        req = {"deviceAddr": 0, "wholeNetwork": True}
        await connection.send(request(BACKUP, req))
        said = [await heard(connection)]
        while home.gateway.scheduler.leased:  # which it is for each device, but not in between
            await trio.lowlevel.checkpoint()
        home.gateway.scheduler.reserve()
        while said[-1]["rsp"]["progress"] < 100:
            said.append(await heard(connection))
        assert {answer["status"] for answer in said[:-1]} == {0}
        assert said[-1]["status"] == 1002
        assert "service mode" in said[-1]["statusStr"]
        assert len(said) < 13


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        ("", 1004, "no header and whole blocks"),
        ("zz", 1001, "must be hexadecimal digits"),
        ("0100a0" + 49 * "00", 1005, "check byte"),
        ("02005f" + 49 * "00", 1004, "does not say"),
        ("01005e" + 48 * "00" + "01", 1004, "1 blocks are missing"),
    ],
)
async def test_what_is_no_backup_is_not_given_to_the_device(
    tmp_path: Path, data: str, status: int, reason: str
) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        (answer,) = await answers(connection, RESTORE, {"deviceAddr": 0, "data": data})
        assert answer["status"] == status
        assert reason in answer["statusStr"]
        assert answer["rsp"]["devices"] == [{"deviceAddr": 0, "restoreStatus": False}]
        assert await led(connection, 1) == 0


@pytest.mark.parametrize(
    ("mtype", "req"),
    [
        (BACKUP, {}),
        (BACKUP, {"deviceAddr": 240}),
        (BACKUP, {"deviceAddr": "0"}),
        (BACKUP, {"deviceAddr": 0, "wholeNetwork": 1}),
        (RESTORE, {"deviceAddr": 0}),
        (RESTORE, {"deviceAddr": 0, "data": 5}),
    ],
)
async def test_requests_that_are_none(tmp_path: Path, mtype: str, req: object) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await connection.send(request(mtype, req))
        assert json.loads(await connection.receive())["mType"] == "messageError"


async def test_a_device_that_keeps_something_else_is_told_of(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        (backup,) = await answers(connection, BACKUP, {"deviceAddr": 0})
        data = backup["rsp"]["devices"][0]["data"]
        # The last block: 6 addresses of which none is bonded; a bond without its flag is dropped.
        wrong = bytearray(bytes.fromhex(data))
        wrong[-9] ^= 0x55
        wrong[2] ^= 0x55
        (answer,) = await answers(connection, RESTORE, {"deviceAddr": 0, "data": wrong.hex()})
        assert (answer["status"], answer["rsp"]["devices"][0]["restoreStatus"]) == (1000, False)
        assert "1 of 40 blocks are not what was written" in answer["statusStr"]


async def test_a_coordinator_that_refuses_ends_the_request(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        bonded = bonded_devices().request
        home.mesh.faults.arm(Fault.REFUSAL, 1, times=3, when=lambda each: each == bonded)
        (answer,) = await answers(connection, BACKUP, {"deviceAddr": 0, "wholeNetwork": True})
        assert (answer["status"], answer["statusStr"]) == (1, "DPA error: ERROR_FAIL")
        assert answer["rsp"] == {"progress": 100, "devices": [{"deviceAddr": 0, "online": False}]}
        (answer,) = await answers(connection, BACKUP, {"deviceAddr": 0, "wholeNetwork": False})
        assert answer["status"] == 0


async def test_a_backup_under_way_is_answered_at_shutdown(tmp_path: Path) -> None:
    async with house(tmp_path, speed=1) as home, authenticated(home) as connection:
        await connection.send(request(BACKUP, {"deviceAddr": 0}, msgId="backup"))
        assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
        home.stop.set()
        answer = await heard(connection)
        assert (answer["msgId"], answer["status"]) == ("backup", 1)
        assert "shutting down" in answer["rsp"]["error"]


async def test_nobody_gets_on_the_air_between_the_blocks_of_one_device(tmp_path: Path) -> None:
    async with house(tmp_path, speed=50) as home, authenticated(home) as connection:
        asked: list[bytes] = []
        copying = trio.Event()

        def watch(way: str, frame: bytes) -> None:
            if way == "out":
                asked.append(frame[2:4])
            if asked.count(BLOCK) == 3:
                copying.set()

        home.gateway.transceiver.trace = watch
        await connection.send(request(BACKUP, {"deviceAddr": 0}, msgId="backup"))
        await copying.wait()
        await connection.send(request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, msgId="raw"))
        said = [await heard(connection), await heard(connection)]
        assert [answer["msgId"] for answer in said] == ["backup", "raw"]
        first = asked.index(BLOCK)
        assert asked[first:] == [BLOCK] * 40 + [b"\x06\x03"]
