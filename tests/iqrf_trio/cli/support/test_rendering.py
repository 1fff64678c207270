"""What answers look like; anything a gateway may send can be shown."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.cli.support.client import Received
from iqrf_trio.cli.support.rendering import line, render

DEVICE = {
    "address": 1,
    "hwpid": 1026,
    "manufacturer": None,
    "discovered": True,
    "parent": 0,
    "mid": 2165406801,
    "osBuild": 2264,
    "dpa": 1047,
    "metadata": {"name": "attic"},
    "sensors": [{"index": 0}, {"index": 1}],
}


def received(mtype: str, rsp: Any, status: int = 0, explanation: str = "") -> Received:
    return Received("", mtype, "id", status, rsp, explanation)


def test_devices_are_a_table() -> None:
    head, row = render(received("iqrfDb_GetDevices", {"devices": [DEVICE]})).splitlines()
    assert head.split() == list(DEVICE)
    assert row.split() == [
        *("1", "0x0402", "-", "yes", "0", "81117C51", "08D8", "4.17", '{"name":"attic"}', "2")
    ]


def test_brief_devices_have_the_columns_they_have() -> None:
    rsp = {"devices": [{"address": 0, "hwpid": 2}, {"address": 1, "hwpid": 3, "light": True}]}
    lines = [each.split() for each in render(received("iqrfDb_GetDevices", rsp)).splitlines()]
    assert lines == [["address", "hwpid", "light"], ["0", "0x0002", "-"], ["1", "0x0003", "yes"]]


def test_sensors_are_a_table() -> None:
    sensor = {"index": 0, "name": "CO₂", "value": 400, "unit": "ppm", "updated": None, "type": 2}
    old = sensor | {"index": 1, "updated": "Mon, 01 Jan 01 00:00:00 GMT"}
    rsp = {"sensorDevices": [{"address": 9, "sensors": [sensor, old]}]}
    _, row, second = render(received("iqrfDb_GetSensors", rsp)).splitlines()
    assert row.split() == ["9", "0", "CO₂", "400", "ppm", "-"]
    assert second.split()[:5] == ["9", "1", "CO₂", "400", "ppm"]
    assert second.endswith(" d")


def test_lights_are_a_line() -> None:
    assert render(received("iqrfDb_GetLights", {"lightDevices": [2, 3]})) == "2, 3"


@pytest.mark.parametrize(
    ("mtype", "member"),
    [
        ("iqrfDb_GetDevices", "devices"),
        ("iqrfDb_GetSensors", "sensorDevices"),
        ("iqrfDb_GetLights", "lightDevices"),
    ],
)
def test_where_there_is_nothing_it_says_so(mtype: str, member: str) -> None:
    assert render(received(mtype, {member: []})) == "none"


def test_an_answer_without_content_is_ok() -> None:
    assert render(received("iqrfDb_Reset", {})) == "ok"
    assert render(received("iqrfSensorData_Start", None)) == "ok"


def test_a_failure_is_a_line() -> None:
    assert render(received("iqrfDb_Reset", {}, -1, "why")) == "iqrfDb_Reset: status -1: why"
    assert line(received("iqrfRaw", None, 4, "why")) == "iqrfRaw status 4 why"
    silent = received("iqrfRaw", {"devices": [{"deviceAddr": 2}]}, 1000, "why")
    assert render(silent) == "iqrfRaw of device 2: status 1000: why"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["devices", "sensorDevices", "lightDevices", "step", "reading", "dpa"])
TABLES = st.dictionaries(MEMBERS, JSON | st.lists(st.dictionaries(MEMBERS, JSON)), max_size=3)
MTYPES = st.sampled_from(
    [
        "iqrfDb_Enumerate",
        "iqrfDb_GetDevices",
        "iqrfDb_GetLights",
        "iqrfDb_GetSensors",
        "iqrfSensorData_ReportAsync",
        "iqrfRaw",
    ]
)


@pytest.mark.slow
@given(MTYPES, JSON | TABLES, st.sampled_from([0, 1000]))
def test_whatever_a_gateway_sends_can_be_shown(mtype: str, rsp: Any, status: int) -> None:
    message = received(mtype, orjson.loads(orjson.dumps(rsp)), status)
    assert render(message)
    assert line(message)


def test_states_are_a_table() -> None:
    relay = {"nAdr": 3, "mid": "8103c5fd", "light": None, "at": None}
    outputs = [{"index": 0, "state": True}, {"index": 1, "state": None}]
    lamp = {"nAdr": 4, "mid": "810fda9a", "outputs": [], "at": None}
    light = {"state": True, "brightness": 40}
    nodes = [relay | {"outputs": outputs}, lamp | {"light": light}, lamp | {"light": None}]
    lines = render(received("iqrfTrio_GetStates", {"nodes": nodes})).splitlines()
    assert [line.split() for line in lines] == [
        ["address", "what", "state"],
        ["3", "output", "0", "on"],
        ["3", "output", "1", "-"],
        ["4", "light", "40", "%"],
        ["4", "light", "-"],
    ]
    assert render(received("iqrfTrio_GetStates", {"nodes": []})) == "none"


def test_a_list_that_failed_in_part_says_why_of_each_node() -> None:
    nodes = [
        {"mid": "8100a1b2", "address": 10, "name": "attic", "state": "verified"},
        {"mid": "8100a1b3", "address": None, "state": "failed", "reason": "It was not found."},
    ]
    rsp = {"nodesNr": 1, "nodes": nodes, "others": ["8100a1b4"]}
    mtype, why = "iqrfTrio_CommissionNetwork", "1 of 2 nodes are not in the network."
    whole, failed = render(received(mtype, rsp)), render(received(mtype, rsp, 1004, why))
    assert whole.startswith("1 nodes are bonded\n")
    assert failed == f"{mtype}: status 1004: {why}\n{whole}"
    assert any("attic" in line and "verified" in line for line in whole.splitlines())
    assert any("8100a1b3" in line and "not found" in line for line in whole.splitlines())
    assert whole.endswith("also within reach: 8100a1b4")
