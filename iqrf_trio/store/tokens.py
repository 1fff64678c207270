"""API tokens as rows; each function runs inside a transaction of its caller."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from iqrf_trio.store.errors import (
    ExpiredTokenError,
    RevokedTokenError,
    StoreError,
    UnknownTokenError,
)
from iqrf_trio.store.sqlite import Connection
from protocol.auth.rights import Rights, Scope
from protocol.auth.times import InvalidTimeError, format_iso, parse_iso
from protocol.auth.tokens import SECRET_BYTES, Status, Token, TokenText, hash_secret, secret_of

_SELECT = """
SELECT id, owner, hash, created_at, expires_at, status, service, invalidated_at, scope
FROM api_token
"""

_INSERT = """
INSERT INTO api_token (
    id, owner, hash, created_at, expires_at, status, service, invalidated_at, scope
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""

_REVOKE = "UPDATE api_token SET status = ?, invalidated_at = ? WHERE id = ?"


def create(
    connection: Connection,
    *,
    owner: str,
    created_at: datetime,
    expires_at: datetime,
    rights: Rights,
) -> TokenText:
    """Make a token with a secret of its own; what is returned is shown once and never stored."""
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    row = (None, owner, hash_secret(secret), *_times(created_at, expires_at))
    ends = (Status.VALID, rights.service, None, rights.scope.value)
    (token_id,) = connection.execute(_INSERT, (*row, *ends)).fetchone()
    return TokenText(token_id, secret)


def add(connection: Connection, token: Token) -> None:
    """Keep a token that was made elsewhere, under its own number, which must be free."""
    row = (token.id, token.owner, token.hash, *_times(token.created_at, token.expires_at))
    invalidated_at = None if token.invalidated_at is None else format_iso(token.invalidated_at)
    ends = (token.status, token.service, invalidated_at, token.scope.value)
    connection.execute(_INSERT, (*row, *ends)).fetchone()


def find(connection: Connection, token_id: int) -> Token | None:
    """The token of this number, or None. Raises StoreError for a row that makes no sense."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (token_id,)).fetchone()
    return None if row is None else _token(row)


def get(connection: Connection, token_id: int) -> Token:
    """The token of this number. Raises UnknownTokenError."""
    token = find(connection, token_id)
    if token is None:
        raise UnknownTokenError("API token record does not exist.")
    return token


def all_of_them(connection: Connection) -> Sequence[Token]:
    """Every token, by number."""
    return [_token(row) for row in connection.execute(f"{_SELECT} ORDER BY id")]


def revoke(connection: Connection, token_id: int, at: datetime) -> Token:
    """End the life of a token before its time; returns what it is now.

    Raises UnknownTokenError, RevokedTokenError, ExpiredTokenError; then nothing was changed.
    """
    _check_usable(get(connection, token_id), at, "is already revoked")
    connection.execute(_REVOKE, (Status.REVOKED, format_iso(at), token_id))
    return get(connection, token_id)


def rotate(connection: Connection, token_id: int, at: datetime) -> TokenText:
    """Revoke a token and make one for the same owner that lives as long as it was to live.

    Raises what `revoke` raises, and StoreError where its life would end after the year 9999.
    """
    old = get(connection, token_id)
    _check_usable(old, at, "is revoked")
    revoke(connection, token_id, at)
    new = create(
        connection,
        owner=old.owner,
        created_at=at,
        expires_at=_later(at, old.expires_at - old.created_at),
        rights=old.rights,
    )
    connection.execute("UPDATE api_token SET rotated_to = ? WHERE id = ?", (new.id, token_id))
    return new


def successor(connection: Connection, token_id: int) -> Token | None:
    """The token that is in the place of this one by now: itself unless it was rotated."""
    seen = set[int]()
    while token_id not in seen:
        seen.add(token_id)
        row = connection.execute(
            "SELECT rotated_to FROM api_token WHERE id = ?", (token_id,)
        ).fetchone()
        if row is None or row[0] is None:
            break
        token_id = row[0]
    return find(connection, token_id)


def _later(at: datetime, lifetime: timedelta) -> datetime:
    try:
        return at + lifetime
    except OverflowError:
        raise StoreError("Expiration time is after the year 9999.") from None


def _check_usable(token: Token, at: datetime, is_revoked: str) -> None:
    match token.status_at(at):
        case Status.REVOKED:
            raise RevokedTokenError(f"API token ID {token.id} {is_revoked}.")
        case Status.EXPIRED:
            raise ExpiredTokenError(f"API token ID {token.id} is expired.")


def _times(created_at: datetime, expires_at: datetime) -> tuple[str, str]:
    return format_iso(created_at), format_iso(expires_at)


def _token(row: tuple[Any, ...]) -> Token:
    token_id, owner, secret_hash, created_at, expires_at, status, service, ended_at, scope = row
    try:
        return Token(
            id=token_id,
            owner=owner,
            hash=secret_hash,
            created_at=parse_iso(created_at),
            expires_at=parse_iso(expires_at),
            status=Status(status),
            service=bool(service),
            invalidated_at=None if ended_at is None else parse_iso(ended_at),
            scope=Scope(scope),
        )
    except (InvalidTimeError, ValueError) as error:
        raise StoreError(f"the record of API token ID {token_id} is damaged: {error}") from error
