"""A token for whoever starts a gateway to try it: made in its database, kept in a file."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from iqrf_trio.cli import Failure
from iqrf_trio.store import tokens
from iqrf_trio.store.sqlite import Connection, opened, transact
from protocol.auth.rights import MANAGE, Rights
from protocol.auth.tokens import InvalidTokenError, Verdict, judge, parse

OWNER = "local"

LIFETIME = timedelta(days=365)


def make(database: Path, rights: Rights = MANAGE) -> str:
    """A new token of the gateway with this database; it has no service permission by default.

    Raises StoreError.
    """
    now = datetime.now(UTC)
    create = partial(
        tokens.create, owner=OWNER, created_at=now, expires_at=now + LIFETIME, rights=rights
    )
    with opened(database) as connection:
        return str(transact(connection, create))


def keep(database: Path, file: Path) -> str | None:
    """Have a good token in `file`: a new one is returned, None if the one it holds still is good.

    Raises StoreError, and Failure when the file cannot be written.
    """
    with suppress(OSError, UnicodeDecodeError, InvalidTokenError):
        if _is_good(database, file.read_text("utf-8").strip()):
            return None
    token = make(database)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8") as written:  # noqa: PTH123 - for its mode
            os.fchmod(descriptor, 0o600)  # an older file may have been open to all
            written.write(f"{token}\n")
    except OSError as error:
        cause = f"cannot keep the token in {file}: {error.strerror}"
        raise Failure(cause, "choose another file with --token-file") from None
    return token


def _is_good(database: Path, text: str) -> bool:
    shown = parse(text)

    def look(connection: Connection) -> bool:
        known = tokens.find(connection, shown.id)
        return judge(known, shown.secret, datetime.now(UTC)) is Verdict.ACCEPTED

    with opened(database) as connection:
        return look(connection)
