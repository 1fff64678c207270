"""Commands of DPA as messages: to bytes, and every outcome of a transaction."""

import json
from typing import Any

import pytest

from protocol.api.dpa.command import command_row
from protocol.api.errors import InvalidRequestError, ServiceError
from protocol.api.family import request_of
from protocol.api.message import dump, parse
from protocol.api.words import members_in_words
from protocol.dpa.packet import Request, Response
from protocol.dpa.peripherals.coordinator import SET_HOPS
from protocol.dpa.transaction import Outcome

HOPS = "requestHops:u8 towards the node, responseHops:u8 back"

ROW = command_row(
    "EmbedCoordinator_SetHops",
    SET_HOPS,
    "Set the hops.",
    HOPS,
    HOPS,
    example={"requestHops": 255, "responseHops": 2},
)


def asked(**members: Any) -> tuple[Any, Any]:
    req = {**(ROW.example or {}), **members}
    data = {"msgId": "m", "returnVerbose": True, "req": req}
    message = parse(json.dumps({"mType": ROW.mtype, "data": data}))
    return message, request_of(ROW, message)


def answered(status: int, response: Response | None, **members: Any) -> Any:
    """`data` of the verbose answer, as JSON."""
    message, parameters = asked(**members)
    assert ROW.transaction is not None
    request = ROW.transaction.begin(parameters)
    outcome = Outcome(request, status, None, response, 0.0, None, None)
    answer = ROW.transaction.finish(message, parameters, outcome)
    return json.loads(dump(answer, ROW.family.style, verbose=True, ins_id="gw"))["data"]


def test_to_bytes() -> None:
    assert ROW.transaction is not None
    _, parameters = asked()
    assert ROW.transaction.begin(parameters) == Request(0, 0, 9, b"\xff\x02")
    _, parameters = asked(nAdr=3, hwpId=0x1234)
    assert ROW.transaction.begin(parameters) == Request(3, 0, 9, b"\xff\x02", 0x1234)
    _, parameters = asked(hwpId=-1)
    assert ROW.transaction.begin(parameters).hwpid == 0xFFFF


HEADER = {"nAdr": 0, "pnum": 0, "pcmd": 0x89}
SILENT = HEADER | {"hwpId": -1, "rCode": -1, "dpaVal": -1}


@pytest.mark.parametrize(
    ("param", "told"),
    [
        ({}, "data.req.param.requestHops: must be there"),
        ({"requestHops": 1}, "data.req.param.responseHops: must be there"),
        (
            {"requestHops": 1, "responseHops": 256},
            "data.req.param.responseHops: must be at most 255, not 256",
        ),
    ],
)
def test_values_that_cannot_be_sent_are_status_minus_6(param: Any, told: str) -> None:
    message, parameters = asked(param=param)
    assert ROW.transaction is not None
    with pytest.raises(ServiceError) as failed:
        ROW.transaction.begin(parameters)
    assert (failed.value.status, failed.value.status_str) == (-6, told)
    answer = ROW.failure(message, parameters, failed.value)
    assert answer.rsp == SILENT


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"param": None}, "data.req.param: must be an object, not null"),
        ({"param": {"requestHops": "1"}}, "data.req.param.requestHops: must be an integer"),
        ({"nAdr": "0"}, "data.req.nAdr: must be an integer"),
        ({"nAdr": 256}, "data.req.nAdr: must be at most 255"),
    ],
)
def test_members_of_a_wrong_type_are_no_request(members: Any, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        asked(**members)


@pytest.mark.parametrize(
    ("status", "response", "told", "rsp"),
    [
        (
            0,
            Response(0, 0, 9, 0x0402, pdata=b"\x01\x02", dpa_value=7),
            (0, "ok"),
            HEADER
            | {"hwpId": 0x0402, "rCode": 0, "dpaVal": 7}
            | {"result": {"requestHops": 1, "responseHops": 2}},
        ),
        (
            0,
            Response(0, 0, 9, 0x0402, pdata=b"\x01"),
            (-7, "BAD_RESPONSE"),
            HEADER
            | {"hwpId": 0x0402, "rCode": 0, "dpaVal": 0}
            | {"errorStr": "BAD_RESPONSE: the response is 1 bytes too short"},
        ),
        (
            5,
            Response(0, 0, 9, 0x0402, rcode=5),
            (5, "ERROR_DATA_LEN"),
            HEADER | {"hwpId": 0x0402, "rCode": 5, "dpaVal": 0} | {"errorStr": "rcode error"},
        ),
        (-1, None, (-1, "ERROR_TIMEOUT"), SILENT),
        (-4, None, (-4, "ERROR_IFACE"), SILENT),
        (-8, None, (-8, "ERROR_IFACE_EXCLUSIVE_ACCESS"), SILENT),
    ],
)
def test_outcomes(status: int, response: Response | None, told: Any, rsp: Any) -> None:
    data = answered(status, response)
    assert (data["status"], data["statusStr"]) == told
    assert data["rsp"] == rsp
    assert list(data["rsp"])[: len(SILENT)] == list(SILENT)


def test_a_broadcast_has_a_status_of_its_own() -> None:
    data = answered(0, None, nAdr=255)
    assert (data["status"], data["statusStr"]) == (256, "No network response expected.")
    assert data["rsp"] == SILENT | {"nAdr": 255}


def test_the_documents_tell_of_the_members_within() -> None:
    asked_for = [(each.path, each.required) for each in members_in_words(ROW.parameters)]
    assert asked_for == [
        ("param", True),
        ("param.requestHops", True),
        ("param.responseHops", True),
        ("nAdr", True),
        ("hwpId", False),
    ]
    told = {each.path: each.required for each in members_in_words(ROW.result)}
    assert told["result.requestHops"] is True
    assert told["result"] is False
