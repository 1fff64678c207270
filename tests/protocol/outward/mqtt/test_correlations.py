"""Correlation data comes back with the answers of its own request, however many there are."""

import orjson

from protocol.outward.mqtt.correlations import MAX_REQUESTS, Correlations


def message(mtype: str, msg_id: str = "", **data: object) -> str:
    named = {"msgId": msg_id} if msg_id else {}
    return orjson.dumps({"mType": mtype, "data": named | data}).decode()


def version(msg_id: str = "", status: int = 0) -> str:
    return message("mngDaemon_Version", msg_id, status=status)


def step(number: int) -> str:
    return message("iqrfDb_Enumerate", "e", status=0, rsp={"step": number})


def test_each_answer_has_the_data_of_its_request() -> None:
    known = Correlations()
    for name in "ab":
        known.add(version(name).encode(), name.encode())
    assert known.of(version("b")) == b"b"
    assert known.of(version("a")) == b"a"
    assert known.of(version("a")) is None, "it was answered"


def test_all_answers_of_a_request_until_the_last_one() -> None:
    known = Correlations()
    known.add(message("iqrfDb_Enumerate", "e").encode(), b"x")
    assert [known.of(step(number)) for number in range(9)] == [b"x"] * 9
    assert known.of(step(8)) is None


def test_requests_that_are_called_alike_are_answered_in_order() -> None:
    known = Correlations()
    for data in (b"1", None, b"3"):
        known.add(version("same").encode(), data)
    assert [known.of(version("same")) for _ in range(3)] == [b"1", None, b"3"]


def test_a_request_that_is_no_json_is_answered_as_unknown() -> None:
    known = Correlations()
    known.add(b"\xff", b"1")
    known.add(b"[]", b"2")
    error = message("messageError", "unknown", status=2)
    assert [known.of(error) for _ in range(2)] == [b"1", b"2"]


def test_those_that_wait_keep_theirs_while_others_are_refused() -> None:
    known = Correlations()
    known.add(version("waits").encode(), b"kept")
    for number in range(5 * MAX_REQUESTS):
        known.add(version(str(number)).encode(), b"%d" % number)
        refused = message("messageError", str(number), status=8)
        assert known.of(refused) == b"%d" % number
    assert known.of(version("waits")) == b"kept"


def test_what_is_never_answered_is_forgotten_at_last() -> None:
    known = Correlations()
    for number in range(MAX_REQUESTS + 1):
        known.add(version(str(number)).encode(), b"%d" % number)
    assert known.of(version("0")) is None
    assert known.of(version("1")) == b"1"


def test_who_gives_none_gets_none() -> None:
    known = Correlations()
    known.add(version("a").encode(), None)
    assert known.of(version("a")) is None
