"""Plain text tables: columns as wide as their cells, numbers to the right.

On a terminal a table is as wide as the terminal at most: long texts are cut, numbers never.
"""

import sys
from collections.abc import Iterable, Sequence

from iqrf_trio.cli.support import terminal

_GAP = "  "

_NARROWEST = 4
"""Characters of a column that are left of it."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The lines of a table for stdout; None is shown as a dash."""
    values = list(rows)
    cells = [[cell(value) for value in row] for row in values]
    numeric = [_is_numeric([row[column] for row in values]) for column in range(len(head))]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    _fit(widths, numeric, terminal.width(sys.stdout))
    return "\n".join(
        _GAP.join(
            text.rjust(width) if right else _cut(text, width).ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in (head, *cells)
    )


def _fit(widths: list[int], numeric: Sequence[bool], available: int | None) -> None:
    """Narrow the widest columns of texts until the table fits."""
    columns = [column for column, right in enumerate(numeric) if not right]
    gaps = len(_GAP) * (len(widths) - 1)
    while available is not None and columns and sum(widths) + gaps > available:
        widest = max(columns, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _is_numeric(column: Sequence[object]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(type(value) in {int, float} for value in known)


def cell(value: object) -> str:
    """A value in one line, without what would move a terminal's cursor."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(char if char.isprintable() else "?" for char in str(value))
