"""Results of DPA commands are words and tables, those of all messages."""

from typing import Any

import pytest

from iqrf_trio.cli.support.client import Received
from iqrf_trio.cli.support.rendering import render
from protocol.api.dpa import FAMILIES
from tests.protocol.api.dpa.vectors import VECTORS, name_of

GOOD = [vector for vector in VECTORS if vector["kind"] == "ok"]


def shown(mtype: str, result: object) -> list[str]:
    rsp = {"nAdr": 1, "pnum": 0, "pcmd": 128, "hwpId": 0, "rCode": 0, "dpaVal": 0}
    return render(Received("", mtype, "id", 0, {**rsp, "result": result}, "")).splitlines()


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_no_result_is_shown_as_json(vector: Any) -> None:
    answer = vector["answer"]
    text = render(Received("", vector["mType"], "id", 0, answer["rsp"], ""))
    assert not text.startswith("{")
    if not answer["rsp"]["result"]:
        assert text == "ok"


def test_each_message_has_a_result_that_is_shown() -> None:
    assert {vector["mType"] for vector in GOOD} >= {
        row.mtype for _, rows in FAMILIES for row in rows
    } - {"iqrfEmbedCoordinator_RebondNode"}


def test_members_with_their_meaning() -> None:
    assert shown("iqrfEmbedThermometer_Read", {"temperature": 25.25}) == ["temperature  25.25 °C"]
    assert shown("iqrfEmbedCoordinator_AddrInfo", {"devNr": 5, "did": 42}) == [
        "devNr  5  (how many nodes are bonded)",
        "did    42  (identification of the discovery)",
    ]


def test_bytes_bitmaps_and_switches() -> None:
    assert shown("iqrfEmbedRam_Read", {"pData": [0, 255, 16]})[0].split()[1] == "00.ff.10"
    assert shown("iqrfEmbedRam_Read", {"pData": []})[0].split()[1] == "none"
    (bonded,) = shown("iqrfEmbedCoordinator_BondedDevices", {"bondedDevices": [1, 2, 3, 7]})
    assert bonded == "bondedDevices  1-3 7  (addresses)"
    (led,) = shown("iqrfEmbedLedr_Get", {"onOff": True})
    assert led.split()[:2] == ["onOff", "on"]
    (before,) = shown("iqrfBinaryoutput_SetOutput", {"prevVals": [True, False, True]})
    assert before == "prevVals  0 2 on  (the states before)"


def test_who_a_module_is() -> None:
    result = {
        "dpaVer": 0xC417,
        "perNr": 1,
        "embeddedPers": [2, 33],
        "hwpid": 2,
        "hwpidVer": 0,
        "flags": 1,
        "userPer": [94],
    }
    lines = shown("iqrfEmbedExplore_Enumerate", result)
    assert [line.split()[1] for line in lines[:2]] == ["4.17", "1"]
    assert "OS (2), 33" in lines[2]
    assert lines[3].split() == ["hwpid", "0x0002"]
    assert "Sensor (94)" in lines[6]


def test_sensors_are_a_table() -> None:
    sensor = {
        "id": "TEMPERATURE",
        "type": 1,
        "name": "Temperature",
        "shortName": "T",
        "value": None,
        "unit": "°C",
        "decimalPlaces": 4,
    }
    block = sensor | {"type": 192, "name": "Data", "value": [1, 2]}
    asked, head, first, second = shown(
        "iqrfSensor_ReadSensorsWithTypes", {"sensors": [sensor, block], "sensorIndexes": -1}
    )
    assert asked == "sensorIndexes  -1  (as asked for)"
    assert head.split() == ["index", "type", "name", "value", "unit"]
    assert first.split() == ["0", "1", "Temperature", "-", "°C"]
    assert second.split() == ["1", "192", "Data", "1", "2", "°C"]


def test_what_a_product_means_is_shown_in_place_of_the_quantity() -> None:
    sensor = {"type": 129, "name": "Binary data7", "value": 40, "unit": "?", "decimalPlaces": 0}
    breakdown = [{"type": 129, "name": "Position", "value": 20, "unit": "%", "decimalPlaces": 1}]
    sensors = [{**sensor, "breakdown": breakdown}, sensor]
    _, first, second = shown("iqrfSensor_ReadSensorsWithTypes", {"sensors": sensors})
    assert first.split() == ["0", "129", "Position", "20", "%"]
    assert second.split() == ["1", "129", "Binary", "data7", "40", "?"]


VALUE = {"name": "Temperature", "value": 21.5, "unit": "°C", "type": 1}


@pytest.mark.parametrize(
    ("mtype", "result", "lines"),
    [
        (
            "iqrfSensor_Frc",
            {"sensors": [None, None, VALUE], "sensorIndex": 0},
            ["1 node answered", "address name value unit", "2 Temperature 21.5 °C"],
        ),
        (
            "iqrfSensor_Frc",
            {"sensors": [None, VALUE], "sensorIndex": 0, "selectedNodes": [9, 4]},
            ["1 node answered", "address name value unit", "9 Temperature 21.5 °C"],
        ),
        (
            "iqrfSensor_Frc",
            {"sensors": [{"nAdr": 7, "mid": 1, "hwpid": 2, "sensor": VALUE}], "sensorIndex": 0},
            ["1 node answered", "address name value unit", "7 Temperature 21.5 °C"],
        ),
        (
            "iqrfLight_FrcLdiSend",
            {"answers": [{"status": 0, "value": 0}, {"status": 129, "value": 0}], "command": 1},
            ["1 node answered", "address status value", "1 129 0"],
        ),
        (
            "iqrfLight_FrcLaiRead",
            {"voltages": [None, 3.5, 0]},
            ["2 nodes answered", "address V", "1 3.5", "2 0"],
        ),
        ("iqrfLight_FrcLaiRead", {"voltages": [None, None]}, ["no node answered"]),
    ],
)
def test_what_nodes_said(mtype: str, result: object, lines: list[str]) -> None:
    assert [" ".join(line.split()) for line in shown(mtype, result)] == lines


@pytest.mark.parametrize("result", [None, 5, [], {"sensors": 5}, {"sensors": [5]}, {"x": 1}])
@pytest.mark.parametrize("mtype", [row.mtype for _, rows in FAMILIES for row in rows])
def test_whatever_a_gateway_answers_is_shown(mtype: str, result: object) -> None:
    assert shown(mtype, result)


def test_a_broadcast_is_no_failure() -> None:
    sent = Received("", "iqrfEmbedLedr_Pulse", "id", 256, {"nAdr": 255}, "No response.")
    assert sent.good
    assert render(sent) == "ok: it went out to all nodes, of which none answers"
