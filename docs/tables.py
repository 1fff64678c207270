"""The members of a class as a table of Markdown."""

from typing import Any

from protocol.api.words import MemberWords, members_in_words


def table(cls: Any, head: str) -> str:
    """The table of an object's members and of those within, by path; empty without any."""
    rows = members_in_words(cls)
    if not rows:
        return ""
    defaults = any(row.default for row in rows)
    heads = (head, "type", *(["default"] if defaults else []), "")
    lines = [_line(heads), "|---" * len(heads) + "|"]
    lines += [_line(_cells(row, defaults=defaults)) for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: MemberWords, *, defaults: bool) -> tuple[str, ...]:
    default = f"`{row.default}`" if row.default else ""
    path = f"`{row.path}`{' *' if row.required else ''}"
    return (path, row.type, *([default] if defaults else []), row.about)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
