"""Old gateways' tokens are taken over where their hash is ours, and named where it is not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iqrf_trio.store import token_import, tokens
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.auth.rights import MANAGE
from protocol.auth.tokens import Status, Verdict, judge, parse

# What the schemas of the old gateways looked like, by the version that made them.
SCHEMA_1 = """
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, owner TEXT NOT NULL, salt TEXT NOT NULL,
    hash TEXT NOT NULL, createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL,
    revoked INTEGER NOT NULL, service INTEGER NOT NULL
)
"""
SCHEMA_3 = """
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, owner TEXT NOT NULL, salt TEXT NOT NULL,
    hash TEXT NOT NULL, createdAt TEXT NOT NULL, expiresAt TEXT NOT NULL,
    status INTEGER NOT NULL, service INTEGER NOT NULL, invalidatedAt TEXT DEFAULT NULL
)
"""
SCHEMA_4 = """
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, owner TEXT NOT NULL,
    hash TEXT NOT NULL, createdAt TEXT NOT NULL, expiresAt TEXT NOT NULL,
    status INTEGER NOT NULL, service INTEGER NOT NULL, invalidatedAt TEXT DEFAULT NULL
)
"""
INSERT_4 = "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

TOKEN = "iqrfgd2;7;25SI8PrptHDbgDGCtfJHbaBCaqyYIMxuQpXpsZrvoU4="
HASH = "q3qaIzd74DZFnYkhCyzwFI+OPgA+o/bs0461sPzo6bA="
CREATED = "2026-02-20T12:00:00.000Z"
EXPIRES = "2027-02-20T12:00:00Z"
AT = datetime(2026, 3, 1, tzinfo=UTC)

VALID = (7, "webapp", HASH, CREATED, EXPIRES, 0, 0, None)
REVOKED = (9, "old", HASH, CREATED, EXPIRES, 2, 1, "2026-02-21T12:00:00.500Z")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        yield connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "IqrfAuthDb.db"


def make(path: Path, schema: str, insert: str = "", *rows: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute(schema)
        if insert:
            old.executemany(insert, rows)


def take_over(connection: Connection, path: Path) -> list[tuple[int, str | None]]:
    records = token_import.read(path)
    done = transact(connection, lambda connection: token_import.take_over(connection, records))
    assert all((record.token is None) == (record.obstacle is not None) for record in done)
    return [(record.id, record.obstacle) for record in done]


def test_tokens_keep_numbers_and_secrets(connection: Connection, path: Path) -> None:
    make(path, SCHEMA_4, INSERT_4, VALID, REVOKED)
    assert take_over(connection, path) == [(7, None), (9, None)]
    token = tokens.get(connection, 7)
    assert judge(token, parse(TOKEN).secret, AT) is Verdict.ACCEPTED
    assert (token.owner, token.rights) == ("webapp", MANAGE)
    assert token.expires_at - token.created_at == timedelta(days=365)
    revoked = tokens.get(connection, 9)
    assert (revoked.status, revoked.service) == (Status.REVOKED, True)
    assert revoked.invalidated_at == datetime(2026, 2, 21, 12, 0, 0, 500_000, tzinfo=UTC)


def test_the_next_token_gets_a_number_that_no_old_one_had(
    connection: Connection, path: Path
) -> None:
    make(path, SCHEMA_4, INSERT_4, VALID, REVOKED)
    take_over(connection, path)
    created = tokens.create(connection, owner="new", created_at=AT, expires_at=AT, rights=MANAGE)
    assert created.id == 10


def test_importing_twice_changes_nothing(connection: Connection, path: Path) -> None:
    make(path, SCHEMA_4, INSERT_4, VALID, REVOKED)
    take_over(connection, path)
    tokens.revoke(connection, 7, AT)
    before = tokens.all_of_them(connection)
    assert take_over(connection, path) == [(7, None), (9, None)]
    assert tokens.all_of_them(connection) == before


def test_a_number_that_is_taken_is_told(connection: Connection, path: Path) -> None:
    make(path, SCHEMA_4, INSERT_4, (1, *VALID[1:]), REVOKED)
    mine = tokens.create(connection, owner="mine", created_at=AT, expires_at=AT, rights=MANAGE)
    assert mine.id == 1
    assert take_over(connection, path) == [
        (1, "another token here has its number"),
        (9, None),
    ]
    assert tokens.get(connection, 1).owner == "mine"


def test_the_old_file_is_not_touched(connection: Connection, path: Path) -> None:
    make(path, SCHEMA_4, INSERT_4, VALID)
    before = path.read_bytes()
    take_over(connection, path)
    assert path.read_bytes() == before


def test_tokens_with_a_salted_hash_are_named_and_stay_behind(
    connection: Connection, path: Path, tmp_path: Path
) -> None:
    values = "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    make(path, SCHEMA_1, values, (1, "a", "salt", "hash", 1767225600, 1798761600, 0, 0))
    (record,) = token_import.read(path)
    assert (record.id, record.owner, record.expires_at) == (1, "a", "2027-01-01T00:00:00.000Z")
    assert "create a new token" in (record.obstacle or "")
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("UPDATE api_tokens SET expiresAt = 1000000000000000")
    assert token_import.read(path)[0].expires_at == "1000000000000000"
    values = "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    third = tmp_path / "third.db"
    make(third, SCHEMA_3, values, (2, "b", "salt", "hash", CREATED, EXPIRES, 0, 0, None))
    (record,) = token_import.read(third)
    assert (record.id, record.owner, record.expires_at) == (2, "b", EXPIRES)
    assert take_over(connection, third) == [(2, record.obstacle)]
    assert tokens.all_of_them(connection) == []


@pytest.mark.parametrize(
    ("row", "obstacle"),
    [
        ((7, "a", HASH, "yesterday", EXPIRES, 0, 0, None), "Invalid datetime"),
        ((7, "a", HASH, CREATED, 10**18, 0, 0, None), "Invalid datetime"),
        ((7, "a", HASH, CREATED, EXPIRES, 3, 0, None), "3 is not a valid Status"),
        ((7, "a", HASH, CREATED, EXPIRES, "new", 0, None), "new"),
        ((7, "a", HASH, CREATED, EXPIRES, 0, 0, "once"), "Invalid datetime"),
        ((0, "a", HASH, CREATED, EXPIRES, 0, 0, None), "0 is no token ID"),
        ((2**32, "a", HASH, CREATED, EXPIRES, 0, 0, None), "4294967296 is no token ID"),
        ((7, b"\xff", HASH, CREATED, EXPIRES, 0, 0, None), "no texts"),
    ],
)
def test_a_damaged_record_is_named_and_the_others_are_taken_over(
    connection: Connection, path: Path, row: tuple[object, ...], obstacle: str
) -> None:
    make(path, SCHEMA_4, INSERT_4, row, REVOKED)
    told = dict(take_over(connection, path))
    assert told.pop(9) is None
    ((_, text),) = told.items()
    assert text is not None
    assert text.startswith("its record is damaged: ")
    assert obstacle in text
    assert [token.id for token in tokens.all_of_them(connection)] == [9]


def test_an_owner_that_is_no_utf_8_is_taken_over_all_the_same(
    connection: Connection, path: Path
) -> None:
    insert = INSERT_4.replace("?, ?,", "?, CAST(? AS TEXT),", 1)
    make(path, SCHEMA_4, insert, (7, b"J\xf6rg", *VALID[2:]))
    assert take_over(connection, path) == [(7, None)]
    assert tokens.get(connection, 7).owner == "J\ufffdrg"


def test_an_empty_table_is_no_error(connection: Connection, path: Path) -> None:
    make(path, SCHEMA_4)
    assert take_over(connection, path) == []


def test_what_holds_no_tokens_is_refused(path: Path, tmp_path: Path) -> None:
    make(path, "CREATE TABLE other (id)")
    with pytest.raises(StoreError, match=f"{path}: Table api_tokens does not exist"):
        token_import.read(path)
    incomplete = tmp_path / "incomplete.db"
    make(incomplete, SCHEMA_4.replace("status", "state"))
    with pytest.raises(StoreError, match="api_tokens does not exist"):
        token_import.read(incomplete)
    path.write_bytes(b"no database at all, but long enough" * 300)
    with pytest.raises(StoreError, match="not a database"):
        token_import.read(path)
    with pytest.raises(StoreError, match="there is no file"):
        token_import.read(tmp_path / "missing.db")


def test_a_token_that_was_seen_expired_by_a_wrong_clock_is_good_again(
    connection: Connection, path: Path
) -> None:
    seen = (*VALID[:5], 1, 0, "2099-01-01T00:00:00.000Z")
    make(path, SCHEMA_4, INSERT_4, seen)
    assert take_over(connection, path) == [(7, None)]
    token = tokens.get(connection, 7)
    assert judge(token, parse(TOKEN).secret, AT) is Verdict.ACCEPTED
    assert token.invalidated_at is None
