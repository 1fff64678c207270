"""`iqrf-trio network` as a user types it: what it asks the gateway, and how it ends."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.__main__ import main
from protocol.api import message
from protocol.api.family import request_of
from protocol.api.registry import REGISTRY
from tests.iqrf_trio.cli.gateway import TOKEN, answer, gateway
from tests.iqrf_trio.cli.process import command


async def network(url: str, action: str, *words: str) -> int:
    argv = ["network", action, "--url", url, "--token", TOKEN, *words]
    return await trio.to_thread.run_sync(main, argv)


async def test_a_list_in_a_file_is_commissioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text(
        "# the second floor\nMID;Address;Name\n8100A1B2;0x10;boiler; room\n\n8100A1B3;;\n", "utf-8"
    )
    async with gateway() as it:
        assert await network(it.url, "commission", str(path)) == 2
        assert f"{path}:3: has 4 fields" in capsys.readouterr().err
        path.write_text(
            'mid,address,name,hwpid,code\n8100A1B2,0x10,"boiler, room",,\n,,,,Yq\n', "utf-8"
        )
        assert await network(it.url, "commission", str(path), "--dry-run") == 0
        assert await network(it.url, "commission", "--resume") == 0
        assert await network(it.url, "commission") == 2
    dry, resumed = it.heard
    assert dry["data"]["dryRun"] is True
    assert dry["data"]["req"] == {
        "nodes": [
            {"mid": "8100A1B2", "address": 16, "name": "boiler, room"},
            {"smartConnectCode": "Yq"},
        ],
        "resume": False,
    }
    assert resumed["data"]["req"] == {"nodes": [], "resume": True}
    for request in it.heard:
        request_of(REGISTRY[request["mType"]], message.parse(json.dumps(request)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("mid,adress\n", "there is no column 'adress'"),
        ("mid,address\n8100A1B2,x\n", "address 'x' is no number"),
        ("mid,address\n", "has no nodes"),
        ("mid,address,mid\n", "column 'mid' stands twice"),
        ("mid,address\n8100A1B2,\n8100A1B3,240\n", ":3: address: must be at most 239, not 240"),
        ("mid\n0x8100A1B2\n", ":2: mid: must be 8 hexadecimal digits"),
        ("mid,hwpid\n8100A1B2,65536\n", ":2: hwpId: must be at most 65535, not 65536"),
        (
            f"mid,name\n8100A1B2,{'x' * 201}\n",
            ":2: name: must have at most 200 characters, not 201",
        ),
        ("mid,name\n8100A1B2,a\n,b\n", ":3: needs a mid or a code"),
        (f"mid\n{'8' * 200_000}\n", ":2: field larger than field limit"),
        ("mid\n" + "8100A1B2\n" * 240, "has 240 nodes, a network at most 239"),
        ("#" * 1_048_577, "has more than 1048576 bytes"),
    ],
)
async def test_lists_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text(text, "utf-8")
    async with gateway() as it:
        assert await network(it.url, "commission", str(path)) == 2
        assert await network(it.url, "commission", str(tmp_path / "none.csv")) == 2
    assert not it.heard
    assert reason in capsys.readouterr().err


async def test_a_list_as_spreadsheets_write_it(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text("mid;name;;\r\n8100A1B2;attic;;\r\n;;;\r\n", "utf-8-sig")
    async with gateway() as it:
        assert await network(it.url, "commission", str(path)) == 0
    assert it.heard[0]["data"]["req"]["nodes"] == [{"mid": "8100A1B2", "name": "attic"}]


async def test_a_setting_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with gateway() as it:
        for wrong in ("txpower=6", "deviceAddr=0"):
            assert await network(it.url, "config", "3", wrong) == 2
        assert await network(it.url, "config", "3", "txPower=6", "txPower=7") == 2
    assert not it.heard
    said = capsys.readouterr().err
    assert "there is no setting 'txpower', but hwpId" in said.replace("\n", " ")
    assert "txPower stands twice" in said


@pytest.mark.parametrize(
    ("words", "name", "req"),
    [
        (["ping"], "Ping", {"hwpId": 65535}),
        (["ping", "--hwpid", "0x2a10"], "Ping", {"hwpId": 0x2A10}),
        (["health", "--rounds", "3"], "iqrfTrio_HealthReport", {"rounds": 3}),
        (["restart"], "Restart", {"hwpId": 65535}),
        (["bond"], "BondNodeLocal", {"deviceAddr": 0}),
        (["bond", "--address", "7"], "BondNodeLocal", {"deviceAddr": 7}),
        (["smart-connect", "Yq"], "SmartConnect", {"deviceAddr": 0, "smartConnectCode": "Yq"}),
        (
            ["replace", "3", "--mid", "8100A1B2"],
            "iqrfTrio_ReplaceNode",
            {"address": 3, "mid": "8100A1B2", "restoreConfig": True},
        ),
        (
            ["replace", "3", "--code", "Yq", "--no-config"],
            "iqrfTrio_ReplaceNode",
            {"address": 3, "smartConnectCode": "Yq", "restoreConfig": False},
        ),
        (["remove", "3"], "RemoveBond", {"deviceAddr": 3}),
        (["remove", "all"], "RemoveBond", {"deviceAddr": 255}),
        (
            ["remove", "3", "--only-coordinator"],
            "RemoveBondOnlyInC",
            {"deviceAddr": [3], "clearAllBonds": False},
        ),
        (
            ["remove", "all", "--only-coordinator"],
            "RemoveBondOnlyInC",
            {"deviceAddr": [], "clearAllBonds": True},
        ),
        (["undo"], "iqrfTrio_UndoBonds", None),
        (["config", "0"], "ReadTrConf", {"deviceAddr": 0}),
        (
            ["config", "all", "txPower=6", "neverSleep=true", "accessPassword=open"],
            "WriteTrConf",
            {"deviceAddr": 255, "txPower": 6, "neverSleep": True, "accessPassword": "open"},
        ),
    ],
)
async def test_what_is_asked(words: list[str], name: str, req: dict[str, Any] | None) -> None:
    async with gateway() as it:
        assert await network(it.url, *words) == 0
    (request,) = it.heard
    assert request["mType"] == (name if "_" in name else f"iqmeshNetwork_{name}")
    assert request["data"].get("req") == req
    request_of(REGISTRY[request["mType"]], message.parse(json.dumps(request)))


async def test_an_undo_is_rehearsed_where_that_is_wanted() -> None:
    async with gateway() as it:
        assert await network(it.url, "undo", "--dry-run") == 0
        assert await network(it.url, "undo") == 0
    assert [request["data"].get("dryRun") for request in it.heard] == [True, None]


@pytest.mark.parametrize(
    "words",
    [
        ["remove", "0"],
        ["remove", "240"],
        ["remove"],
        ["smart-connect"],
        ["config", "all"],
        ["config", "1", "txPower"],
        ["bond", "--address", "x"],
        ["heal"],
    ],
)
async def test_words_that_make_no_sense(words: list[str]) -> None:
    async with gateway() as it:
        assert await network(it.url, *words) == 2
    assert not it.heard


async def test_a_failure_is_told_by_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(request: dict[str, Any]) -> list[Any]:
        return [answer(request, status=1003, statusStr="There are no bonded nodes in network.")]

    async with gateway(fail) as it:
        assert await network(it.url, "ping") == 1
        assert await network(it.url, "ping", "--json") == 1
    out, err = capsys.readouterr()
    assert "status 1003: There are no bonded nodes in network" in err
    assert json.loads(out)["data"]["status"] == 1003


@pytest.mark.parametrize(
    ("words", "rsp", "code"),
    [
        (["remove", "all"], {"nodesNr": 1, "removeBondFailedNodes": [7]}, 1),
        (["remove", "all"], {"nodesNr": 0}, 0),
        (["config", "all", "txPower=6"], {"writeSuccess": False, "notRespondedNodes": [7]}, 1),
        (["config", "all", "txPower=6"], {"writeSuccess": True}, 0),
        (["restart"], {"nodesNr": 2, "inaccessibleNodesNr": 1}, 1),
        (["restart"], {"nodesNr": 2, "inaccessibleNodesNr": 0}, 0),
        (["ping"], {"nodesNr": 2, "inaccessibleNodesNr": 1}, 0),
        (["remove", "all"], [7], 0),
    ],
)
async def test_nodes_that_it_was_not_done_for_are_told_by_the_exit_code(
    words: list[str], rsp: object, code: int
) -> None:
    async with gateway(lambda request: [answer(request, rsp=rsp)]) as it:
        assert await network(it.url, *words) == code


async def test_the_health_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    node = {"address": 7, "answers": 1, "rssi": None, "supplyVoltage": 2.97, "discovered": True}
    node |= {"hops": 2, "vrn": 5, "parentVrn": 1}

    def report(request: dict[str, Any]) -> list[Any]:
        return [answer(request, {"nodesNr": 1, "rounds": 3, "nodes": [node]})]

    async with gateway(report) as it:
        assert await network(it.url, "health") == 0
    head, columns, line = capsys.readouterr().out.splitlines()
    assert head == "1 nodes, 3 rounds"
    assert columns.split() == ["address", "answers", "RSSI", "V", "hops", "VRN", "parent"]
    assert line.split() == ["7", "1", "-", "2.97", "2", "5", "1"]


async def test_ctrl_c_tells_that_the_gateway_goes_on(tmp_path: Path) -> None:
    async with gateway(lambda _request: []) as it:
        words = ("network", "ping", "--url", it.url, "--token", TOKEN)
        async with command(*words, directory=tmp_path) as pinging:
            while not it.heard:  # noqa: ASYNC110 - no event
                await trio.sleep(0.01)
            assert await pinging.end(signal.SIGINT) == 130
    [request] = it.heard
    assert "the gateway goes on with it" in pinging.said
    assert request["data"]["msgId"] in pinging.said
