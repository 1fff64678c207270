"""A token's record lives by its rules: numbers are never reused, and what is over stays over."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from iqrf_trio.store import tokens
from iqrf_trio.store.errors import (
    ExpiredTokenError,
    RevokedTokenError,
    StoreError,
    UnknownTokenError,
)
from iqrf_trio.store.sqlite import (
    Connection,
    connect,
    in_memory,
    migrate,
    migrations,
    transact,
    translated,
)
from protocol.auth.rights import MANAGE, Rights, Scope
from protocol.auth.tokens import (
    MAX_ID,
    Status,
    Token,
    TokenText,
    Verdict,
    hash_secret,
    judge,
    parse,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        yield connection


def create(
    connection: Connection, *, lifetime: timedelta = YEAR, rights: Rights = MANAGE
) -> TokenText:
    return tokens.create(
        connection, owner="test", created_at=NOW, expires_at=NOW + lifetime, rights=rights
    )


CONTROL_AND_SERVICE = Rights(Scope.CONTROL, service=True)


def test_a_new_token_opens_its_record(connection: Connection) -> None:
    text = create(connection, rights=CONTROL_AND_SERVICE)
    assert parse(str(text)) == text
    token = tokens.find(connection, text.id)
    assert token == Token(
        1,
        "test",
        hash_secret(text.secret),
        NOW,
        NOW + YEAR,
        service=True,
        scope=Scope.CONTROL,
    )
    assert token.rights == CONTROL_AND_SERVICE
    assert judge(token, text.secret, NOW) is Verdict.ACCEPTED


def test_the_secret_is_not_in_the_database(connection: Connection, tmp_path: Path) -> None:
    text = create(connection)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert hash_secret(text.secret).encode() in stored
    assert text.secret.encode() not in stored


def test_no_two_secrets_are_alike(connection: Connection) -> None:
    assert len({create(connection).secret for _ in range(20)}) == 20


def test_a_number_is_never_used_again(connection: Connection) -> None:
    create(connection)
    last = create(connection)
    connection.execute("DELETE FROM api_token WHERE id = ?", (last.id,))
    assert create(connection).id == last.id + 1


def test_tokens_are_listed_by_number(connection: Connection) -> None:
    created = [create(connection).id for _ in range(3)]
    assert [token.id for token in tokens.all_of_them(connection)] == created


def test_an_unknown_number(connection: Connection) -> None:
    assert tokens.find(connection, 7) is None
    for act in (tokens.revoke, tokens.rotate):
        with pytest.raises(UnknownTokenError, match=r"^API token record does not exist\.$"):
            act(connection, 7, NOW)


def test_what_was_stored_as_expired_is_computed_from_now_on() -> None:
    with closing(in_memory()) as connection:
        migrate(connection, migrations()[:4])
        shown, revoked = create(connection), create(connection)
        connection.execute("UPDATE api_token SET status = 1, invalidated_at = 'then'")
        connection.execute("UPDATE api_token SET status = 2 WHERE id = ?", (revoked.id,))
        migrate(connection, migrations())
        token = tokens.get(connection, shown.id)
        assert (token.status, token.invalidated_at) == (Status.VALID, None)
        assert token.status_at(NOW) is Status.VALID
        assert token.status_at(NOW + YEAR) is Status.EXPIRED
        status = connection.execute("SELECT status FROM api_token WHERE id = ?", (revoked.id,))
        assert status.fetchone() == (2,)


def test_revoking(connection: Connection) -> None:
    text = create(connection)
    before = tokens.get(connection, text.id)
    revoked = tokens.revoke(connection, text.id, NOW + timedelta(hours=1))
    assert revoked == tokens.get(connection, text.id)
    assert revoked == evolve(before, status=Status.REVOKED, invalidated_at=NOW + timedelta(hours=1))
    with pytest.raises(RevokedTokenError, match=r"^API token ID 1 is already revoked\.$"):
        tokens.revoke(connection, text.id, NOW + timedelta(hours=2))
    with pytest.raises(RevokedTokenError, match=r"^API token ID 1 is revoked\.$"):
        tokens.rotate(connection, text.id, NOW + timedelta(hours=2))
    assert tokens.get(connection, text.id) == revoked


def test_a_token_whose_time_is_over_is_left_as_it_is(connection: Connection) -> None:
    text = create(connection)
    before = tokens.get(connection, text.id)
    for act in (tokens.revoke, tokens.rotate):
        with pytest.raises(ExpiredTokenError, match=r"^API token ID 1 is expired\.$"):
            act(connection, text.id, NOW + YEAR)
    assert tokens.all_of_them(connection) == [before]


def test_rotating_makes_a_token_that_lives_as_long(connection: Connection) -> None:
    old = create(connection, lifetime=timedelta(days=30), rights=CONTROL_AND_SERVICE)
    at = NOW + timedelta(days=20)
    new = tokens.rotate(connection, old.id, at)
    assert new.id != old.id
    assert new.secret != old.secret
    assert tokens.get(connection, old.id).status is Status.REVOKED
    assert tokens.get(connection, new.id) == Token(
        new.id,
        "test",
        hash_secret(new.secret),
        at,
        at + timedelta(days=30),
        service=True,
        scope=Scope.CONTROL,
    )


def test_a_rotation_that_cannot_be_finished_revokes_nothing(connection: Connection) -> None:
    far = timedelta(days=365 * 7900)
    text = create(connection, lifetime=far)
    with pytest.raises(StoreError, match="9999"):
        transact(connection, lambda connection: tokens.rotate(connection, text.id, NOW + far / 2))
    assert tokens.get(connection, text.id).status is Status.VALID


def test_a_token_made_elsewhere_keeps_its_number(connection: Connection) -> None:
    token = Token(
        MAX_ID,
        "elsewhere",
        "hash",
        NOW,
        NOW + YEAR,
        Status.REVOKED,
        service=True,
        invalidated_at=NOW,
        scope=Scope.MANAGE,
    )
    tokens.add(connection, token)
    assert tokens.find(connection, MAX_ID) == token


@pytest.mark.parametrize("token_id", [0, -1, MAX_ID + 1])
def test_a_number_that_no_token_can_have_is_refused(
    connection: Connection, tmp_path: Path, token_id: int
) -> None:
    token = Token(token_id, "elsewhere", "hash", NOW, NOW + YEAR)
    with pytest.raises(StoreError, match="CHECK"), translated(tmp_path):
        tokens.add(connection, token)


@pytest.mark.parametrize("damage", ["expires_at = 'soon'", "scope = 'all'", "status = 7"])
def test_a_record_that_makes_no_sense_is_an_error_and_not_a_token(
    connection: Connection, damage: str
) -> None:
    text = create(connection)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(f"UPDATE api_token SET {damage}")
    with pytest.raises(StoreError, match="API token ID 1 is damaged"):
        tokens.find(connection, text.id)
