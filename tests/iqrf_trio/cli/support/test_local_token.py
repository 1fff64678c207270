"""A token that is kept: made once, made anew when it is worth nothing, for its owner only."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support import local_token
from iqrf_trio.store import tokens
from iqrf_trio.store.sqlite import connect, transact
from protocol.auth.tokens import parse


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "token"


def test_a_token_lives_for_a_year(database: Path) -> None:
    text = parse(local_token.make(database))
    with closing(connect(database)) as connection:
        token = tokens.get(connection, text.id)
    assert (token.owner, token.service) == ("local", False)
    assert token.expires_at - token.created_at == local_token.LIFETIME


def test_a_good_token_stays(database: Path, file: Path) -> None:
    token = local_token.keep(database, file)
    assert file.read_text() == f"{token}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert local_token.keep(database, file) is None
    assert file.read_text() == f"{token}\n"


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"no token", b"iqrfgd2;1;" + b"A" * 43 + b"=", b"iqrfgd2;9;x"]
)
def test_a_file_without_a_good_token_gets_one(database: Path, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    file.chmod(0o644)
    token = local_token.keep(database, file)
    assert file.read_text() == f"{token}\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_revoked_token_is_replaced(database: Path, file: Path) -> None:
    first = local_token.keep(database, file)
    assert first
    with closing(connect(database)) as connection:
        transact(connection, lambda it: tokens.revoke(it, parse(first).id, datetime.now(UTC)))
    assert local_token.keep(database, file) not in {None, first}


def test_a_token_of_another_database_is_replaced(
    database: Path, file: Path, tmp_path: Path
) -> None:
    first = local_token.keep(database, file)
    assert local_token.keep(tmp_path / "other.db", file) not in {None, first}


def test_a_file_that_cannot_be_written(database: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=f"cannot keep the token in {tmp_path}: Is a directory; "):
        local_token.keep(database, tmp_path)
