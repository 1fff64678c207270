"""How tokens are shown, to scripts and to people. CU are the conformance rows."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from iqrf_trio.cli.support.token_output import details, new_token, pad, table, to_json, token_object
from protocol.auth.tokens import Status, Token, TokenText

SECRET = "updgKmdhceGzmI9i0M9UELExYZwSKrCBv1vusq+TfHk="
TOKEN = Token(
    id=1,
    owner="test",
    hash="JzDeC2H1D8+rG0/Z9QABWz3APZ++lfmC2tzwTOgaIC8=",
    created_at=datetime(2024, 11, 4, 1, 20, tzinfo=UTC),
    expires_at=datetime(2024, 11, 14, 1, 20, tzinfo=UTC),
)
BEFORE = TOKEN.expires_at - timedelta(seconds=60)
AFTER = TOKEN.expires_at + timedelta(seconds=60)
REVOKED = evolve(
    TOKEN, status=Status.REVOKED, invalidated_at=datetime(2024, 11, 5, 16, 24, 55, tzinfo=UTC)
)


def test_cu_06_the_members_of_a_valid_token() -> None:
    assert token_object(TOKEN, BEFORE) == {
        "id": 1,
        "owner": "test",
        "created_at": "2024-11-04T01:20:00.000Z",
        "expires_at": "2024-11-14T01:20:00.000Z",
        "status": 0,
        "service": False,
        "invalidated_at": None,
    }


def test_cu_08_revoked_beats_expired() -> None:
    shown = token_object(REVOKED, AFTER)
    assert shown["status"] == 2
    assert shown["invalidated_at"] == "2024-11-05T16:24:55.000Z"


@pytest.mark.parametrize(
    ("token", "now", "text"),
    [
        pytest.param(
            TOKEN,
            BEFORE,
            '{"created_at":"2024-11-04T01:20:00.000Z","expires_at":"2024-11-14T01:20:00.000Z",'
            '"id":1,"invalidated_at":null,"owner":"test","service":false,"status":0}',
            id="CU-09",
        ),
        pytest.param(
            TOKEN,
            AFTER,
            '{"created_at":"2024-11-04T01:20:00.000Z","expires_at":"2024-11-14T01:20:00.000Z",'
            '"id":1,"invalidated_at":null,"owner":"test","service":false,"status":1}',
            id="CU-10",
        ),
        pytest.param(
            REVOKED,
            AFTER,
            '{"created_at":"2024-11-04T01:20:00.000Z","expires_at":"2024-11-14T01:20:00.000Z",'
            '"id":1,"invalidated_at":"2024-11-05T16:24:55.000Z","owner":"test","service":false,'
            '"status":2}',
            id="CU-11",
        ),
    ],
)
def test_the_json_of_a_token(token: Token, now: datetime, text: str) -> None:
    assert to_json(token_object(token, now)) == text


@pytest.mark.parametrize(
    ("text", "width", "fill", "padded"),
    [
        pytest.param("test", 8, " ", "test    ", id="CU-12"),
        pytest.param("test", 8, "-", "test----", id="CU-13"),
        pytest.param("  test", 8, " ", "  test  ", id="CU-14"),
        pytest.param("test", 4, " ", "test", id="CU-15"),
        pytest.param("test", 4, "-", "test", id="CU-15 with -"),
        pytest.param("teststring", 8, " ", "teststri", id="CU-16"),
    ],
)
def test_padding(text: str, width: int, fill: str, padded: str) -> None:
    assert pad(text, width, fill) == padded


def test_cu_18_a_new_token_as_text() -> None:
    assert new_token(TokenText(1, SECRET), as_json=False) == f"iqrfgd2;1;{SECRET}"


def test_cu_19_a_new_token_as_json() -> None:
    assert (
        new_token(TokenText(1, SECRET), as_json=True) == f'{{"id":1,"token":"iqrfgd2;1;{SECRET}"}}'
    )


def test_one_token_as_text() -> None:
    assert details(TOKEN, BEFORE).splitlines() == [
        "ID: 1",
        "Owner: test",
        "Created at: 2024-11-04T01:20:00.000Z",
        "Expires at: 2024-11-14T01:20:00.000Z",
        "Status: valid",
        "Service mode: NO",
        "Invalidated at: --",
    ]
    shown = details(evolve(REVOKED, service=True), AFTER).splitlines()
    assert shown[4:] == [
        "Status: revoked",
        "Service mode: YES",
        "Invalidated at: 2024-11-05T16:24:55.000Z",
    ]


def test_the_table() -> None:
    lines = table([TOKEN, evolve(REVOKED, id=2, service=True)], AFTER).splitlines()
    assert [len(line) for line in lines] == [163] * 6
    rule, heading, under, first, second, last = lines
    assert rule == under == last == "-" * 163
    assert heading.split() == [
        "|ID",
        "Owner",
        *["Created", "at", "Expires", "at", "Status", "Service", "Invalidated", "at"],
        "|",
    ]
    assert first == (
        f"|1     test{' ' * 60} 2024-11-04T01:20:00.000Z 2024-11-14T01:20:00.000Z "
        f"expired NO      --{' ' * 22}|"
    )
    assert second.endswith("revoked YES     2024-11-05T16:24:55.000Z|")


def test_an_empty_table() -> None:
    assert table([], AFTER).count("\n") == 3


def test_the_table_cuts_no_number() -> None:
    lines = table([TOKEN, evolve(TOKEN, id=4294967295)], BEFORE).splitlines()
    assert {len(line) for line in lines} == {168}
    assert lines[4].startswith("|4294967295 test ")
    assert lines[3].startswith("|1          test ")


def test_an_owner_of_several_lines_stays_in_its_row() -> None:
    token = evolve(TOKEN, owner="a\nb\x1b[31m")
    assert "a\ufffdb\ufffd[31m" in table([token], BEFORE)
    assert len(table([token], BEFORE).splitlines()) == 5
    assert len(details(token, BEFORE).splitlines()) == 7
    assert token_object(token, BEFORE)["owner"] == "a\nb\x1b[31m"


def test_json_is_ascii_whatever_the_owner() -> None:
    assert to_json({"owner": "ž"}) == '{"owner":"\\u017e"}'
