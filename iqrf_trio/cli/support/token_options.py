"""The words behind `token`: which command takes which options, read as its users are used to.

The rules are those of the token tool that scripts were written for: the command comes first, a
value may begin with a dash, nothing may be said twice, and exit codes are the caller's matter.
"""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from attrs import frozen

from protocol.auth.rights import Scope
from protocol.auth.tokens import MAX_ID, MAX_OWNER

_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)


class UsageError(Exception):
    """Words that make no command; the message says what is wrong with them."""


@frozen
class Option:
    """One option: its spellings, and how help calls its value (a switch has none)."""

    flags: tuple[str, ...]
    help: str
    metavar: str | None = None

    @property
    def name(self) -> str:
        """Its long spelling without dashes, or the name of a plain word."""
        return self.flags[-1].lstrip("-")


@frozen
class Command:
    """One command: a line of help, the options it cannot do without, and those it can."""

    help: str
    required: tuple[Option, ...] = ()
    optional: tuple[Option, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """All it takes, those that every command takes at the end."""
        return (*self.required, *self.optional, *SHARED)


HELP = Option(("-h", "--help"), "show what the command takes, and exit")
JSON = Option(("-j", "--json"), "print JSON")
PATH = Option(("-p", "--path"), "the database file", "FILE")
STATE_DIR = Option(("--state-dir",), "the directory of the database", "DIR")
CONFIG = Option(("-c", "--config"), "the configuration that names the directory", "FILE")
SHARED = (HELP, JSON, PATH, STATE_DIR, CONFIG)

OWNER = Option(("-o", "--owner"), "whom the token is for, at most 64 characters", "NAME")
EXPIRATION = Option(
    ("-e", "--expiration"),
    "30d, 2w, 6m, 1y (months of 30, years of 365 days), an ISO 8601 time such as "
    "2030-01-31T12:00:00Z, or Unix seconds",
    "WHEN",
)
SERVICE = Option(("-s", "--service"), "permit service mode")
SCOPE = Option(
    ("--scope",),
    "what the token may do: read, control or manage (the default); docs/tokens-and-tls.md tells "
    "which request takes which",
    "SCOPE",
)
ID = Option(("-i", "--id"), "the number of the token", "N")
FILE = Option(("FILE",), "an old gateway's IqrfAuthDb.db")

COMMANDS: Mapping[str, Command] = {
    "create": Command("make a token and print it, once", (OWNER, EXPIRATION), (SERVICE, SCOPE)),
    "get": Command("show one token", (ID,)),
    "list": Command("show all tokens"),
    "revoke": Command("end the life of a token", (ID,)),
    "rotate": Command("revoke a token and make one like it", (ID,)),
    "import": Command("take the tokens of an old gateway over", (FILE,)),
}


def overview(prog: str) -> str:
    """What the tool can do."""
    commands = "".join(f"  {name:<8} {command.help}\n" for name, command in COMMANDS.items())
    shared = "".join(f"  {', '.join(option.flags):<14} {option.help}\n" for option in SHARED)
    return (
        f"usage: {prog} COMMAND [OPTION ...]\n\ncommands:\n{commands}"
        f"  {'help':<8} show this text\n\noptions of every command:\n{shared}\n"
        f"`{prog} COMMAND --help` shows what a command takes."
    )


def parse(prog: str, name: str, words: Sequence[str], *, scopes: bool = True) -> argparse.Namespace:
    """Read what follows the command `name`; `scopes` tells whether the tool knows scopes.

    Absent options are None, `command_help` is the text that --help asks for. Raises UsageError.
    """
    command = COMMANDS[name]
    parser = _Parser(prog=f"{prog} {name}", description=command.help, add_help=False)
    taken = [option for option in command.options if scopes or option is not SCOPE]
    for option in taken:
        _add(parser, option, required=option in command.required)
    options, left = parser.parse_known_args(
        list(_bind(words, taken)), argparse.Namespace(scope=None, scopes=scopes)
    )
    options.command_help = parser.format_help()
    if options.help:
        return options
    if left:
        raise UsageError(_unexpected(left[0]))
    for option in sorted(command.required, key=lambda option: option.name):
        if getattr(options, option.name) is None:
            what = f"option '--{option.name}'" if option.flags[0][0] == "-" else option.name
            raise UsageError(f"the {what} is required but missing")
    if options.path is not None and options.state_dir is not None:
        raise UsageError("'--path' and '--state-dir' both name the database; give one of them")
    return options


def parse_id(text: str) -> int:
    """The number of a token, 1..4294967295. Raises UsageError."""
    if not _INTEGER.fullmatch(text):
        raise UsageError(f"the argument ('{text}') for option '--id' is invalid")
    if not 1 <= int(text) <= MAX_ID:
        raise UsageError(f"Token ID should be between 1 and {MAX_ID}.")
    return int(text)


def parse_scope(text: str | None) -> Scope:
    """The scope of this name; that of a token whose maker said nothing. Raises UsageError."""
    if text is None:
        return Scope.MANAGE
    try:
        return Scope(text)
    except ValueError:
        raise UsageError(f"the scope is one of {_SCOPES}, not '{text}'") from None


_SCOPES = ", ".join(scope.value for scope in Scope)


def parse_owner(text: str) -> str:
    """A label that fits one line of a table. Raises UsageError."""
    if len(text) > MAX_OWNER:
        raise UsageError(f"owner value too long: {len(text)} characters (maximum {MAX_OWNER})")
    if not text.strip() or not text.isprintable():
        raise UsageError("owner should be one line of printable text")
    return text


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class _Once(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error(f"option '{self.option_strings[-1]}' cannot be given more than once")
        if self.nargs != 0 and not isinstance(values, str):
            # argparse has taken a value of "--" for the end of all options.
            parser.error(f"the value of option '{self.option_strings[-1]}' is invalid")
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


def _add(parser: argparse.ArgumentParser, option: Option, *, required: bool) -> None:
    if not option.flags[0].startswith("-"):
        parser.add_argument(*option.flags, help=option.help, nargs="?")
        return
    parser.add_argument(
        *option.flags,
        action=_Once,
        help=f"{option.help}{' (required)' if required else ''}",
        metavar=option.metavar,
        nargs=None if option.metavar else 0,
    )


def _bind(words: Sequence[str], options: Sequence[Option]) -> Iterator[str]:
    """Tie a value that begins with a dash to its option; argparse would take it for an option."""
    flags = {flag for option in options for flag in option.flags}
    takes_value = {flag for option in options if option.metavar for flag in option.flags}
    rest = iter(words)
    for word in rest:
        if word not in takes_value:
            yield word
            continue
        value = next(rest, None)
        if value is None:
            yield word
        elif value.startswith("-") and value.partition("=")[0] not in flags:
            yield f"{word}={value}" if word.startswith("--") else f"{word}{value}"
        else:
            yield word
            yield value


def _unexpected(word: str) -> str:
    if word.startswith("-"):
        return f"unrecognised option '{word.partition('=')[0]}'"
    return f"unexpected word '{word}'"
