"""The first message, the verdict on a token, and the answers, byte for byte.

Rows are named as in the list of conformance rows (WA, WU, PR).
"""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.auth import authentication as auth
from protocol.auth.authentication import (
    Authentication,
    AuthError,
    AuthFailedError,
    AuthTimeoutError,
    AuthUnavailableError,
    Grant,
    State,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
    UnauthenticatedError,
    token_in,
)
from protocol.auth.messages import token_of
from protocol.auth.rights import READ, Rights, Scope
from protocol.auth.tokens import Status, Token, TokenText, hash_secret
from protocol.errors import LocalProtocolError

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
SECRET = "zDrcvQaXWopzJ+DbfkpGq3Tn00wkt3n6fExj8iUsYio="
TOKEN = f"iqrfgd2;1;{SECRET}"
AUTH = f'{{"type":"auth","token":"{TOKEN}"}}'


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UnauthenticatedError, '{"code":1,"error":"Unauthenticated","type":"auth_error"}'),
        (AuthTimeoutError, '{"code":2,"error":"Authentication timeout","type":"auth_error"}'),
        (AuthFailedError, '{"code":3,"error":"Authentication failed","type":"auth_error"}'),
        (AuthUnavailableError, '{"code":3,"error":"Authentication failed","type":"auth_error"}'),
        (TokenInvalidError, '{"code":4,"error":"Invalid token","type":"auth_error"}'),
        (TokenExpiredError, '{"code":5,"error":"Expired token","type":"auth_error"}'),
        (TokenRevokedError, '{"code":6,"error":"Revoked token","type":"auth_error"}'),
    ],
    ids=lambda value: f"WU-04 {value.__name__}" if isinstance(value, type) else "",
)
def test_the_errors_as_clients_read_them(error: type[AuthError], message: str) -> None:
    assert error().message == message
    assert error("a detail", 7).message == message, "details are for the log"
    assert error.text in str(error("a detail"))


@pytest.mark.parametrize(
    ("granted", "message"),
    [
        (
            Grant(1, datetime(2026, 6, 29, 12, 20, 2, 188_000, UTC), READ),
            '{"expiration":"2026-06-29T12:20:02.188Z","service":false,"type":"auth_success"}',
        ),
        (
            Grant(4, datetime(2030, 1, 1, tzinfo=UTC), Rights(Scope.READ, service=True)),
            '{"expiration":"2030-01-01T00:00:00.000Z","service":true,"type":"auth_success"}',
        ),
    ],
)
def test_success_as_clients_read_it(granted: Grant, message: str) -> None:
    assert granted.message == message


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(AUTH, id="WU-01"),
        pytest.param(AUTH.encode(), id="binary"),
        pytest.param("\ufeff" + AUTH, id="byte order mark"),
        pytest.param(b"\xef\xbb\xbf" + AUTH.encode(), id="byte order mark, binary"),
        pytest.param(f" \t{AUTH}\r\n", id="white space"),
        pytest.param(f'{{"token":"{TOKEN}","type":"auth"}}', id="other order"),
        pytest.param(f'{{"type":"no","token":"{TOKEN}","type":"auth"}}', id="last type wins"),
        pytest.param(f'{{"type":"auth","token":"x","token":"{TOKEN}"}}', id="last token wins"),
        pytest.param(AUTH.replace("auth", "\\u0061uth"), id="escapes"),
    ],
)
def test_what_is_an_authentication(message: str | bytes) -> None:
    assert token_in(message) == TOKEN


@pytest.mark.parametrize(
    "message",
    [
        pytest.param('{"type":"invalid"}', id="WA-02"),
        pytest.param('{"nonsense":"not_auth"}', id="WU-02"),
        pytest.param(AUTH.replace("}", ',"id":1}'), id="PR-01"),
        pytest.param("[]", id="list"),
        pytest.param("null", id="null"),
        pytest.param("1", id="number"),
        pytest.param('"auth"', id="text"),
        pytest.param("{}", id="empty object"),
        pytest.param('{"type":"auth"}', id="no token"),
        pytest.param('{"token":"x"}', id="no type"),
        pytest.param('{"type":"auth","token":1}', id="token is no text"),
        pytest.param('{"type":"auth","token":null}', id="token is null"),
        pytest.param('{"type":"Auth","token":"x"}', id="other case"),
        pytest.param('{"type":["auth"],"token":"x"}', id="type is no text"),
        pytest.param('{"type":"auth","token":"x","type":"no"}', id="last type wins"),
        pytest.param('{"mType":"mngDaemon_Version","data":{"msgId":"1"}}', id="request"),
    ],
)
def test_what_is_json_but_no_authentication(message: str) -> None:
    with pytest.raises(UnauthenticatedError):
        token_in(message)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("invalid", id="WA-01"),
        pytest.param("invalid\0", id="WA-01 as sent"),
        pytest.param("", id="empty"),
        pytest.param(b"", id="empty, binary"),
        pytest.param(AUTH + "x", id="trailing garbage"),
        pytest.param(AUTH + "\0", id="trailing NUL"),
        pytest.param(AUTH + AUTH, id="twice"),
        pytest.param("// auth\n" + AUTH, id="comment"),
        pytest.param("\ufeff\ufeff" + AUTH, id="two byte order marks"),
        pytest.param(AUTH[:-1], id="torn"),
        pytest.param("[" * 30000, id="deep"),
        pytest.param('{"a":' * 10000, id="deep objects"),
        pytest.param("[" * 5000 + "]" * 5000, id="deep and closed"),
        pytest.param('{"type":NaN}', id="NaN"),
        pytest.param(b'{"type":"auth","token":"\xff"}', id="no UTF-8"),
        pytest.param(AUTH.encode("utf-16"), id="UTF-16"),
        pytest.param('{"type":"auth","token":"\\ud800"}', id="half a surrogate"),
    ],
)
def test_what_is_no_json(message: str | bytes) -> None:
    with pytest.raises(AuthFailedError):
        token_in(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["auth", "type", "token", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "token", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON)
def test_any_json_is_an_authentication_or_not(value: object) -> None:
    text = orjson.dumps(value)
    if token_of(value) is not None:
        assert isinstance(value, dict)
        assert value.keys() == {"type", "token"}
        assert token_in(text) == value["token"]
    else:
        with pytest.raises(UnauthenticatedError):
            token_in(text)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_message_has_a_result(message: str | bytes) -> None:
    with pytest.raises((UnauthenticatedError, AuthFailedError)):
        token_in(message)


def record(status: Status = Status.VALID, expires_at: datetime = LATER) -> Token:
    return Token(
        1,
        "somebody",
        hash_secret(SECRET),
        NOW,
        expires_at,
        status,
        service=True,
        scope=Scope.CONTROL,
    )


SHOWN = TokenText(1, SECRET)
WRONG = TokenText(1, "updgKmdhceGzmI9i0M9UELExYZwSKrCBv1vusq+TfHk=")


def test_a_valid_token_is_granted_what_its_record_says() -> None:
    assert auth.grant(SHOWN, record(), NOW) == Grant(1, LATER, Rights(Scope.CONTROL, service=True))


@pytest.mark.parametrize(
    ("shown", "token", "error"),
    [
        pytest.param(SHOWN, None, TokenInvalidError, id="WA-09 no record"),
        pytest.param(WRONG, record(), TokenInvalidError, id="wrong secret"),
        pytest.param(WRONG, record(Status.REVOKED), TokenInvalidError, id="wrong secret, revoked"),
        pytest.param(WRONG, record(expires_at=NOW), TokenInvalidError, id="wrong secret, expired"),
        pytest.param(SHOWN, record(Status.REVOKED), TokenRevokedError, id="WA-10 revoked"),
        pytest.param(
            SHOWN, record(expires_at=NOW - timedelta(1)), TokenExpiredError, id="WA-11 expired"
        ),
        pytest.param(SHOWN, record(expires_at=NOW), TokenExpiredError, id="expires now"),
    ],
)
def test_every_other_token_is_refused(
    shown: TokenText, token: Token | None, error: type[AuthError]
) -> None:
    with pytest.raises(error) as raised:
        auth.grant(shown, token, NOW)
    assert raised.value.token_id == 1
    assert SECRET not in repr(raised.value)


def test_from_stranger_to_client() -> None:
    machine = Authentication()
    assert machine.receive(AUTH) == TOKEN
    granted = Grant(1, LATER, READ)
    assert machine.admit(granted, NOW) == granted.message
    assert machine.state.name == "AUTHENTICATED"
    assert machine.granted == granted
    machine.check(LATER - timedelta(milliseconds=1))
    with pytest.raises(TokenExpiredError):
        machine.check(LATER)
    assert machine.state.name == "CLOSING"


@pytest.mark.parametrize("message", ["invalid", "{}"])
def test_there_is_one_attempt(message: str) -> None:
    machine = Authentication()
    with pytest.raises(AuthError):
        machine.receive(message)
    assert machine.state is State.CLOSING
    with pytest.raises(LocalProtocolError, match="refused"):
        machine.receive(AUTH)
    with pytest.raises(LocalProtocolError):
        machine.admit(Grant(1, LATER, READ), NOW)


def test_nobody_is_admitted_unasked_or_twice() -> None:
    machine = Authentication()
    with pytest.raises(LocalProtocolError, match="nothing was received"):
        machine.admit(Grant(1, LATER, READ), NOW)
    machine = Authentication()
    machine.receive(AUTH)
    machine.admit(Grant(1, LATER, READ), NOW)
    with pytest.raises(LocalProtocolError, match="authenticated"):
        machine.receive(AUTH)


def test_a_token_that_runs_out_while_it_is_checked() -> None:
    machine = Authentication()
    machine.receive(AUTH)
    with pytest.raises(TokenExpiredError):
        machine.admit(Grant(1, LATER, READ), LATER)
    assert machine.state is State.CLOSING


def test_what_a_passed_deadline_means() -> None:
    machine = Authentication()
    assert isinstance(machine.overdue(), AuthTimeoutError)
    assert machine.state is State.CLOSING

    machine = Authentication()
    machine.receive(AUTH)
    overdue = machine.overdue()
    assert isinstance(overdue, AuthUnavailableError)
    assert not overdue.held_against

    machine = Authentication()
    machine.receive(AUTH)
    machine.admit(Grant(9, LATER, READ), NOW)
    overdue = machine.overdue()
    assert isinstance(overdue, TokenExpiredError)
    assert overdue.token_id == 9
