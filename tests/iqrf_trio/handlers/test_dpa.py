"""Commands of DPA as messages, through the whole gateway and the simulated mesh."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from protocol.api import dpa
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.family import Row
from protocol.api.registry import REGISTRY
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, UART
from tests.iqrf_trio.house import ALL, authenticated, house
from tests.protocol.api.dpa.vectors import VECTORS, name_of
from tests.schemas import complaint_about_answer

from .caller import Caller

ROWS = [row for _, rows in dpa.FAMILIES for row in rows]


async def answer(client: Caller, row: Row, req: Any = None, **data: Any) -> Any:
    """The answer to the example, or to another request."""
    client.send(row.mtype, req or row.example, **data)
    while (message := await client.next())["data"].get("msgId") != "test":
        pass
    assert message["mType"] == row.mtype, message
    assert complaint_about_answer(row.mtype, message) is None
    return message["data"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mtype)
async def test_each_example_is_answered(tmp_path: Path, row: Row) -> None:
    async with house(tmp_path, mesh=generate(4)) as home:
        client = Caller(home.gateway, rights=ALL)
        told = await answer(client, row, returnVerbose=True)
        assert len(told["raw"]) == (2 if row in COLLECTIONS else 1)
        assert all(record["request"] for record in told["raw"])
        assert list(told)[-3:] == ["insId", "statusStr", "status"]


async def test_what_cannot_be_sent_has_an_empty_record(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(4)) as home:
        client = Caller(home.gateway, rights=ALL)
        row = next(row for row in ROWS if row.mtype == "iqrfEmbedLedr_Set")
        sent = home.gateway.transceiver.counters
        told = await answer(client, row, {"nAdr": 1, "param": {}}, returnVerbose=True)
        assert (told["status"], told["statusStr"]) == (-6, "data.req.param.onOff: must be there")
        assert told["raw"] == [dict.fromkeys(told["raw"][0], "")]
        assert (told["rsp"]["pnum"], told["rsp"]["pcmd"]) == (-1, -1)
        assert home.gateway.transceiver.counters == sent


async def test_a_report_is_told_with_its_values(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(1)) as home, authenticated(home) as connection:
        home.mesh.emit_report(1, trio.current_time())
        messages = [json.loads(await connection.receive()) for _ in range(2)]
        raw, read = messages
        assert (raw["mType"], read["mType"]) == ("iqrfRaw", "iqrfSensor_ReadSensorsWithTypes")
        assert read["data"]["raw"][0]["response"] == raw["data"]["rsp"]["rData"]
        assert [sensor["type"] for sensor in read["data"]["rsp"]["result"]["sensors"]] == [
            1,
            2,
            128,
        ]
        assert complaint_about_answer(read["mType"], read) is None


async def test_metadata_are_there_in_failures_too(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(4)) as home:
        client = Caller(home.gateway, rights=ALL)
        await client.ask("iqrfDb_Enumerate")
        home.gateway.annotate = True
        for row in ROWS[:3]:
            for param in ({}, {"index": 256}):
                told = await answer(client, row, {"nAdr": 0, "param": param})
                assert list(told["rsp"])[-1] == "metaData"


NODES = """
[[nodes]]
address = 1
product = "Climate sensor"

[[nodes]]
address = 2
product = "Two temperatures"

[[nodes]]
address = 3
product = "Relay"

[[nodes]]
address = 4
product = "Light"

[[nodes]]
address = 0
product = "Relay"
mid = 0x81102D55
ibk = "9a691f1a2101216503e5c588ffe7f6c2"

[[nodes]]
address = 0
product = "Light"
"""

OF_PNUM = {BINARY_OUTPUT: 3, LIGHT: 4, UART: 2}
"""The node that has it; others are asked of node 1."""

REFUSED = {
    **dict.fromkeys(
        (
            *(f"iqrfEmbedCoordinator_{name}" for name in ("RebondNode", "DiscoveryData")),
            *(
                f"iqrfEmbed{place}_{name}"
                for place in ("Coordinator", "Node")
                for name in (
                    *("ReadRemotelyBondedMid", "ClearRemotelyBondedMid", "EnableRemoteBonding"),
                )
            ),
        ),
        2,
    ),
    **dict.fromkeys(("iqrfEmbedLedr_Get", "iqrfEmbedLedg_Get"), 2),
    "iqrfEmbedSpi_WriteRead": 3,
    "iqrfEmbedCoordinator_Restore": 6,
}
"""What a module of DPA 4.17 refuses: commands of older ones, and a block of another network."""

OK = [vector for vector in VECTORS if vector["kind"] == "ok"]


@pytest.mark.parametrize("vector", OK, ids=name_of)
async def test_each_good_request_is_answered_by_the_mesh(tmp_path: Path, vector: Any) -> None:
    row = REGISTRY[vector["mType"]]
    req = dict(vector["request"]["req"])
    if row not in COLLECTIONS and req["nAdr"] and vector["bytes"]:
        req["nAdr"] = OF_PNUM.get(bytes.fromhex(vector["bytes"].replace(".", ""))[2], 1)
    if "bondAddr" in req["param"]:
        req["param"] = {**req["param"], "bondAddr": 3}
    req.pop("hwpId", None)
    async with house(tmp_path, mesh=network(NODES)) as home:
        client = Caller(home.gateway, rights=ALL)
        if row.mtype.startswith("iqrfEmbedUart_") and "WriteRead" in row.mtype:
            opened = {"nAdr": 2, "param": {"baudRate": 3}}
            assert (await answer(client, REGISTRY["iqrfEmbedUart_Open"], opened))["status"] == 0
        told = await answer(client, row, req)
        assert told["status"] == REFUSED.get(row.mtype, 0), told
