"""The configuration reference: as a page, and as the manual page iqrf-trio.toml(5)."""

import inspect
from collections.abc import Iterator
from typing import Any

from attrs import fields_dict, frozen, has

from iqrf_trio.config import Config, toml
from iqrf_trio.config.differences import needs_restart
from iqrf_trio.config.keys import keys_of


@frozen
class Key:
    """One key as a user sees it."""

    name: str
    default: str
    comment: str


@frozen
class Section:
    """One section with its keys; `about` is what its class says of itself."""

    name: str
    about: str
    keys: tuple[Key, ...]


def sections() -> Iterator[Section]:
    """All sections in the order of the default file."""
    for name in keys_of(Config):
        yield from _sections(name, getattr(Config(), name))


def _sections(name: str, section: Any) -> Iterator[Section]:
    keys, inner = [], []
    for key in keys_of(type(section)):
        value = getattr(section, key)
        if has(type(value)):
            inner.append((f"{name}.{key}", value))
        else:
            comment = fields_dict(type(section))[key].metadata.get("comment", "")
            keys.append(Key(key, toml(value), comment))
    about = inspect.getdoc(type(section)) or ""
    yield Section(name, about.splitlines()[0], tuple(keys))
    for inner_name, value in inner:
        yield from _sections(inner_name, value)


HEAD = """\
# Configuration

TOML, by default `/etc/iqrf-trio/iqrf-trio.toml`. A key left out means its default; an unknown one
is refused. Every key can be given on the command line as `--set section.key=value`.
`iqrf-trio config` shows what is in force and where it comes from. The environment variable
`IQRF_TRIO_CONFIG` names another file where no `-c` is given (empty: none), `IQRF_TRIO_STATE_DIR`
wins over the file's `gateway.state_dir`.

Keys marked * are taken over by `systemctl reload iqrf-trio`; the others need a restart.
"""


def page() -> str:
    """The reference as Markdown."""
    parts = [HEAD]
    for section in sections():
        rows = [
            f"| `{key.name}`{'' if needs_restart(f'{section.name}.{key.name}') else ' *'} "
            f"| `{key.default}` | {_escaped(key.comment)} |"
            for key in section.keys
        ]
        parts.append(
            f"## [{section.name}]\n\n{section.about}\n\n| key | default | |\n|---|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    return "\n".join(parts)


def manual() -> str:
    """The reference as a manual page."""
    lines = [
        '.TH IQRF-TRIO.TOML 5 "" "iqrf-trio" "File formats"',
        ".SH NAME",
        "iqrf-trio.toml \\- configuration of the IQRF gateway",
        ".SH DESCRIPTION",
        "A file in TOML. A key left out means its default; an unknown one is refused.",
        "Keys marked * are taken over by",
        '.BR "systemctl reload iqrf-trio" .',
    ]
    for section in sections():
        lines += [f".SH [{section.name}]", _roff(section.about)]
        for key in section.keys:
            mark = "" if needs_restart(f"{section.name}.{key.name}") else " *"
            lines += [".TP", f".B {key.name} = {_roff(key.default)}{mark}", _roff(key.comment)]
    lines += [".SH SEE ALSO", ".BR iqrf-trio (1)"]
    return "\n".join(line for line in lines if line) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _roff(text: str) -> str:
    return text.replace("\\", "\\\\").replace("-", "\\-")
