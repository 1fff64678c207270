"""Commands of DPA as messages, through the whole gateway and the simulated mesh."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.simulator.files.plan import generate
from protocol.api import dpa
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.family import Row
from tests.iqrf_trio.house import ALL, authenticated, house
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
