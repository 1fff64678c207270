"""The token tool: `iqrf-trio token ...`, and the same as the drop-in `iqrfgd2-tokenctl`."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from iqrf_trio import config
from iqrf_trio.cli import Failure
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.cli.support.state import database_path
from iqrf_trio.cli.support.token_options import (
    COMMANDS,
    UsageError,
    overview,
    parse,
    parse_id,
    parse_owner,
    parse_scope,
)
from iqrf_trio.cli.support.token_output import details, new_token, table, to_json, token_object
from iqrf_trio.store import StoreError, token_import, tokens
from iqrf_trio.store.errors import ExpiredTokenError, RevokedTokenError, UnknownTokenError
from iqrf_trio.store.sqlite import Connection, opened, transact
from protocol.auth.rights import Rights
from protocol.auth.times import InvalidTimeError, parse_expiration

T = TypeVar("T")

HELP = "create, list, get, revoke, rotate and import API tokens"

_FAILURE = 1
_UNKNOWN_COMMAND = 2
_EXIT_CODES: Mapping[type[Exception], int] = {
    UnknownTokenError: 3,
    ExpiredTokenError: 4,
    RevokedTokenError: 5,
}
"""Scripts rely on these; everything else that goes wrong is 1."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Let `parser` hand over the words behind `token` unread: their rules are not argparse's."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = overview(parser.prog)
    parser.usage = argparse.SUPPRESS
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    for action in parser._actions:  # noqa: SLF001 - the overview tells of --help already
        action.help = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """Do what the words behind `token` say; returns the exit code."""
    return main("iqrf-trio token", arguments.words, scopes=True)


def tokenctl(argv: Sequence[str] | None = None) -> int:
    """Do what the words behind `iqrfgd2-tokenctl` say; returns the exit code.

    This one knows no scopes: its users are scripts that were written for an older gateway.
    """
    return main("iqrfgd2-tokenctl", sys.argv[1:] if argv is None else argv)


def main(prog: str, words: Sequence[str], *, scopes: bool = False) -> int:
    """The tool under the name `prog`; the first of `words` is the command."""
    if not words:
        _print(overview(prog))
        return _FAILURE
    name, *rest = words
    try:
        if name in {"help", "-h", "--help"}:
            return _help(prog, rest)
        if name not in COMMANDS:
            print(f"Unknown or unsupported command. See `{prog} help`.", file=sys.stderr)
            return _UNKNOWN_COMMAND
        options = parse(prog, name, rest, scopes=scopes)
        if options.help:
            _print(options.command_help)
            return 0
        return _WORK[name](options)
    except (UsageError, InvalidTimeError, StoreError, config.ConfigError, Failure) as error:
        more = f" See `{prog} create --help`." if isinstance(error, InvalidTimeError) else ""
        print(f"{error}{more}", file=sys.stderr)
        return _EXIT_CODES.get(type(error), _FAILURE)


def _help(prog: str, rest: Sequence[str]) -> int:
    if rest:
        raise UsageError(f"unexpected word '{rest[0]}'")
    _print(overview(prog))
    return 0


def _create(options: argparse.Namespace) -> int:
    now = _now()
    make = partial(
        tokens.create,
        owner=parse_owner(options.owner),
        created_at=now,
        expires_at=parse_expiration(options.expiration, now),
        rights=Rights(parse_scope(options.scope), service=bool(options.service)),
    )
    _print(new_token(_transact(options, make, create=True), as_json=options.json))
    return 0


def _get(options: argparse.Namespace) -> int:
    token = _transact(options, partial(tokens.get, token_id=parse_id(options.id)))
    now = _now()
    _print(
        to_json(token_object(token, now, scopes=options.scopes))
        if options.json
        else details(token, now, scopes=options.scopes)
    )
    return 0


def _list(options: argparse.Namespace) -> int:
    found = _transact(options, tokens.all_of_them)
    now = _now()
    if options.json:
        _print(to_json([token_object(token, now, scopes=options.scopes) for token in found]))
    else:
        _print(table(found, now, scopes=options.scopes))
    return 0


def _revoke(options: argparse.Namespace) -> int:
    now = _now()
    token = _transact(options, partial(tokens.revoke, token_id=parse_id(options.id), at=now))
    if options.json:
        _print(to_json(token_object(token, now, scopes=options.scopes)))
    else:
        _print(f"API token ID {token.id} has been revoked.")
    return 0


def _rotate(options: argparse.Namespace) -> int:
    work = partial(tokens.rotate, token_id=parse_id(options.id), at=_now())
    _print(new_token(_transact(options, work), as_json=options.json))
    return 0


def _import(options: argparse.Namespace) -> int:
    records = token_import.read(Path(options.FILE))
    records = _transact(options, partial(token_import.take_over, records=records), create=True)
    taken = [record.id for record in records if record.token]
    left = [record for record in records if not record.token]
    if options.json:
        skipped = [
            {"id": record.id, "owner": record.owner, "reason": record.obstacle} for record in left
        ]
        _print(to_json({"imported": taken, "skipped": skipped}))
    else:
        _print(f"{len(taken)} of {len(records)} API tokens are taken over.")
        for record in left:
            _print(
                f"API token ID {record.id} of {record.owner!r}, which expires at "
                f"{record.expires_at}, is not: {record.obstacle}."
            )
    return _FAILURE if left else 0


_WORK: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "create": _create,
    "get": _get,
    "list": _list,
    "revoke": _revoke,
    "rotate": _rotate,
    "import": _import,
}


def _transact(
    options: argparse.Namespace, fn: Callable[[Connection], T], *, create: bool = False
) -> T:
    """Run `fn` on the database that `options` mean; what it wrote is on the disk afterwards."""
    path = _database_path(options)
    give_up_root(path.parent)
    with opened(path, create=create) as connection:
        return transact(connection, fn)


def _database_path(options: argparse.Namespace) -> Path:
    if options.path is not None:
        return Path(options.path)
    file = None if options.config is None else Path(options.config)
    return database_path(options.state_dir, file)


def _now() -> datetime:
    return datetime.now(UTC)


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
