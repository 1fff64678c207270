"""JSON as it stands in columns of the database."""

import json

from iqrf_trio.store.errors import StoreError

MAX_DEPTH = 100
"""Levels of nesting; what is stored must fit into answers, whose writer stops at 254."""


def dump(value: object) -> str:
    """Compact JSON of `value`.

    Raises StoreError for a value nested too deeply to be given out again, or for one that is
    no JSON.
    """
    try:
        _check_depth(value, MAX_DEPTH)
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreError(f"this cannot be stored as JSON: {error}") from error


def load(text: str) -> object:
    """The value that was dumped."""
    return json.loads(text)


def _check_depth(value: object, left: int) -> None:
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list | tuple):
        children = list(value)
    else:
        return
    if not left:
        raise StoreError(f"this is nested more than {MAX_DEPTH} levels deep")
    for child in children:
        _check_depth(child, left - 1)
