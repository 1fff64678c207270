"""The table in docs/tokens-and-tls.md that says which scope each message takes."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from protocol.api import mng
from protocol.api.registry import REGISTRY
from protocol.auth.rights import Rights, Scope

FILE = Path(__file__).parent / "tokens-and-tls.md"

_TABLE = re.compile(r"(?<=^\| messages \| scope \|\n\|---\|---\|\n)(\|.*\n)*", re.MULTILINE)

_DEPENDS: tuple[tuple[str, Any, str], ...] = (
    (mng.MODE.mtype, mng.Mode(""), " that only asks"),
    (mng.MODE.mtype, mng.Mode("service"), " that changes the mode"),
)
"""Where the parameters decide: one of each sort, and its name."""


def page() -> str:
    """The page with the table of today."""
    groups: dict[Rights, list[str]] = defaultdict(list)
    for rights, name in _needed():
        groups[rights].append(name)
    ranks = {scope: rank for rank, scope in enumerate(Scope)}
    order = sorted(groups, key=lambda rights: (rights.service, ranks[rights.scope]))
    table = "".join(f"| {', '.join(groups[rights])} | {_words(rights)} |\n" for rights in order)
    return _TABLE.sub(table, FILE.read_text("utf-8"))


def _needed() -> Iterator[tuple[Rights, str]]:
    for row in REGISTRY.values():
        if isinstance(row.rights, Rights):
            yield row.rights, f"`{row.mtype}`"
    for mtype, parameters, sort in _DEPENDS:
        yield REGISTRY[mtype].rights_for(parameters), f"`{mtype}`{sort}"


def _words(rights: Rights) -> str:
    return f"`{rights.scope.value}`{' and the service permission' if rights.service else ''}"
