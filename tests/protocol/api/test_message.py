"""The envelope: which messages get through, how they are refused, how answers are written."""

import json

import pytest

from protocol.api.errors import (
    InvalidRequestError,
    MissingMTypeError,
    NotJsonError,
    RequestError,
    UnexpectedAuthError,
    UnsupportedTypeError,
    message_error,
)
from protocol.api.family import request_of
from protocol.api.message import Answer, Style, dump, parse
from protocol.api.record import Record
from protocol.api.registry import row_of

from .asking import asked, message, refusal


def read(text: str) -> object:
    parsed = parse(text)
    return request_of(row_of(parsed.mtype), parsed)


def refused(text: str) -> RequestError:
    with pytest.raises(RequestError) as error:
        read(text)
    return error.value


def test_a_request() -> None:
    text = '{"mType":"iqrfRaw","data":{"msgId":"a","timeout":1000,"req":{},"returnVerbose":true}}'
    parsed = parse(text)
    assert (parsed.mtype, parsed.msg_id, parsed.verbose) == ("iqrfRaw", "a", True)
    assert parsed.timeout == 1000
    assert parsed.text == text
    assert parse(b"\xef\xbb\xbf" + text.encode()).msg_id == "a"


def test_what_is_not_said() -> None:
    parsed = parse('{"mType":"x","data":{}}')
    assert (parsed.msg_id, parsed.verbose, parsed.timeout) == ("unknown", False, None)


def test_what_is_of_the_wrong_type_counts_as_not_said_until_it_is_refused() -> None:
    parsed = parse('{"mType":"x","data":{"msgId":5,"returnVerbose":"yes","timeout":1.5}}')
    assert (parsed.msg_id, parsed.verbose, parsed.timeout) == ("unknown", False, None)
    parsed = parse('{"mType":"x","data":{"timeout":true}}')
    assert parsed.timeout is None


def test_a_missing_quote_is_told_with_its_place() -> None:
    text = '{\n      "mType: "invalid_json"\n    }'
    error = refused(text)
    assert isinstance(error, NotJsonError)
    assert error.offset == 17
    data = json.loads(message_error(error, text=text, ins_id="iqrfgd2-default"))["data"]
    assert data["msgId"] == "unknown"
    assert data["rsp"]["message"] == text
    assert (data["status"], data["statusStr"]) == (2, "Failed to parse JSON message.")


def test_a_missing_type_is_told_under_the_message_id() -> None:
    text = '{"data":{"msgId":"test_missing_mtype","timeout":1000,"req":{"rData":"00"}}}'
    error = refused(text)
    assert isinstance(error, MissingMTypeError)
    data = json.loads(message_error(error, text=text, ins_id="gw"))["data"]
    assert data["msgId"] == "test_missing_mtype"
    assert data["rsp"] == {"message": text}


def test_a_missing_member_is_told_with_its_path() -> None:
    assert refusal("iqrfRaw", timeout=1000, req={}, returnVerbose=True) == (
        "data.req.rData: required member is missing"
    )


@pytest.mark.parametrize("text", ["[]", "1", "null", '"s"', "true", "1e5"])
def test_what_is_no_object(text: str) -> None:
    error = refused(text)
    assert isinstance(error, InvalidRequestError)
    assert str(error).startswith("message: must be an object, not ")
    assert error.msg_id == "unknown"


@pytest.mark.parametrize("mtype", [None, 5, [], {}, True])
def test_a_type_that_is_no_string(mtype: object) -> None:
    error = refused(json.dumps({"mType": mtype, "data": {"msgId": "a"}}))
    assert isinstance(error, InvalidRequestError)
    assert str(error).startswith("mType: must be a string, not ")
    assert error.msg_id == "a"


@pytest.mark.parametrize(
    "value", ["123456789012345678901", "1e400", '"\\ud800"', "[" * 1100 + "]" * 1100]
)
def test_json_that_no_answer_could_hold_is_refused_under_the_message_id(value: str) -> None:
    devices = f'[{{"address": 1, "metadata": {{"n": {value}}}}}]'
    text = (
        '{"mType":"iqrfDb_SetDeviceMetadata","data":{"msgId":"a","req":{"devices":'
        f"{devices}}}}}}}"
    )
    error = refused(text)
    assert isinstance(error, InvalidRequestError)
    assert str(error).startswith("data.req.devices[0].metadata.n")
    assert error.msg_id == "a"
    json.loads(message_error(error, text=text, ins_id="gw"))


def test_an_id_that_no_answer_could_hold_is_unknown() -> None:
    error = refused('{"mType":"x","data":{"msgId":"\\ud800"}}')
    assert str(error) == "data.msgId: a text with half a surrogate pair"
    assert error.msg_id == "unknown"


def test_a_number_without_a_fraction_is_an_integer() -> None:
    text = '{"mType":"iqrfRaw","data":{"timeout":1000.0,"req":{"rData":"01.00.06.03.ff.ff"}}}'
    parsed = parse(text)
    assert (parsed.timeout, type(parsed.timeout)) == (1000, int)
    request_of(row_of("iqrfRaw"), parsed)


def test_an_unknown_type_goes_before_what_else_is_wrong() -> None:
    error = refused('{"mType":"nope","data":[]}')
    assert isinstance(error, UnsupportedTypeError)
    assert str(error) == "Unsupported message type: nope"


def test_a_second_authentication() -> None:
    assert isinstance(refused('{"type":"auth","token":"t"}'), UnexpectedAuthError)
    # With a third member it is an object like any other.
    assert isinstance(refused('{"type":"auth","token":"t","x":1}'), MissingMTypeError)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "data: required member is missing"),
        ({"data": None}, "data: must be an object, not null"),
        ({"data": []}, "data: must be an object, not an array"),
        ({"data": {"msgId": 5}}, "data.msgId: must be a string, not an integer"),
        ({"data": {"msgId": None}}, "data.msgId: must be a string, not null"),
        ({"data": {"returnVerbose": 1}}, "data.returnVerbose: must be a boolean, not an integer"),
        ({"data": {}, "ver": "1.0.0"}, "message: unknown member 'ver' (known: mType, data)"),
        ({"data": {"extra": 1}}, "data: unknown member 'extra' (known: msgId, returnVerbose)"),
        ({"data": {"req": {}}}, "data: unknown member 'req' (known: msgId, returnVerbose)"),
        ({"data": {"timeout": 1}}, "data: unknown member 'timeout' (known: msgId, returnVerbose)"),
    ],
)
def test_a_closed_envelope(members: dict[str, object], reason: str) -> None:
    error = refused(json.dumps({"mType": "mngDaemon_Version", **members}))
    assert isinstance(error, InvalidRequestError)
    assert str(error) == reason


def test_a_request_that_must_have_parameters() -> None:
    assert refusal("mngDaemon_Exit") == "data.req: required member is missing"
    assert refusal("mngDaemon_Exit", req=None) == "data.req: must be an object, not null"
    assert refusal("iqrfDb_GetLights") == "data.req: required member is missing"


def test_an_open_envelope() -> None:
    text = '{"mType":"iqrfRaw","x":1,"data":{"y":1,"req":{"rData":"00.00.06.03.ff.ff","z":1}}}'
    parsed = parse(text)
    assert request_of(row_of("iqrfRaw"), parsed).request.pnum == 6
    assert refusal("iqrfRaw", timeout="1", req={"rData": ""}).startswith("data.timeout: ")
    assert refusal("iqrfRaw", timeout=10**30, req={"rData": ""}).startswith("data.timeout: ")


@pytest.mark.parametrize("version", ["1.0.0", "1.0", "1"])
def test_the_version_that_there_is(version: str) -> None:
    data = {"req": {"rData": "00.00.06.03.ff.ff"}}
    parsed = parse(json.dumps({"mType": "iqrfRaw", "ver": version, "data": data}))
    assert request_of(row_of("iqrfRaw"), parsed)


@pytest.mark.parametrize("version", ["2.0.0", "", "x" * 60_000])
def test_a_version_that_there_is_not(version: str) -> None:
    data = {"req": {"rData": "00.00.06.03.ff.ff"}}
    error = refused(json.dumps({"mType": "iqrfRaw", "ver": version, "data": data}))
    assert isinstance(error, UnsupportedTypeError)
    assert str(error).startswith("Unsupported message type: iqrfRaw, version ")


def test_no_parameters_are_none() -> None:
    assert asked("mngDaemon_Version") is None


def test_the_answer_in_the_order_of_the_dpa_style() -> None:
    record = Record(
        request="00",
        requestTs="",
        confirmation="",
        confirmationTs="",
        response="",
        responseTs="",
    )
    answer = Answer("iqrfRaw", "m", {"rData": "00"}, raw=(record,), timeout=1000)
    assert dump(answer, Style.DPA, verbose=False, ins_id="gw") == (
        '{"mType":"iqrfRaw","data":{"msgId":"m","rsp":{"rData":"00"},"status":0,"insId":"gw"}}'
    )
    assert dump(answer, Style.DPA, verbose=True, ins_id="gw") == (
        '{"mType":"iqrfRaw","data":{"msgId":"m","timeout":1000,"rsp":{"rData":"00"},'
        '"raw":[{"request":"00","requestTs":"","confirmation":"","confirmationTs":"",'
        '"response":"","responseTs":""}],"insId":"gw","statusStr":"ok","status":0}}'
    )


def test_a_failure_says_why_also_when_not_verbose() -> None:
    answer = Answer("mngDaemon_Mode", "m", {"operMode": "service"}, -1, "err", "cause")
    assert dump(answer, Style.DPA, verbose=False, ins_id="gw") == (
        '{"mType":"mngDaemon_Mode","data":{"msgId":"m","rsp":{"operMode":"service"},'
        '"errorStr":"cause","status":-1,"statusStr":"err","insId":"gw"}}'
    )
    assert dump(answer, Style.DPA, verbose=True, ins_id="gw") == (
        '{"mType":"mngDaemon_Mode","data":{"msgId":"m","rsp":{"operMode":"service"},'
        '"errorStr":"cause","insId":"gw","statusStr":"err","status":-1}}'
    )


@pytest.mark.parametrize("verbose", [True, False])
def test_the_answer_in_the_order_of_the_service_style(verbose: bool) -> None:
    answer = Answer("iqrfSensorData_Start", "m", timeout=5, raw=())
    assert dump(answer, Style.SERVICE, verbose=verbose, ins_id="gw") == (
        '{"mType":"iqrfSensorData_Start","data":'
        '{"msgId":"m","status":0,"statusStr":"ok","insId":"gw"}}'
    )
    answer = Answer("iqrfDb_Reset", "ž", {})
    assert dump(answer, Style.SERVICE, verbose=verbose, ins_id="gw") == (
        '{"mType":"iqrfDb_Reset","data":'
        '{"msgId":"ž","rsp":{},"status":0,"statusStr":"ok","insId":"gw"}}'
    )


def test_an_answer_bears_the_requests_id_and_timeout() -> None:
    request = message("iqrfRaw", timeout=0)
    assert request.answer({}) == Answer("iqrfRaw", "m", {}, timeout=0)
    assert '"timeout":0' in dump(request.answer(), Style.DPA, verbose=True, ins_id="gw")
