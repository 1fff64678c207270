"""API tokens out of an old gateway's database, `IqrfAuthDb.db`.

Tokens keep their numbers, which stand in the texts that clients hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve, frozen

from iqrf_trio.store import tokens
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect_foreign, translated
from protocol.auth.rights import Scope
from protocol.auth.times import InvalidTimeError, format_iso, parse_iso
from protocol.auth.tokens import MAX_ID, Status, Token

_COLUMNS = {"id", "owner", "hash", "createdAt", "expiresAt", "service"}
_COLUMNS_NOW = _COLUMNS | {"status", "invalidatedAt"}

_OTHER_HASH = (
    "its secret was hashed in another way before schema 20260407084010; create a new token"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Record:
    """One row of the old database: a token to take over, or the obstacle to that."""

    id: int
    owner: str
    expires_at: str
    token: Token | None = None
    obstacle: str | None = None


def read(path: Path) -> Sequence[Record]:
    """All tokens of the database at `path`, by number. Raises StoreError."""
    with translated(path), closing(connect_foreign(path)) as connection:
        columns = {row["name"] for row in connection.execute("PRAGMA table_info(api_tokens)")}
        # Schemas up to 20260304175010 have a salt, and a hash that is of no use without one.
        salted = "salt" in columns
        if not columns >= (_COLUMNS if salted else _COLUMNS_NOW):
            raise StoreError(f"{path}: Table api_tokens does not exist in database.")
        rows = connection.execute("SELECT * FROM api_tokens ORDER BY id").fetchall()
    return [_salted(row) if salted else _record(row) for row in map(dict, rows)]


def take_over(connection: Connection, records: Iterable[Record]) -> Sequence[Record]:
    """Keep the tokens of `records`; returns the records with the obstacles that were met.

    A token that is here already is left as it is, so importing twice changes nothing.
    """
    return [_keep(connection, record) for record in records]


def _keep(connection: Connection, record: Record) -> Record:
    if record.token is None:
        return record
    present = tokens.find(connection, record.id)
    if present is None:
        tokens.add(connection, record.token)
    elif present.hash != record.token.hash:
        return evolve(record, token=None, obstacle="another token here has its number")
    return record


def _salted(row: Mapping[str, object]) -> Record:
    return evolve(_described(row), obstacle=_OTHER_HASH)


def _record(row: Mapping[str, object]) -> Record:
    record = _described(row)
    try:
        return evolve(record, token=_token(row))
    except (InvalidTimeError, ValueError) as error:
        return evolve(record, obstacle=f"its record is damaged: {error}")


def _described(row: Mapping[str, object]) -> Record:
    token_id = row["id"]
    return Record(
        id=token_id if isinstance(token_id, int) else 0,
        owner=str(row["owner"]),
        expires_at=_time_text(row["expiresAt"]),
    )


def _time_text(value: object) -> str:
    # The first schemas kept Unix seconds.
    if isinstance(value, int):
        try:
            return format_iso(_EPOCH + timedelta(seconds=value))
        except OverflowError:
            return str(value)
    return str(value)


def _token(row: Mapping[str, object]) -> Token:
    token_id, owner, secret_hash = row["id"], row["owner"], row["hash"]
    if not (isinstance(token_id, int) and 1 <= token_id <= MAX_ID):
        raise ValueError(f"{token_id!r} is no token ID")
    if not (isinstance(owner, str) and isinstance(secret_hash, str)):
        raise ValueError("owner and hash are no texts")
    # An old gateway stored that a token had expired, once it was shown after its time by a clock
    # that may have been wrong. Here that is computed.
    expired = (status := Status(int(str(row["status"])))) is Status.EXPIRED
    ended_at = None if row["invalidatedAt"] is None else parse_iso(str(row["invalidatedAt"]))
    return Token(
        id=token_id,
        owner=owner,
        hash=secret_hash,
        created_at=parse_iso(str(row["createdAt"])),
        expires_at=parse_iso(str(row["expiresAt"])),
        status=Status.VALID if expired else status,
        service=bool(row["service"]),
        invalidated_at=None if expired else ended_at,
        scope=Scope.MANAGE,  # its clients know no scopes; nothing that they did may stop working
    )
