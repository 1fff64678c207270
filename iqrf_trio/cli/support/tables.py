"""Plain text tables: columns as wide as their cells, numbers to the right."""

from collections.abc import Iterable, Sequence

_GAP = "  "


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The lines of a table; None is shown as a dash."""
    values = list(rows)
    cells = [[cell(value) for value in row] for row in values]
    numeric = [_is_numeric([row[column] for row in values]) for column in range(len(head))]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    return "\n".join(
        _GAP.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in (head, *cells)
    )


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
