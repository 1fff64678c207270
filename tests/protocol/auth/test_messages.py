"""Authentication messages, byte for byte."""

from datetime import UTC, datetime

import pytest

from protocol.auth.messages import failure, is_auth, success, token_in, token_of

SECRET = "zDrcvQaXWopzJ+DbfkpGq3Tn00wkt3n6fExj8iUsYio="


def test_an_authentication_message_is_known_by_its_two_members() -> None:
    assert is_auth('{"type":"auth","token":"iqrfgd2;1;' + SECRET + '"}')
    assert not is_auth('{"nonsense":"not_auth"}')
    assert token_in(b'\xef\xbb\xbf{"token": "t", "type": "auth"}\n') == "t"
    assert token_in('{"type":"x","token":"t","type":"auth"}') == "t"


@pytest.mark.parametrize(
    "value",
    [
        {"type": "auth"},
        {"token": "t"},
        {"type": "Auth", "token": "t"},
        {"type": "auth", "token": 1},
        {"type": "auth", "token": None},
        {"type": ["auth"], "token": "t"},
        {"type": "auth", "token": "t", "x": 1},
        ["type", "token"],
        None,
        1,
        "auth",
    ],
)
def test_anything_else_is_none(value: object) -> None:
    assert token_of(value) is None


def test_what_is_no_json_is_told_apart() -> None:
    with pytest.raises(ValueError, match="unexpected character"):
        is_auth("invalid\0")
    with pytest.raises(UnicodeDecodeError):
        is_auth(b"\xff")


def test_the_answers() -> None:
    until = datetime(2026, 6, 29, 12, 20, 2, 188_000, tzinfo=UTC)
    assert success(until, service=False) == (
        '{"expiration":"2026-06-29T12:20:02.188Z","service":false,"type":"auth_success"}'
    )
    assert success(until, service=True) == (
        '{"expiration":"2026-06-29T12:20:02.188Z","service":true,"type":"auth_success"}'
    )
    assert failure(3, "Authentication failed") == (
        '{"code":3,"error":"Authentication failed","type":"auth_error"}'
    )
