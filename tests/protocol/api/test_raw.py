"""iqrfRaw and iqrfRawHdp: which bytes are a request, and how transactions are told."""

from datetime import datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.api import raw
from protocol.api.message import Style, dump
from protocol.api.record import record
from protocol.dpa.packet import Confirmation, Request, Response
from protocol.dpa.transaction import Outcome

from .asking import asked, message, refusal

ZONE = timezone(timedelta(hours=2))
START = datetime(2018, 8, 31, 12, 48, 35, 887_733, tzinfo=ZONE)

RESPONSE = Response(0, 6, 3, 0, dpa_value=0x44)


def local_time(at: float) -> datetime:
    return START + timedelta(seconds=at)


@pytest.mark.parametrize(
    "text",
    [
        "01.00.06.03.FF.FF",
        "01.00.06.03.ff.ff",
        "1.0.6.3.ff.FF",
        "01 00 06 03 ff ff",
        "1.0 6.3 ff.fF",
    ],
)
def test_the_spellings_of_a_request(text: str) -> None:
    assert asked("iqrfRaw", req={"rData": text}).request == Request(1, 6, 3)


@given(
    st.builds(
        Request,
        st.integers(0, 0xFF),
        st.integers(0, 0xFF),
        st.integers(0, 0x7F),
        st.binary(max_size=56),
        st.integers(0, 0xFFFF),
    )
)
def test_any_request_can_be_written_both_ways(request: Request) -> None:
    assert asked("iqrfRaw", req={"rData": request.encode().hex(".")}).request == request
    header = {
        "nAdr": request.nadr,
        "pNum": request.pnum,
        "pCmd": request.pcmd,
        "hwpId": request.hwpid,
    }
    hdp = asked("iqrfRawHdp", req={**header, "pData": list(request.pdata)})
    assert hdp.request == request


@pytest.mark.parametrize(
    ("r_data", "reason"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("00.00.06.03.ff", "must be 6 to 62 bytes, not 5"),
        (".".join(["00"] * 63), "must be 6 to 62 bytes, not 63"),
        ("zz", "must be bytes in hexadecimal digits, separated by dots"),
        ("000.00.06.03.ff.ff", "must be bytes in hexadecimal digits, separated by dots"),
        ("000006.03.ff.ff", "must be bytes in hexadecimal digits, separated by dots"),
        ("00.00.06.03.ff.ff.", "must be bytes in hexadecimal digits, separated by dots"),
        ("00..00.06.03.ff.ff", "must be bytes in hexadecimal digits, separated by dots"),
        ("0x0.00.06.03.ff.ff", "must be bytes in hexadecimal digits, separated by dots"),
        ("٠٠.00.06.03.ff.ff", "must be bytes in hexadecimal digits, separated by dots"),
        ("00.01.06.03.ff.ff", "NADR 256 is not in 0..255"),
        ("00.00.06.83.ff.ff", "PCMD 131 is not in 0..127"),
        (5, "must be a string, not an integer"),
        (None, "must be a string, not null"),
    ],
)
def test_what_is_no_request(r_data: object, reason: str) -> None:
    assert refusal("iqrfRaw", req={"rData": r_data}) == f"data.req.rData: {reason}"


def test_a_request_of_full_length() -> None:
    text = ".".join(["01", "00", "06", "03", "ff", "ff", *["aa"] * 56])
    assert len(asked("iqrfRaw", req={"rData": text}).request.pdata) == 56


def test_eleven_bytes_are_a_request_even_if_they_look_like_a_confirmation() -> None:
    text = "01.00.06.01.ff.ff.ff.01.01.04.01"
    assert asked("iqrfRaw", req={"rData": text}).request.encode().hex(".") == text


def test_header_and_data_have_defaults() -> None:
    header = {"nAdr": 1, "pNum": 6, "pCmd": 3}
    assert asked("iqrfRawHdp", req=header).request == Request(1, 6, 3)
    assert asked("iqrfRawHdp", req={**header, "hwpId": -1, "x": 0}).request == Request(1, 6, 3)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"nAdr": 256}, "nAdr: must be at most 255, not 256"),
        ({"nAdr": -1}, "nAdr: must be at least 0, not -1"),
        ({"pNum": 256}, "pNum: must be at most 255, not 256"),
        ({"pCmd": 128}, "pCmd: must be at most 127, not 128"),
        ({"hwpId": 65536}, "hwpId: must be at most 65535, not 65536"),
        ({"pData": [0, 256]}, "pData[1]: must be at most 255, not 256"),
        ({"pData": [0, -1]}, "pData[1]: must be at least 0, not -1"),
        ({"pData": [0] * 57}, "pData: must have at most 56 items, not 57"),
        ({"pData": "00"}, "pData: must be an array, not a string"),
    ],
)
def test_header_or_data_out_of_range(members: dict[str, object], reason: str) -> None:
    req = {"nAdr": 1, "pNum": 6, "pCmd": 3, **members}
    assert refusal("iqrfRawHdp", req=req) == f"data.req.{reason}"


def test_responses() -> None:
    assert raw.raw(RESPONSE) == {"rData": "00.00.06.83.00.00.00.44"}
    response = Response(1, 6, 3, 0x0402, rcode=4, dpa_value=64, pdata=b"\x01\xff")
    assert raw.raw_hdp(response) == {
        "nAdr": 1,
        "pNum": 6,
        "pCmd": 131,
        "hwpId": 0x0402,
        "rCode": 4,
        "dpaVal": 64,
        "pData": [1, 255],
    }


def test_no_response() -> None:
    assert raw.raw(None) == raw.RAW.failed(None) == {"rData": ""}
    nothing = {"nAdr": 0, "pNum": 0, "pCmd": 0, "hwpId": 0, "rCode": 0, "dpaVal": 0, "pData": []}
    assert raw.raw_hdp(None) == raw.RAW_HDP.failed(None) == nothing


def test_an_answer_byte_for_byte() -> None:
    request = message("iqrfRaw", timeout=1000, returnVerbose=True)
    outcome = Outcome(Request(0, 6, 3), 0, None, RESPONSE, 0.0, None, 0.028)
    answer = raw.finish_raw(request, raw.Raw(outcome.request), outcome)
    answer = evolve(answer, raw=(record(outcome, local_time),))
    assert dump(answer, Style.DPA, verbose=False, ins_id="iqrfgd2-default") == (
        '{"mType":"iqrfRaw","data":{"msgId":"m","rsp":{"rData":"00.00.06.83.00.00.00.44"},'
        '"status":0,"insId":"iqrfgd2-default"}}'
    )
    assert dump(answer, Style.DPA, verbose=True, ins_id="iqrfgd2-default") == (
        '{"mType":"iqrfRaw","data":{"msgId":"m","timeout":1000,'
        '"rsp":{"rData":"00.00.06.83.00.00.00.44"},"raw":[{"request":"00.00.06.03.ff.ff",'
        '"requestTs":"2018-08-31T12:48:35.887+02:00","confirmation":"","confirmationTs":"",'
        '"response":"00.00.06.83.00.00.00.44","responseTs":"2018-08-31T12:48:35.915+02:00"}],'
        '"insId":"iqrfgd2-default","statusStr":"ok","status":0}}'
    )


def test_a_record_with_all_packets() -> None:
    confirmation = Confirmation(1, 6, 1, 0xFFFF, 0x3B, 1, 4, 1)
    outcome = Outcome(Request(1, 6, 1), 0, confirmation, Response(1, 6, 1, 2), 0.0, 1.0, 2.0)
    assert record(outcome, local_time) == {
        "request": "01.00.06.01.ff.ff",
        "requestTs": "2018-08-31T12:48:35.887+02:00",
        "confirmation": "01.00.06.01.ff.ff.ff.3b.01.04.01",
        "confirmationTs": "2018-08-31T12:48:36.887+02:00",
        "response": "01.00.06.81.02.00.00.00",
        "responseTs": "2018-08-31T12:48:37.887+02:00",
    }


@pytest.mark.parametrize(("status", "text"), [(-1, "ERROR_TIMEOUT"), (3, "ERROR_PNUM")])
def test_a_transaction_that_failed_says_why(status: int, text: str) -> None:
    outcome = Outcome(Request(1, 6, 3), status, None, None, 0.0, None, None)
    answer = raw.finish_raw(message("iqrfRaw"), raw.Raw(outcome.request), outcome)
    assert dump(answer, Style.DPA, verbose=False, ins_id="gw") == (
        '{"mType":"iqrfRaw","data":{"msgId":"m","rsp":{"rData":""},'
        f'"status":{status},"statusStr":"{text}","insId":"gw"}}}}'
    )


def test_a_packet_that_nobody_asked_for() -> None:
    text = "00.00.ff.3f.00.00.00.00.28.02.00.fd.26.00.00.00.00.00.00.01"
    answer = raw.unasked(bytes.fromhex(text.replace(".", "")))
    assert dump(answer, Style.DPA, verbose=False, ins_id="iqrfgd2-default") == (
        '{"mType":"iqrfRaw","data":{"msgId":"async","rsp":{"rData":"' + text + '"},'
        '"status":0,"insId":"iqrfgd2-default"}}'
    )
