"""Bad input for each DPA command: its status, and nothing sent where nothing can be."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.mesh import Mesh
from protocol.api.dpa import FAMILIES
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.dpa.layout import Field, PData
from protocol.api.family import Row
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import BROADCAST
from protocol.strict.shape import members_of
from tests.schemas import complaint_about_answer

from .caller import Caller, undisturbed
from .test_dpa import NODES, REFUSED

ROWS = [row for _, rows in FAMILIES for row in rows]

NO_SCHEMA = "messageError"
"""In place of a status: the message is none of its type."""

EXPLORED = {
    "iqrfEmbedExplore_Enumerate",
    "iqrfEmbedExplore_MorePeripheralsInformation",
}

UNBONDED = 200
WRONG_HWPID = 0x1234

OUT_OF_RANGE = {"B": (256, -1), "H": (65_536, -32_769), "I": (1 << 32, -(1 << 31) - 1)}
"""Of numbers by their size; down to half of them negative ones are sent as two's complement."""

SPECIAL: dict[str, tuple[Any, ...]] = {
    "binOuts": (
        [{"index": 32, "state": True}],
        [{"index": -1, "state": True}],
        [{"index": 1, "state": True}, {"index": 1, "state": False}],
        [{"index": 1, "state": False, "time": 5}],
        [{"index": 1, "state": True, "time": 0}],
        [{"index": 1, "state": True, "time": 128}],
        [{"index": 1, "state": True, "time": 7680}],
    ),
    "commands": ([], [65_536], [-1], [0] * 29),
    "voltage": (-0.001, 10.001, 1e308),
    "requests": (
        [],
        [{"pnum": "6", "pcmd": "03"}],
        [{"pnum": "06"}],
        [{"pnum": "06", "pcmd": "0x"}],
        [{"pnum": "06", "pcmd": "03", "hwpid": "fff"}],
        [{"pnum": "06", "pcmd": "03", "rdata": ""}],
        [{"pnum": "06", "pcmd": "03"}] * 57,
        [{"pnum": "06", "pcmd": "03", "rdata": ".".join(["00"] * 57)}],
    ),
    "per": (255, -1),
    "sensorIndexes": ([32], [-1]),
    "selectedNodes": ([240], [-1]),
    "sleepAfterFrc": ({}, {"time": 1}, {"time": 65_536, "control": 0}),
    "ports": ([{"port": 0, "mask": 256, "value": 0}], [{"port": 0, "mask": 4, "value": 0}] * 19),
    "bytes": ([{"address": 8, "value": -1, "mask": 255}], [{"address": 8, "value": 7}]),
    "nodes": ([{"bondAddr": 1, "mid": 1 << 32}], [{"bondAddr": 256, "mid": 5}]),
}
"""Values that cannot be sent, of members that have a form of their own."""


def param_of(row: Row) -> dict[str, Any]:
    """A good `param`."""
    param: Any = (row.example or {})["param"]
    return dict(param)


def address_of(row: Row) -> int:
    """The device of the example; 0 is the coordinator."""
    return int(str((row.example or {})["nAdr"]))


def layout_of(row: Row) -> PData:
    layout: PData = get_args(row.parameters)[0]
    return layout


def result_of(row: Row) -> PData | None:
    found = (each.type for each in members_of(row.result) if isinstance(each.type, PData))
    return next(found, None)


def bad_values(member: Field, value: Any) -> Iterator[Any]:
    """Values that cannot be sent in place of a good one."""
    if member.name in SPECIAL and (value is not None or member.name != "nodes"):
        yield from SPECIAL[member.name]
    elif member.name == "writtenData" and value is None:
        yield from ([[1, 2, 3, 4]], [[0, 1, 2, 3, 256]])
    elif member.codec.packed:
        yield from OUT_OF_RANGE[member.codec.packed]
    elif isinstance(value, list):
        yield from ([*value[:-1], 256], [*value[:-1], -1], [0] * 57)
        if not member.codec.put(value) or len(value) > 40:
            yield value[:-1]


def bad_params(row: Row) -> Iterator[tuple[Any, Any]]:
    """Bad values of `param` with the status that each is answered with."""
    good = param_of(row)
    refused = 1 if row in COLLECTIONS else -6
    for member in layout_of(row).fields:
        if not member.name:
            continue
        if member.name in good:
            rest = {name: value for name, value in good.items() if name != member.name}
            if member.needed:
                yield rest, NO_SCHEMA
            elif not member.optional and not isinstance(good[member.name], list):
                yield rest, refused
        yield good | {member.name: "x"}, NO_SCHEMA
        for bad in bad_values(member, good.get(member.name)):
            yield good | {member.name: bad}, refused
    no_objects: tuple[Any, ...] = (None, 5, [], "x")
    for wrong in no_objects:
        yield wrong, NO_SCHEMA


async def ask(client: Caller, row: Row, **req: Any) -> Any:
    """The answer to the example with other members of `req`."""
    client.send(row.mtype, {**deepcopy(row.example or {}), **req}, returnVerbose=True)
    with trio.fail_after(600):
        told = await client.next()
    assert complaint_about_answer(told["mType"], told) is None
    assert told["data"]["msgId"] == "test"
    return told


def run(test: Any, path: Path, row: Row) -> None:
    """Run a test of one message on a clock that jumps."""

    async def main() -> None:
        mesh = network(NODES)
        async with undisturbed(path, mesh) as client:
            await test(client, row, mesh)

    trio.run(main, clock=MockClock(autojump_threshold=0.001))


async def _what_cannot_be_sent(client: Caller, row: Row, _mesh: Mesh) -> None:
    counters = client.gateway.transceiver.counters
    for param, status in bad_params(row):
        told = await ask(client, row, param=param)
        if status == NO_SCHEMA:
            assert (told["mType"], told["data"]["status"]) == (NO_SCHEMA, 4), param
            continue
        assert told["mType"] == row.mtype
        assert told["data"]["status"] == status, (param, told)
        rsp = told["data"]["rsp"]
        assert (rsp["hwpId"], rsp["rCode"], rsp["dpaVal"]) == (-1, -1, -1)
        assert "result" not in rsp
        (record,) = told["data"]["raw"]
        assert not any(record.values())
    assert client.gateway.transceiver.counters == counters


async def _surplus(client: Caller, row: Row, _mesh: Mesh) -> None:
    param = param_of(row)
    within = await ask(client, row, param={**param, "surplus": 1})
    assert (within["mType"] == NO_SCHEMA) is not layout_of(row).open_to_extras
    beside = await ask(client, row, surplus=1)
    assert (beside["mType"] == NO_SCHEMA) is row.closed


async def _members(client: Caller, row: Row, mesh: Mesh) -> None:
    await _what_cannot_be_sent(client, row, mesh)
    await _surplus(client, row, mesh)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mtype)
def test_nothing_is_sent_of_what_cannot_be(tmp_path: Path, row: Row) -> None:
    run(_members, tmp_path, row)


async def _nobody_does_it(client: Caller, row: Row, mesh: Mesh) -> None:
    collected = row in COLLECTIONS
    told = await ask(client, row, hwpId=WRONG_HWPID)
    if row.mtype in EXPLORED:  # devices answer whatever the HWPID is
        assert told["data"]["status"] == 0
    elif collected:
        assert told["data"]["status"] == 1
    else:
        assert (told["data"]["status"], told["data"]["rsp"]["rCode"]) == (7, 7)
        assert told["data"]["rsp"]["hwpId"] != WRONG_HWPID
        assert told["data"]["rsp"]["errorStr"] == "rcode error"
    address = address_of(row)
    if address:
        told = await ask(client, row, nAdr=UNBONDED)
        assert (told["data"]["status"], told["data"]["rsp"]["rCode"]) == (8, 8)
        mesh.node(address).online = False
    else:
        mesh.faults.arm(Fault.SILENT)
    told = await ask(client, row)
    assert told["data"]["status"] == (1 if collected else -1)
    rsp = told["data"]["rsp"]
    assert (rsp["hwpId"], rsp["rCode"], rsp["dpaVal"]) == (-1, -1, -1)
    assert rsp["pcmd"] & 0x80
    assert told["data"]["raw"][0]["request"]
    assert not told["data"]["raw"][0]["response"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mtype)
def test_wrong_hwpid_no_such_node_and_silence(tmp_path: Path, row: Row) -> None:
    run(_nobody_does_it, tmp_path, row)


def _has_data(row: Row) -> bool:
    """Whether a good response cannot be empty."""
    layout = result_of(row)
    assert layout is not None
    try:
        layout.decode(b"")
    except BadResponseError:
        return True
    return False


async def _cut_off(client: Caller, row: Row, mesh: Mesh) -> None:
    needs_data = row not in COLLECTIONS and _has_data(row)
    mesh.faults.arm(Fault.CUT_RESPONSE, 0)
    told = await ask(client, row)
    if row in COLLECTIONS:
        assert told["data"]["status"] == 1
    elif needs_data and told["data"]["rsp"]["rCode"] == 0:
        assert (told["data"]["status"], told["data"]["statusStr"]) == (-7, "BAD_RESPONSE")
        assert "result" not in told["data"]["rsp"]
        assert "too short" in told["data"]["rsp"]["errorStr"]
    else:
        assert told["data"]["status"] in {0, 1, REFUSED.get(row.mtype)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mtype)
def test_a_response_that_is_cut_off(tmp_path: Path, row: Row) -> None:
    run(_cut_off, tmp_path, row)


async def _to_all(client: Caller, row: Row, _mesh: Mesh) -> None:
    told = await ask(client, row, nAdr=BROADCAST)
    assert told["data"]["status"] == 256
    assert told["data"]["statusStr"] == "No network response expected."
    rsp = told["data"]["rsp"]
    assert (rsp["hwpId"], rsp["rCode"], rsp["dpaVal"]) == (-1, -1, -1)
    (record,) = told["data"]["raw"]
    assert record["request"]
    assert record["confirmation"]
    assert not record["response"]


OF_NODES = [row for row in ROWS if address_of(row)]


@pytest.mark.parametrize("row", OF_NODES, ids=lambda row: row.mtype)
def test_a_broadcast(tmp_path: Path, row: Row) -> None:
    run(_to_all, tmp_path, row)


@pytest.mark.parametrize(
    "mtype", ["iqrfEmbedFrc_SendSelective", "iqrfEmbedOs_SelectiveBatch", "iqrfSensor_Frc"]
)
def test_nodes_that_are_named_twice_count_once(tmp_path: Path, mtype: str) -> None:
    async def twice(client: Caller, row: Row, _mesh: Mesh) -> None:
        param = {**param_of(row), "selectedNodes": [2, 1, 2]}
        told = await ask(client, row, param=param)
        assert told["data"]["status"] == 0
        sent = bytes.fromhex(told["data"]["raw"][0]["request"].replace(".", ""))
        at = 6 if mtype.startswith("iqrfEmbedOs") else 7
        assert sent[at : at + 30] == bytes((0b110,)) + bytes(29)

    run(twice, tmp_path, next(row for row in ROWS if row.mtype == mtype))
