"""The messageError of each status has the members, and only those, that clients know."""

import json

import pytest

from protocol.api.errors import (
    MAX_ECHO,
    GeneralError,
    InvalidRequestError,
    MissingMTypeError,
    NotJsonError,
    RequestError,
    ServiceError,
    UnexpectedAuthError,
    UnsupportedTypeError,
    lane_closed,
    lane_full,
    message_error,
)
from protocol.queue.lanes import Lane


@pytest.mark.parametrize(
    ("error", "status", "status_str", "rsp"),
    [
        (
            GeneralError("boom"),
            1,
            "An error has occurred while handling request.",
            {"message": "T", "error": "boom"},
        ),
        (
            UnsupportedTypeError("nope"),
            1,
            "An error has occurred while handling request.",
            {"message": "T", "error": "Unsupported message type: nope"},
        ),
        (
            NotJsonError("expected ':'", 17),
            2,
            "Failed to parse JSON message.",
            {"message": "T", "error": "expected ':'", "offset": 17},
        ),
        (MissingMTypeError(), 3, "mType missing in JSON message.", {"message": "T"}),
        (
            InvalidRequestError("data: why"),
            4,
            "Failed to validate JSON message contents.",
            {"message": "T", "error": "data: why"},
        ),
        (
            lane_closed(Lane.MANAGEMENT, "mngDaemon_Version"),
            5,
            "Management queue is not initialized.",
            {"ignoredMessage": "mngDaemon_Version"},
        ),
        (
            lane_full(Lane.MANAGEMENT, "mngDaemon_Version", 0),
            6,
            "Management queue is full.",
            {"ignoredMessage": "mngDaemon_Version", "capacity": 0},
        ),
        (
            lane_closed(Lane.NETWORK, "iqrfRaw"),
            7,
            "Network queue is not initialized.",
            {"ignoredMessage": "iqrfRaw"},
        ),
        (
            lane_full(Lane.NETWORK, "iqrfRaw", 32),
            8,
            "Network queue is full.",
            {"ignoredMessage": "iqrfRaw", "capacity": 32},
        ),
    ],
)
def test_each_status(
    error: RequestError, status: int, status_str: str, rsp: dict[str, object]
) -> None:
    text = message_error(error, text="T", msg_id="m", ins_id="gw")
    data = {"msgId": "m", "rsp": rsp, "status": status, "statusStr": status_str, "insId": "gw"}
    assert text == json.dumps(
        {"mType": "messageError", "data": data}, separators=(",", ":"), ensure_ascii=False
    )


def test_an_unexpected_authentication_byte_for_byte_and_without_its_token() -> None:
    text = '{"type":"auth","token":"secret"}'
    assert message_error(UnexpectedAuthError(), text=text, ins_id="iqrfgd2-default") == (
        '{"mType":"messageError","data":{"msgId":"auth",'
        '"rsp":{"error":"Received a duplicate or unexpected auth message."},'
        '"status":9,"statusStr":"Unexpected auth message.","insId":"iqrfgd2-default"}}'
    )


def test_the_id_is_unknown_unless_somebody_knows_it() -> None:
    error = GeneralError("x")
    assert '"msgId":"unknown"' in message_error(error, text="T", ins_id="gw")
    error.msg_id = "found"
    assert '"msgId":"found"' in message_error(error, text="T", ins_id="gw")
    assert '"msgId":"given"' in message_error(error, text="T", msg_id="given", ins_id="gw")


def echo(text: str | bytes) -> str:
    answer = json.loads(message_error(MissingMTypeError(), text=text, ins_id="gw"))
    return str(answer["data"]["rsp"]["message"])


def test_a_short_message_is_repeated_whole() -> None:
    for text in ("", "x" * MAX_ECHO, "é😀\n\0"):
        assert echo(text) == text
        assert echo(text.encode()) == text


def test_a_long_message_is_cut_with_an_ellipsis() -> None:
    assert echo("é" * 65_536) == "é" * MAX_ECHO + "…"
    assert echo(("é" * 65_536).encode()) == "é" * MAX_ECHO + "…"
    assert echo(("😀" * 65_536).encode()) == "😀" * MAX_ECHO + "…"


@pytest.mark.parametrize("end", ['"}', '", "data": ', "", '"' + "x" * 5000])
@pytest.mark.parametrize("secret", ["ab+/cd=", r"ab\/cd", "s" * 5000])
def test_no_token_is_repeated(secret: str, end: str) -> None:
    """Over MQTT others read the answer too."""
    text = f'{{"mType": "x", "token": "iqrfgd2;7;{secret}{end}'
    for message in (echo(text), echo(text.encode())):
        assert message.startswith('{"mType": "x", "token": "iqrfgd2;7;')
        assert not {"ab", "cd", "ss"} & {message[at : at + 2] for at in range(len(message))}


def test_what_is_no_text_is_repeated_as_far_as_it_is_one() -> None:
    assert echo(b"a\xffb") == "a\N{REPLACEMENT CHARACTER}b"
    assert echo("a\ud800b") == "a?b"


def test_a_long_type_is_cut() -> None:
    assert len(str(UnsupportedTypeError("x" * 60_000))) < 150


def test_a_service_error_reads_as_its_cause() -> None:
    assert str(ServiceError(1003, "not running")) == "not running"
    assert str(ServiceError(-1, "err", "cause")) == "cause"
