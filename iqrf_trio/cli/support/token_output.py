"""How API tokens are shown: as JSON objects, as a table, and one by one.

`scopes` says whether their scopes are shown too: scripts written for `iqrfgd2-tokenctl` get exactly
the members and columns that they know.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from protocol.auth.times import format_iso
from protocol.auth.tokens import Token, TokenText

_COLUMNS: Mapping[str, int] = {
    "ID": 5,
    "Owner": 64,
    "Created at": 24,
    "Expires at": 24,
    "Status": 7,
    "Service": 7,
    "Invalidated at": 24,
}
"""Headings of the table and their widths in characters; the first one grows with the IDs."""

_SCOPE_COLUMN: Mapping[str, int] = {"Scope": 7}


def to_json(value: object) -> str:
    """Compact JSON with sorted keys, ASCII so that no terminal's encoding matters."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def token_object(token: Token, now: datetime, *, scopes: bool = False) -> Mapping[str, object]:
    """The seven members that scripts know; `status` is what the token is worth at `now`."""
    scope = {"scope": token.scope.value} if scopes else {}
    return {
        "created_at": format_iso(token.created_at),
        "expires_at": format_iso(token.expires_at),
        "id": token.id,
        "invalidated_at": None if token.invalidated_at is None else _invalidated(token),
        "owner": token.owner,
        "service": token.service,
        "status": int(token.status_at(now)),
        **scope,
    }


def new_token(token: TokenText, *, as_json: bool) -> str:
    """A token as it is given to its owner, this once."""
    return to_json({"id": token.id, "token": str(token)}) if as_json else str(token)


def details(token: Token, now: datetime, *, scopes: bool = False) -> str:
    """One token, a line for each thing that is known of it."""
    lines = {
        "ID": str(token.id),
        "Owner": _one_line(token.owner),
        "Created at": format_iso(token.created_at),
        "Expires at": format_iso(token.expires_at),
        "Status": token.status_at(now).name.lower(),
        "Service mode": "YES" if token.service else "NO",
        "Invalidated at": _invalidated(token),
        **({"Scope": token.scope.value} if scopes else {}),
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def table(tokens: Sequence[Token], now: datetime, *, scopes: bool = False) -> str:
    """All tokens, a row for each."""
    columns = {**_COLUMNS, **(_SCOPE_COLUMN if scopes else {})}
    widths = list(columns.values())
    widths[0] = max([widths[0], *(len(str(token.id)) for token in tokens)])
    rows = [_row(_cells(token, now)[: len(widths)], widths) for token in tokens]
    heading = _row(columns, widths)
    rule = "-" * len(heading)
    return "\n".join([rule, heading, rule, *rows, rule])


def pad(text: str, width: int, fill: str = " ") -> str:
    """`text` filled up or cut to `width` characters."""
    return text.ljust(width, fill)[:width]


def _row(cells: Sequence[str] | Mapping[str, int], widths: Sequence[int]) -> str:
    return f"|{' '.join(pad(cell, width) for cell, width in zip(cells, widths, strict=True))}|"


def _cells(token: Token, now: datetime) -> Sequence[str]:
    return (
        str(token.id),
        _one_line(token.owner),
        format_iso(token.created_at),
        format_iso(token.expires_at),
        token.status_at(now).name.lower(),
        "YES" if token.service else "NO",
        _invalidated(token),
        token.scope.value,
    )


def _invalidated(token: Token) -> str:
    return "--" if token.invalidated_at is None else format_iso(token.invalidated_at)


def _one_line(owner: str) -> str:
    # Owners of imported tokens were not checked when they were made.
    return "".join(character if character.isprintable() else "\ufffd" for character in owner)
