"""Lists of nodes in a file of comma separated values, for `iqrf-trio network commission`."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from iqrf_trio.cli import USAGE, Failure


def _number(text: str) -> int:
    return int(text, 0)


COLUMNS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "mid": ("mid", str),
    "code": ("smartConnectCode", str),
    "address": ("address", _number),
    "name": ("name", str),
    "hwpid": ("hwpId", _number),
}
"""The words of the first line, in any order; each with its member of a node, and how it is read."""


def read_nodes(path: Path) -> list[dict[str, Any]]:
    """The nodes of a list, as iqrfTrio_CommissionNetwork has them; empty fields are left out.

    The first line names the columns; comma or semicolon stands between them. Empty lines and lines
    that begin with # are skipped. Raises Failure with the line that is wrong.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise Failure(f"{path}: {reason}", exit_code=USAGE) from None
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not rows:
        raise Failure(f"{path}: is empty", exit_code=USAGE)
    separator = ";" if ";" in rows[0][1] else ","
    (_, heading), *rest = ((n, *csv.reader([line], delimiter=separator)) for n, line in rows)
    names = [word.strip().lower() for word in heading]
    if unknown := [name for name in names if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise Failure(f"{path}: there is no column {unknown[0]!r}, but {known}", exit_code=USAGE)
    return [_node(f"{path}:{number}", names, fields) for number, fields in rest]


def _node(place: str, names: list[str], fields: list[str]) -> dict[str, Any]:
    if len(fields) > len(names):
        raise Failure(
            f"{place}: has {len(fields)} fields, {len(names)} have names", exit_code=USAGE
        )
    node = dict[str, Any]()
    for name, field in zip(names, fields, strict=False):
        member, read = COLUMNS[name]
        if text := field.strip():
            try:
                node[member] = read(text)
            except ValueError:
                raise Failure(f"{place}: {name} {text!r} is no number", exit_code=USAGE) from None
    return node
