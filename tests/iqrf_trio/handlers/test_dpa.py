"""Commands of DPA as messages, through the whole gateway and the simulated mesh."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define, field

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from protocol.api import dpa
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.family import Row
from protocol.api.registry import REGISTRY
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, UART
from protocol.readings.measured import RSSI, SUPPLY, CycleOver, Measured, Values
from protocol.readings.states import States
from tests.iqrf_trio.house import ALL, House, authenticated, house
from tests.iqrf_trio.mqtt.broker import until
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


@define
class Listener:
    """Keeps the values that are published."""

    measured: list[Measured] = field(factory=list)

    def values(self, values: Values) -> None:
        """Keep them."""
        self.measured += values.measured

    def cycle(self, cycle: CycleOver) -> None:
        """Nothing."""

    def states(self, mid: int, states: States) -> None:
        """Nothing."""


async def published(home: House, row: Row, req: Any) -> tuple[Any, list[Measured]]:
    """The answer to a request, and which values are published within two seconds after it."""
    client, listener = Caller(home.gateway, rights=ALL), Listener()
    client.send("iqrfDb_Enumerate", {"standards": True})
    while (await client.next())["data"]["rsp"]["step"] != 8:
        pass
    await trio.sleep(1.5)  # what the enumeration has brought is published by then
    home.gateway.worker.measurements.listen(listener)
    told = await answer(client, row, req)
    with trio.fail_after(10):
        await until(lambda: bool(listener.measured))
    return told, listener.measured


@pytest.mark.parametrize(
    ("mtype", "req"),
    [
        (
            "iqrfSensor_ReadSensorsWithTypes",
            {"nAdr": 1, "param": {"sensorIndexes": -1}},
        ),
        (
            "iqrfSensor_ReadSensorsWithTypes",
            {
                "nAdr": 1,
                "param": {"sensorIndexes": [0], "writtenData": [[0, 1, 2, 3, 4]]},
            },
        ),
        ("iqrfSensor_ReadSensorsWithTypes", {"nAdr": 1, "param": {}}),
        (
            "iqrfSensor_Frc",
            {"nAdr": 0, "param": {"sensorType": 1, "sensorIndex": 0, "frcCommand": 224}},
        ),
        (
            "iqrfSensor_Frc",
            {
                "nAdr": 0,
                "param": {
                    "sensorType": 1,
                    "sensorIndex": 0,
                    "frcCommand": 144,
                    "selectedNodes": [1],
                    "getExtraResult": False,
                    "extFormat": True,
                },
            },
        ),
        (
            "iqrfEmbedFrc_Send",
            {"nAdr": 0, "param": {"frcCommand": 224, "userData": [0x5E, 1, 0, 0]}},
        ),
        (
            "iqrfEmbedFrc_SendSelective",
            {
                "nAdr": 0,
                "param": {"frcCommand": 224, "selectedNodes": [1], "userData": [0x5E, 1, 0, 0]},
            },
        ),
    ],
)
async def test_values_in_answers_are_stored_and_published(
    tmp_path: Path, mtype: str, req: Any
) -> None:
    settings = "database.ask_states=false"
    async with house(tmp_path, settings, mesh=generate(5)) as home:
        _, measured = await published(home, REGISTRY[mtype], req)
        temperature = next(each for each in measured if each.sensor == 0)
        assert (temperature.mid, temperature.type) == (home.mesh.node(1).mid, 1)

        def stored() -> bool:
            device = home.gateway.store.network.get(1)
            return device is not None and device.sensors[0].value == temperature.value

        await until(stored)


async def test_what_an_os_read_tells_of_a_node_is_published(tmp_path: Path) -> None:
    async with house(tmp_path, "database.ask_states=false", mesh=generate(5)) as home:
        req = {"nAdr": 2, "param": {}}
        told, measured = await published(home, REGISTRY["iqrfEmbedOs_Read"], req)
        result = told["rsp"]["result"]
        assert {each.mid for each in measured} == {home.mesh.node(2).mid}
        assert [(each.sensor, each.value) for each in measured] == [
            (RSSI, result["rssi"] - 130),
            (SUPPLY, round(result["supplyVoltage"], 2)),
        ]
