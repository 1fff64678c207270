"""Which of the published messages this gateway answers, and what to use instead of the others."""

from itertools import groupby

from protocol.api.errors import MESSAGE_ERROR
from protocol.api.published import PUBLISHED, instead_of
from protocol.api.registry import REGISTRY, UNASKED

HEAD = """\
# Compatibility

The messages that the IQRF Gateway Daemon publishes, in its API of release 2.7, and which of them
this gateway answers. A client that sends another one is told so in a messageError with status 1.
How requests and answers look is told in [api.md](api.md).
"""


def page() -> str:
    """The list as Markdown."""
    parts = [HEAD]
    for prefix, names in groupby(sorted(PUBLISHED, key=_place), key=_prefix):
        rows = [f"| {name} | {_state(name)} | {_instead(name)} |" for name in names]
        head = f"## {prefix}\n\n| message | answered | instead |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    if own := sorted(set(REGISTRY) - PUBLISHED):
        parts.append("## Of this gateway alone\n\n" + ", ".join(own) + "\n")
    return "\n".join(parts)


def _prefix(name: str) -> str:
    return f"{name.partition('_')[0]}_*" if "_" in name else "others"


def _place(name: str) -> tuple[str, str]:
    return _prefix(name), name


def _state(name: str) -> str:
    if name in REGISTRY:
        return "yes"
    return "sent" if name in UNASKED or name == MESSAGE_ERROR else "no"


def _instead(name: str) -> str:
    return "" if _state(name) != "no" else instead_of(name)
