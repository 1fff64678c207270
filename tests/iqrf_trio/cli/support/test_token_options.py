"""Words mean what they always meant to scripts. CU are the conformance rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.cli.support.token_options import (
    COMMANDS,
    UsageError,
    overview,
    parse,
    parse_id,
    parse_owner,
)


def refusal(command: str, *words: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse("tool", command, words)
    return str(caught.value)


def test_cu_01_shared_options() -> None:
    options = parse("tool", "list", ["-p", "/path/to/sqlite.db", "-j"])
    assert (options.path, options.json) == ("/path/to/sqlite.db", True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("1", 1, id="CU-02"),
        ("+1", 1),
        ("0008", 8),
        ("4294967295", 4294967295),
    ],
)
def test_a_number(text: str, number: int) -> None:
    assert parse_id(text) == number


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0", id="CU-03"),
        pytest.param("-10", id="CU-04"),
        "4294967296",
        "9" * 19,
    ],
)
def test_a_number_out_of_range(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_id(text)
    assert str(caught.value) == "Token ID should be between 1 and 4294967295."


@pytest.mark.parametrize("text", ["abc", "0x1", "1.5", "", "1 ", "1_0", "²", "9" * 5000])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(UsageError, match=r"^the argument \('.*'\) for option '--id' is invalid$"):
        parse_id(text)


@given(st.text(max_size=25))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert 1 <= parse_id(text) <= 0xFFFF_FFFF
    except UsageError:
        return


@pytest.mark.parametrize(
    "words",
    [
        ["--owner", "bob", "--expiration", "1d", "--service", "--json"],
        ["--owner=bob", "--expiration=1d", "--service", "--json"],
        ["--own", "bob", "--exp=1d", "--serv", "--js"],
        ["-o", "bob", "-e", "1d", "-s", "-j"],
        ["-obob", "-e1d", "-js"],
        ["-js", "-e", "1d", "-obob"],
    ],
)
def test_spellings_of_the_same(words: list[str]) -> None:
    options = parse("tool", "create", words)
    assert (options.owner, options.expiration) == ("bob", "1d")
    assert (options.service, options.json) == (True, True)


@pytest.mark.parametrize(
    ("words", "owner", "expiration"),
    [
        (["-o", "-bob", "-e", "-30d"], "-bob", "-30d"),
        (["--owner", "--bob", "--expiration", "-30d"], "--bob", "-30d"),
        (["--owner", "-", "-e", "---"], "-", "---"),
        (["-o", "", "-e", "-1"], "", "-1"),
        (["--owner=-s", "-e", "a b"], "-s", "a b"),
    ],
)
def test_a_value_may_begin_with_a_dash(words: list[str], owner: str, expiration: str) -> None:
    options = parse("tool", "create", words)
    assert (options.owner, options.expiration) == (owner, expiration)


def test_an_option_is_no_value() -> None:
    assert "expected one argument" in refusal("create", "-o", "-s", "-e", "1d")
    assert "expected one argument" in refusal("create", "-e", "1d", "-o")


def test_the_end_of_all_options_is_no_value() -> None:
    assert refusal("create", "-o", "--", "-e", "1d")
    assert refusal("create", "-o", "bob", "-e", "1d", "--")
    assert refusal("list", "--")


def test_what_is_missing() -> None:
    missing = "the option '--{}' is required but missing"
    assert refusal("create") == missing.format("expiration")
    assert refusal("create", "-e", "1d") == missing.format("owner")
    for command in ("get", "revoke", "rotate"):
        assert refusal(command) == missing.format("id")
    assert refusal("import") == "the FILE is required but missing"


def test_what_is_too_much() -> None:
    assert refusal("list", "--x") == "unrecognised option '--x'"
    assert refusal("list", "--x=5", "extra") == "unrecognised option '--x'"
    assert refusal("list", "-i", "1") == "unrecognised option '-i'"
    assert refusal("list", "extra") == "unexpected word 'extra'"
    assert refusal("import", "one", "two") == "unexpected word 'two'"


@pytest.mark.parametrize("words", [["-i", "1", "--id=2"], ["-i1", "-j", "-j"], ["-jj", "-i1"]])
def test_nothing_may_be_said_twice(words: list[str]) -> None:
    assert "more than once" in refusal("get", *words)


def test_the_database_is_named_once() -> None:
    assert "give one of them" in refusal("list", "-p", "a.db", "--state-dir", "b")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_needs_nothing_else(command: str) -> None:
    options = parse("tool", command, ["--help"])
    assert options.help
    assert f"tool {command}" in options.command_help
    for option in COMMANDS[command].options:
        assert option.flags[-1] in options.command_help


def test_the_overview_names_every_command() -> None:
    text = overview("tool")
    assert text.startswith("usage: tool COMMAND")
    positions = [text.index(f"\n  {command} ") for command in (*COMMANDS, "help")]
    assert positions == sorted(positions)


def test_an_owner_is_one_line_of_text() -> None:
    assert parse_owner("web app, Jörg's") == "web app, Jörg's"
    assert parse_owner("ž" * 64) == "ž" * 64
    with pytest.raises(UsageError) as caught:
        parse_owner("a" * 65)
    assert str(caught.value) == "owner value too long: 65 characters (maximum 64)"


@pytest.mark.parametrize("owner", ["", "  ", "two\nlines", "tab\there", "not \udcff UTF-8", "\x1b"])
def test_an_owner_that_would_spoil_a_list_is_refused(owner: str) -> None:
    with pytest.raises(UsageError, match="one line"):
        parse_owner(owner)
