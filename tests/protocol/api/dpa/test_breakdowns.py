"""What products make of generic quantities is told beside them."""

from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve, field, frozen

from iqrf_trio.simulator.files.network_file import network as mesh_of
from protocol.api.dpa import breakdowns
from protocol.api.message import Answer
from protocol.api.registry import REGISTRY
from protocol.network.network import Device, Network, Sensor
from protocol.standard.quantities import quantity
from tests.iqrf_trio.handlers.caller import Caller
from tests.iqrf_trio.house import ALL, House, authenticated, heard, house
from tests.schemas import complaint_about_answer

CATALOGUE = """
[[product]]
hwpid = 0x3000
manufacturer = "Us"
name = "Potentiometer"

[[product.sensor]]
index = 1
type = 129
name = "Potentiometer"
short_name = "pot"
unit = "%"
decimals = 1
scale = 0.5
"""

MESH = """
[[products]]
name = "Potentiometer"
hwpid = 0x3000
sensors = [{type = 1}, {type = 129, value = 40}]

[[nodes]]
address = 1
product = "Potentiometer"

[[nodes]]
address = 2
product = "Climate sensor"
"""

TOLD = {
    "id": "BINARYDATA7",
    "type": 129,
    "name": "Potentiometer",
    "shortName": "pot",
    "unit": "%",
    "decimalPlaces": 1,
}


async def result(home: House, mtype: str, **req: Any) -> Any:
    client = Caller(home.gateway, rights=ALL)
    client.send(mtype, req)
    while (told := await client.next())["data"].get("msgId") != "test":
        pass
    assert complaint_about_answer(mtype, told) is None
    assert told["data"]["status"] == 0, told
    return told["data"]["rsp"]["result"]


async def test_a_product_of_the_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "products.toml"
    file.write_text(CATALOGUE, "utf-8")
    settings = f"database.products={file}", "database.ask_states=false"
    async with house(tmp_path, *settings, mesh=mesh_of(MESH)) as home:
        client = Caller(home.gateway, rights=ALL)
        client.send("iqrfDb_Enumerate", {"standards": True})
        while (await client.next())["data"]["rsp"]["step"] != 8:
            pass
        all_, other = ({"nAdr": address, "param": {"sensorIndexes": -1}} for address in (1, 2))
        named = await result(home, "iqrfSensor_Enumerate", nAdr=1, param={})
        assert "breakdown" not in named["sensors"][0]
        assert named["sensors"][1]["breakdown"] == [TOLD]
        read = await result(home, "iqrfSensor_ReadSensorsWithTypes", **all_)
        assert "breakdown" not in read["sensors"][0]
        assert read["sensors"][1]["value"] == 40
        assert read["sensors"][1]["breakdown"] == [TOLD | {"value": 20}]
        one = {"nAdr": 1, "param": {"sensorIndexes": [1]}}
        read = await result(home, "iqrfSensor_ReadSensorsWithTypes", **one)
        assert read["sensors"][0]["breakdown"] == [TOLD | {"value": 20}]
        param = {"sensorType": 129, "sensorIndex": 0, "frcCommand": 144}
        collected = await result(home, "iqrfSensor_Frc", nAdr=0, param=param)
        assert collected["sensors"][1]["breakdown"] == [TOLD | {"value": 20}]
        assert list(collected["sensors"][1]) == sorted(collected["sensors"][1])
        assert collected["sensors"][2] is None
        async with authenticated(home) as connection:
            home.mesh.emit_report(1, trio.current_time())
            raw, report = await heard(connection), await heard(connection)
        assert "rData" in raw["rsp"]
        assert "breakdown" not in report["rsp"]["result"]["sensors"][0]
        assert report["rsp"]["result"]["sensors"][1]["breakdown"] == [TOLD | {"value": 20}]
        read = await result(home, "iqrfSensor_ReadSensorsWithTypes", **other)
        assert all("breakdown" not in each for each in read["sensors"])


def sensor(index: int, name: str | None = None, scale: float = 1.0) -> Sensor:
    kind = quantity(192)
    return Sensor(
        index,
        192,
        index,
        name or kind.name,
        "S" if name else kind.short_name,
        "V" if name else kind.unit,
        0,
        kind.frcs,
        scale=scale,
    )


@pytest.mark.parametrize("value", [None, [1, 2]])
def test_errors_and_data_blocks(value: Any) -> None:
    network = Network.of([Device(1, 1, sensors=(sensor(0), sensor(1, "Battery", 0.5)))])
    item = {"type": 192, "value": value}
    told = breakdowns.of_collected({"sensorType": 192, "sensorIndex": 1}, 1, item, network)
    assert told["breakdown"][0]["value"] == value
    param = {"sensorType": 192, "sensorIndex": 0}
    assert breakdowns.of_collected(param, 1, item, network) is item
    assert breakdowns.of_collected(param, 1, None, network) is None
    assert breakdowns.of_collected(param, 9, item, network) is item


@frozen
class _Asked:
    nadr: int = 1
    param: Any = field(factory=dict)


def _answer(result: Any) -> Answer:
    rsp = {} if result is None else {"result": result}
    return Answer("iqrfSensor_Enumerate", "m", rsp)


def test_what_is_not_as_it_was_enumerated_is_left_alone() -> None:
    network = Network.of([Device(1, 1, sensors=(sensor(0, "Battery"),))])
    row = REGISTRY["iqrfSensor_Enumerate"]
    assert row.transaction is not None
    explain = row.transaction.explain
    assert explain is not None
    asked = evolve(_Asked(), nadr=1)
    answer = _answer({"sensors": [{"type": 1}]})
    assert explain(answer, asked, network).rsp == answer.rsp
    assert explain(answer, evolve(asked, nadr=9), network) is answer
    failed = _answer(None)
    assert explain(failed, asked, network) is failed
