"""The token tool from its words to exit codes and output. CL are the conformance rows."""

import argparse
import io
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from iqrf_trio.cli import token as token_tool
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.auth.rights import MANAGE
from protocol.auth.times import format_iso, parse_iso
from protocol.auth.tokens import Status, Token, Verdict, judge, parse

YEAR = timedelta(days=365)


@frozen
class Ran:
    """What one call of the tool came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tool = Callable[..., Ran]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / DATABASE_NAME


@pytest.fixture
def tokenctl(capsys: pytest.CaptureFixture[str]) -> Tool:
    def call(*words: str) -> Ran:
        code = token_tool.tokenctl(words)
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def tool(tokenctl: Tool, path: Path) -> Tool:
    def call(command: str, *words: str) -> Ran:
        return tokenctl(command, *words, "--state-dir", str(path.parent))

    return call


def stored(path: Path) -> list[Token]:
    with closing(connect(path, create=False)) as connection:
        return list(tokens.all_of_them(connection))


def insert(path: Path, *, created_at: datetime, expires_at: datetime) -> None:
    def work(connection: Connection) -> None:
        tokens.create(
            connection, owner="old", created_at=created_at, expires_at=expires_at, rights=MANAGE
        )

    with closing(connect(path)) as connection:
        transact(connection, work)


def insert_expired(path: Path) -> None:
    now = datetime.now(UTC)
    insert(path, created_at=now - YEAR, expires_at=now)


def test_a_token_is_made_shown_and_opens_its_record(tool: Tool, path: Path) -> None:
    ran = tool("create", "-o", "bob", "-e", "30d")
    assert (ran.code, ran.err) == (0, "")
    text = parse(ran.out.removesuffix("\n"))
    (token,) = stored(path)
    assert (token.id, token.owner, token.service) == (text.id, "bob", False)
    assert token.expires_at - token.created_at == timedelta(days=30)
    assert judge(token, text.secret, token.created_at) is Verdict.ACCEPTED


def test_a_service_token_as_json(tool: Tool, path: Path) -> None:
    ran = tool("create", "-js", "-o", "bob", "-e", "1y")
    assert ran.code == 0
    assert list(ran.json) == ["id", "token"]
    assert parse(ran.json["token"]).id == ran.json["id"] == 1
    assert stored(path)[0].service


def test_tokens_are_listed(tool: Tool, path: Path) -> None:
    tool("create", "-o", "bob", "-e", "1d")
    insert_expired(path)
    ran = tool("list", "-j")
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.json
    assert list(first) == sorted(
        ["created_at", "expires_at", "id", "invalidated_at", "owner", "service", "status"]
    )
    assert (first["owner"], first["status"], second["owner"], second["status"]) == (
        "bob",
        0,
        "old",
        1,
    )
    table = tool("list").out.splitlines()
    assert len(table) == 6
    assert "bob" in table[3]
    assert "expired" in table[4]


def test_an_empty_list(tool: Tool, path: Path) -> None:
    connect(path).close()
    assert tool("list", "-j").out == "[]\n"
    assert tool("list").code == 0


def test_one_token_is_shown(tool: Tool) -> None:
    tool("create", "-o", "bob", "-e", "2030-01-31T12:00:00+01:00")
    assert tool("get", "-i", "1").out.splitlines()[1:4:2] == [
        "Owner: bob",
        "Expires at: 2030-01-31T11:00:00.000Z",
    ]
    assert tool("get", "-j", "-i", "1").json == tool("list", "-j").json[0]


def test_cl_01_no_words(tokenctl: Tool) -> None:
    ran = tokenctl()
    assert ran.code == 1
    assert ran.out.startswith("usage: iqrfgd2-tokenctl COMMAND")


@pytest.mark.parametrize("word", ["bogus", "", "-j", "Create"])
def test_cl_03_an_unknown_command(tokenctl: Tool, word: str) -> None:
    said = "Unknown or unsupported command. See `iqrfgd2-tokenctl help`.\n"
    assert tokenctl(word, "list") == Ran(2, "", said)


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_help_is_no_error(tokenctl: Tool, word: str) -> None:
    ran = tokenctl(word)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == tokenctl().out
    assert tokenctl(word, "extra").code == 1


@pytest.mark.parametrize("command", ["create", "get", "list", "revoke", "rotate", "import"])
def test_a_command_explains_itself(tokenctl: Tool, command: str) -> None:
    ran = tokenctl(command, "-h")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: iqrfgd2-tokenctl {command}")


def test_cl_04_unix_seconds(tool: Tool, path: Path) -> None:
    assert tool("create", "-o", "bob", "-e", "1764603510").code == 1
    assert tool("create", "-o", "bob", "-e", "4102444800").code == 0
    assert stored(path)[0].expires_at == datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiration", "message"),
    [
        pytest.param("2030-01-01T10:00:00+1", "Invalid expiration time argument.", id="CL-05"),
        pytest.param("2030-01-01T10:00:00+01:00junk", "Invalid expiration", id="CL-06"),
        pytest.param("-30d", "Invalid expiration time argument.", id="a sign"),
        pytest.param("", "Invalid expiration time argument.", id="nothing"),
        pytest.param("0d", "Unit count should be a positive integer.", id="no time"),
        pytest.param("2020-01-01T00:00:00Z", "Expiration timestamp is in the past.", id="past"),
        pytest.param("9000y", "after the year 9999", id="too long"),
    ],
)
def test_a_bad_expiration(tool: Tool, path: Path, expiration: str, message: str) -> None:
    ran = tool("create", "-o", "bob", "-e", expiration)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(message) or message in ran.err
    assert "create --help" in ran.err
    assert ran.err.count("\n") == 1
    assert not path.exists()


@pytest.mark.parametrize(
    ("owner", "code"), [("a" * 64, 0), ("a" * 65, 1), ("ž" * 33, 0), ("", 1), ("a\nb", 1)]
)
def test_cl_08_owners(tool: Tool, owner: str, code: int) -> None:
    assert tool("create", "-o", owner, "-e", "1d").code == code


def test_cl_10_revoking_twice(tool: Tool, path: Path) -> None:
    tool("create", "-o", "bob", "-e", "1d")
    assert tool("revoke", "-i", "1") == Ran(0, "API token ID 1 has been revoked.\n", "")
    assert stored(path)[0].status is Status.REVOKED
    assert tool("revoke", "-i", "1") == Ran(5, "", "API token ID 1 is already revoked.\n")
    assert tool("rotate", "-i", "1") == Ran(5, "", "API token ID 1 is revoked.\n")


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_cl_11_a_token_whose_time_is_over(tool: Tool, path: Path, command: str) -> None:
    insert_expired(path)
    before = stored(path)
    assert before[0].status is Status.VALID
    assert tool(command, "-i", "1") == Ran(4, "", "API token ID 1 is expired.\n")
    assert stored(path) == before


def test_cl_12_rotating(tool: Tool, path: Path) -> None:
    tool("create", "-s", "-o", "bob", "-e", "1y")
    ran = tool("rotate", "-j", "-i", "1")
    assert ran.code == 0
    assert list(ran.json) == ["id", "token"]
    old, new = stored(path)
    assert (old.status, old.invalidated_at) == (Status.REVOKED, new.created_at)
    assert (new.id, new.owner, new.service, new.status) == (2, "bob", True, Status.VALID)
    assert new.expires_at - new.created_at == YEAR
    assert judge(new, parse(ran.json["token"]).secret, new.created_at) is Verdict.ACCEPTED
    assert parse(tool("rotate", "-i", "2").out.strip()).id == 3


def test_cl_13_revoking_for_a_script(tool: Tool) -> None:
    tool("create", "-o", "bob", "-e", "1d")
    ran = tool("revoke", "-j", "-i", "1")
    assert ran.code == 0
    assert ran.json["status"] == 2
    assert ran.json == tool("get", "-j", "-i", "1").json


@pytest.mark.parametrize(
    "words", [["list"], ["get", "-i", "1"], ["revoke", "-i", "1"], ["rotate", "-i", "1"]]
)
def test_cl_14_looking_makes_no_file(tool: Tool, path: Path, words: list[str]) -> None:
    ran = tool(*words)
    assert (ran.code, ran.out) == (1, "")
    assert str(path) in ran.err
    assert not path.parent.exists()


def test_cl_15_a_stray_word(tool: Tool, path: Path) -> None:
    assert tool("create", "-o", "bob", "-e", "1d", "extra") == Ran(
        1, "", "unexpected word 'extra'\n"
    )
    assert not path.exists()


@pytest.mark.parametrize("command", ["get", "revoke", "rotate"])
def test_an_unknown_token(tool: Tool, path: Path, command: str) -> None:
    connect(path).close()
    assert tool(command, "-i", "7") == Ran(3, "", "API token record does not exist.\n")
    assert tool(command, "-i", "0").code == 1
    assert tool(command, "-i", "-10").err == "Token ID should be between 1 and 4294967295.\n"
    assert tool(command).err == "the option '--id' is required but missing\n"


def test_a_file_that_is_no_database(tokenctl: Tool, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing that SQLite knows" * 400)
    for words in (["list"], ["create", "-o", "bob", "-e", "1d"]):
        ran = tokenctl(*words, "-p", str(path))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == f"{path}: file is not a database\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_database_may_be_in_use(tool: Tool, path: Path) -> None:
    with closing(connect(path)) as daemon:
        daemon.execute("BEGIN")
        daemon.execute("SELECT * FROM api_token").fetchall()
        assert tool("create", "-o", "bob", "-e", "1d").code == 0
        daemon.execute("COMMIT")
        assert tokens.get(daemon, 1).owner == "bob"


def test_where_the_database_is(
    tokenctl: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ids(directory: str) -> list[int]:
        return [token.id for token in stored(tmp_path / directory / DATABASE_NAME)]

    create = ["create", "-o", "bob", "-e", "1d"]
    file = tmp_path / "iqrf-trio.toml"
    file.write_text(f'[gateway]\nstate_dir = "{tmp_path / "configured"}"\n')
    assert tokenctl(*create, "-c", str(file)).code == 0
    assert ids("configured") == [1]
    monkeypatch.setenv("IQRF_TRIO_STATE_DIR", str(tmp_path / "environment"))
    assert tokenctl(*create, "-c", str(file)).code == 0
    assert ids("environment") == [1]
    assert tokenctl(*create, "--state-dir", str(tmp_path / "flag")).code == 0
    assert ids("flag") == [1]
    assert tokenctl(*create, "-p", str(tmp_path / "any.db")).code == 0
    assert (tmp_path / "any.db").exists()
    assert (ids("configured"), ids("environment")) == ([1], [1])


def test_a_configuration_that_cannot_be_read(
    tokenctl: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IQRF_TRIO_STATE_DIR", raising=False)
    ran = tokenctl("list", "-c", str(tmp_path / "missing.toml"))
    assert (ran.code, ran.out) == (1, "")
    assert "missing.toml" in ran.err


OLD_GATEWAY = """
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, owner TEXT NOT NULL, {salt}
    hash TEXT NOT NULL, createdAt TEXT NOT NULL, expiresAt TEXT NOT NULL,
    status INTEGER NOT NULL, service INTEGER NOT NULL, invalidatedAt TEXT DEFAULT NULL
);
INSERT INTO api_tokens (id, owner, hash, createdAt, expiresAt, status, service {column})
VALUES (7, 'webapp', 'q3qaIzd74DZFnYkhCyzwFI+OPgA+o/bs0461sPzo6bA=',
        '2026-02-20T12:00:00Z', '2099-02-20T12:00:00.000Z', 0, 0 {value});
"""


def make_old(path: Path, *, salted: bool = False) -> None:
    salt = ("salt TEXT NOT NULL,", ", salt", ", 'x'") if salted else ("", "", "")
    names = dict(zip(("salt", "column", "value"), salt, strict=True))
    with closing(sqlite3.connect(path)) as old:
        old.executescript(OLD_GATEWAY.format(**names))


def test_an_old_gateways_tokens_are_taken_over(tool: Tool, path: Path, tmp_path: Path) -> None:
    old = tmp_path / "IqrfAuthDb.db"
    make_old(old)
    for _ in range(2):
        assert tool("import", str(old)) == Ran(0, "1 of 1 API tokens are taken over.\n", "")
    (token,) = stored(path)
    text = parse("iqrfgd2;7;25SI8PrptHDbgDGCtfJHbaBCaqyYIMxuQpXpsZrvoU4=")
    assert judge(token, text.secret, datetime.now(UTC)) is Verdict.ACCEPTED
    assert tool("import", "-j", str(old)).json == {"imported": [7], "skipped": []}


def test_tokens_that_cannot_be_taken_over_are_named(tool: Tool, path: Path, tmp_path: Path) -> None:
    old = tmp_path / "IqrfAuthDb.db"
    make_old(old, salted=True)
    ran = tool("import", str(old))
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[0] == "0 of 1 API tokens are taken over."
    assert "API token ID 7 of 'webapp', which expires at 2099-02-20" in ran.out
    ran = tool("import", str(old), "-j")
    assert ran.code == 1
    (skipped,) = ran.json["skipped"]
    assert (skipped["id"], skipped["owner"]) == (7, "webapp")
    assert stored(path) == []


def test_importing_what_is_not_there_makes_no_file(tool: Tool, path: Path, tmp_path: Path) -> None:
    ran = tool("import", str(tmp_path / "missing.db"))
    assert (ran.code, ran.out) == (1, "")
    assert not path.exists()


def test_an_old_database_is_not_worked_on_by_mistake(tokenctl: Tool, tmp_path: Path) -> None:
    old = tmp_path / "IqrfAuthDb.db"
    make_old(old)
    before = old.read_bytes()
    ran = tokenctl("list", "-p", str(old))
    assert (ran.code, ran.out) == (1, "")
    assert "token import" in ran.err
    assert old.read_bytes() == before


def test_times_in_json_are_read_as_they_were_written(tool: Tool, path: Path) -> None:
    tool("create", "-o", "bob", "-e", "1d")
    shown = tool("get", "-j", "-i", "1").json
    (token,) = stored(path)
    assert parse_iso(shown["created_at"]) == token.created_at
    assert shown["expires_at"] == format_iso(token.expires_at)


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="iqrf-trio")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run")
    token_tool.configure(commands.add_parser("token", help=token_tool.HELP))
    return parser


def test_as_a_command_of_the_gateway(
    parser: argparse.ArgumentParser, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> Ran:
        code = token_tool.run(parser.parse_args(["token", *words]))
        return Ran(code, *capsys.readouterr())

    where = f"--state-dir={path.parent}"
    assert parse(call("create", where, "-o", "-bob", "-e", "1d").out.strip()).id == 1
    assert call("list", where, "-j").json[0]["owner"] == "-bob"
    assert call("list", "-x").code == 1
    said = "Unknown or unsupported command. See `iqrf-trio token help`.\n"
    assert call("bogus") == Ran(2, "", said)
    assert call().code == 1
    assert call("help").code == 0
    ran = call("get", "--help")
    assert ran.code == 0
    assert ran.out.startswith("usage: iqrf-trio token get")


def test_the_gateways_own_help_shows_the_commands(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["token", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "usage: iqrf-trio token COMMAND" in out
    assert out.count("--help     show") == 1
    assert "rotate" in out


def test_an_owner_that_the_terminal_cannot_show(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool("create", "-o", "Jiří", "-e", "1d")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        assert tool("get", "-i", "1").code == 0
    terminal.seek(0)
    assert "Owner: Ji\\u0159\\xed\n" in terminal.read()


def test_a_scope_is_stored_and_shown(
    path: Path, tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    def own(*words: str) -> Ran:
        state = ("--state-dir", str(path.parent))
        code = token_tool.run(argparse.Namespace(words=[*words, *state]))
        return Ran(code, *capsys.readouterr())

    create = ("create", "-o", "bob", "-e", "1d")
    assert own(*create, "--scope", "read").code == 0
    assert own(*create).code == 0
    assert [token.scope.value for token in stored(path)] == ["read", "manage"]
    assert own("list", "-j").json[0]["scope"] == "read"
    assert own("get", "-i", "1").out.splitlines()[-1] == "Scope: read"
    lines = own("list").out.splitlines()
    assert lines[1].endswith(" Scope  |")
    assert lines[3].endswith(" read   |")
    assert own("rotate", "-i", "1").code == 0
    assert stored(path)[-1].scope.value == "read"
    assert own(*create, "--scope", "all") == Ran(
        1, "", "the scope is one of read, control, manage, not 'all'\n"
    )


def test_the_older_tool_knows_no_scopes(path: Path, tool: Tool) -> None:
    refused = tool("create", "-o", "bob", "-e", "1d", "--scope", "read")
    assert (refused.code, refused.err) == (1, "unrecognised option '--scope'\n")
    assert tool("create", "-o", "bob", "-e", "1d").code == 0
    assert stored(path)[0].scope.value == "manage"
    assert set(tool("get", "-i", "1", "-j").json) == {
        *("id", "owner", "created_at", "expires_at", "status", "service", "invalidated_at"),
    }
    assert "cope" not in tool("list").out + tool("get", "-i", "1").out + tool("create", "-h").out
