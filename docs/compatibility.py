"""Which of the published messages this gateway answers, and what to use instead of the others."""

from itertools import groupby

from iqrf_trio import __version__
from protocol.api.errors import MESSAGE_ERROR
from protocol.api.family import Extra
from protocol.api.mng import API_VERSION
from protocol.api.published import PUBLISHED, instead_of
from protocol.api.registry import REGISTRY, UNASKED

HEAD = """\
# Compatibility

The messages that the IQRF Gateway Daemon publishes, in its API of release 2.7, and which of them
this gateway answers. A client that sends another one is told so in a messageError with status 1.
How requests and answers look is told in [api.md](api.md).

The answer of `mngDaemon_Version` has both versions: `v{api} (iqrf-trio {own})`, first that of the
published release, then the gateway's own. The latter grows with the additions at the end of this
page; [CHANGELOG.md](../CHANGELOG.md) tells in which version they came.
"""

MEMBERS = {
    Extra.PROGRESS: "answers in between tell how far it is, and members that are our own are sent",
    Extra.DRY_RUN: "only tells what there is to do; nothing is changed",
}
"""Members of `data` that the published messages have not, and what they do when they are true."""


def page() -> str:
    """The list as Markdown."""
    parts = [HEAD.format(api=API_VERSION, own=__version__)]
    for prefix, names in groupby(sorted(PUBLISHED, key=_place), key=_prefix):
        rows = [f"| {name} | {_state(name)} | {_instead(name)} |" for name in names]
        head = f"## {prefix}\n\n| message | answered | instead |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join([*parts, _additions()])


def _additions() -> str:
    """What this gateway has beside the published messages, and in them."""
    rows = [f"| {name} | {_about(name)} |" for name in sorted(set(REGISTRY) - PUBLISHED)]
    members = [
        f"| `data.{extra.value}` | {what} | {', '.join(_with(extra))} |"
        for extra, what in MEMBERS.items()
    ]
    members.append(
        "| `data.req.lastRun` | how the last run ended, and the next | mngScheduler_GetTask |"
    )
    return "\n".join(
        [
            "## Of this gateway alone\n",
            "| message | what it does |\n|---|---|",
            *rows,
            "\n| member of a request | when it is true | of |\n|---|---|---|",
            *members,
            "",
        ]
    )


def _about(name: str) -> str:
    return REGISTRY[name].about.replace("|", "\\|")


def _with(extra: Extra) -> list[str]:
    """The published messages that have this member."""
    return sorted(n for n in PUBLISHED & set(REGISTRY) if extra in REGISTRY[n].extras)


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
