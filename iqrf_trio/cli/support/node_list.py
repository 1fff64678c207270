"""Lists of nodes in a file of comma separated values, for `iqrf-trio network commission`."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from iqrf_trio.cli import USAGE, Failure
from protocol.api.commission import WantedNode
from protocol.api.converter import structure
from protocol.api.errors import InvalidRequestError
from protocol.dpa.packet import MAX_NODE


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


MAX_BYTES = 1024**2
"""The longest list that is read; one of 239 nodes has some 20 kB."""


def read_nodes(path: Path) -> list[dict[str, Any]]:
    """The nodes of a list, as iqrfTrio_CommissionNetwork has them; empty fields are left out.

    The first line names the columns; comma or semicolon stands between them. Lines without any
    value and lines that begin with # are skipped. Raises Failure with the line that is wrong.
    """
    rows = _rows(path)
    if not rows:
        raise _failure(path, "is empty")
    (_, heading), *rest = rows
    names = [word.lower() for word in heading]
    for name in names:
        if name not in COLUMNS:
            raise _failure(path, f"there is no column {name!r}, but {', '.join(COLUMNS)}")
        if names.count(name) > 1:
            raise _failure(path, f"column {name!r} stands twice")
    nodes = [_node(f"{path}:{number}", names, fields) for number, fields in rest]
    if not nodes:
        raise _failure(path, "has no nodes")
    if len(nodes) > MAX_NODE:
        raise _failure(path, f"has {len(nodes)} nodes, a network at most {MAX_NODE}")
    return nodes


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Number and fields of each line that has any; empty fields at its end are left out.

    Spreadsheets fill up all lines to the same number of fields.
    """
    lines = _text(path).splitlines()
    given = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    separator = ";" if given and ";" in given[0][1] else ","
    rows = []
    for number, line in given:
        try:
            fields = [field.strip() for field in next(csv.reader([line], delimiter=separator))]
        except csv.Error as error:
            raise _failure(f"{path}:{number}", str(error)) from None
        while fields and not fields[-1]:
            fields.pop()
        if fields:
            rows.append((number, fields))
    return rows


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise _failure(path, f"has more than {MAX_BYTES} bytes")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise _failure(path, str(reason)) from None


def _node(place: str, names: list[str], fields: list[str]) -> dict[str, Any]:
    if len(fields) > len(names):
        raise _failure(place, f"has {len(fields)} fields, {len(names)} have names")
    node = dict[str, Any]()
    for name, text in zip(names, fields, strict=False):
        member, read = COLUMNS[name]
        if text:
            try:
                node[member] = read(text)
            except ValueError:
                raise _failure(place, f"{name} {text!r} is no number") from None
    try:
        wanted = structure(node, WantedNode)
    except InvalidRequestError as error:
        raise _failure(place, str(error)) from None
    if wanted.mid is None and wanted.smart_connect_code is None:
        raise _failure(place, "needs a mid or a code")
    return node


def _failure(place: object, reason: str) -> Failure:
    return Failure(f"{place}: {reason}", exit_code=USAGE)
