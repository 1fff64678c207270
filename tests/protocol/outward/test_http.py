from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.outward.http import (
    ProblemError,
    Request,
    Response,
    check_host,
    etag_of,
    host_of,
    json_response,
    parse_target,
    with_etag,
)

NAMES = frozenset({"localhost", "gateway.local"})


def asking(**headers: str) -> Request:
    return Request("GET", "/", headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


def test_a_target_is_decoded() -> None:
    assert parse_target("/a%20b/c?x=1&y=%C3%A9&x=2&z") == ("/a b/c", {"x": "2", "y": "é", "z": ""})


@pytest.mark.parametrize(
    "target", ["*", "", "nowhere", "http://[", "/%ff", "/?a=%ff", "/?" + "a&" * 99]
)
def test_a_target_that_cannot_be_read(target: str) -> None:
    with pytest.raises(ProblemError) as raised:
        parse_target(target)
    assert raised.value.status == 400


@given(st.text())
def test_any_target_is_read_or_refused(target: str) -> None:
    with suppress(ProblemError):
        path, _ = parse_target(target)
        assert path.startswith("/")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer iqrfgd2;1;x", "iqrfgd2;1;x"),
        ("bearer  t ", "t"),
        ("Basic dXNlcg==", None),
        ("Bearer", None),
        ("Bearer ", None),
    ],
)
def test_the_token_of_a_request(header: str, token: str | None) -> None:
    assert asking(authorization=header).bearer == token
    assert asking().bearer is None


def test_a_problem_is_told_as_rfc_9457_has_it() -> None:
    response = ProblemError(429, "slowly", (("retry-after", "7"),)).response()
    assert (response.status, response.content_type) == (429, "application/problem+json")
    assert response.headers == (("retry-after", "7"),)
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "slowly",
    }


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:1339", "localhost"),
        ("127.0.0.1:1339", "127.0.0.1"),
        ("[::1]:1339", "::1"),
        ("[::1]", "::1"),
    ],
)
def test_the_name_in_a_host_header(header: str, host: str) -> None:
    assert host_of(header) == host
    check_host(asking(host=header), NAMES)


@pytest.mark.parametrize(
    ("header", "status"),
    [("evil.example", 421), ("localhost.evil.example:1339", 421), ("", 421), (None, 400)],
)
def test_names_of_others_are_refused(header: str | None, status: int) -> None:
    request = asking() if header is None else asking(host=header)
    with pytest.raises(ProblemError) as raised:
        check_host(request, NAMES)
    assert raised.value.status == status


def test_what_the_client_has_is_not_sent_again() -> None:
    response = Response(200, b"page", "text/html")
    etag = etag_of(b"page")
    assert with_etag(asking(), response, etag).status == 200
    assert with_etag(asking(if_none_match='"other"'), response, etag).status == 200
    for known in (etag, f'"other", W/{etag}', "*"):
        again = with_etag(asking(if_none_match=known), response, etag)
        assert (again.status, again.body, again.headers) == (304, b"", (("etag", etag),))


def test_json() -> None:
    assert json_response({"a": 1}) == Response(200, b'{"a":1}', "application/json")
