"""A configuration as TOML text: each key with its comment, or with where its value came from."""

import json
from collections.abc import Callable
from typing import Any

from attrs import fields_dict, has

from iqrf_trio.config.sections import OFF, Config, keys_of

_COMMENT_COLUMN = 38


def toml(value: object) -> str:
    """How a value of a configuration is written in TOML."""
    if value is None:
        return f'"{OFF}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, int | float):
        return str(value)
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def describe(config: Config) -> str:
    """The configuration as TOML, behind each value where it came from."""
    return _text(config, lambda key, _: config.origins.get(key, "default"))


def plain(config: Config) -> str:
    """The configuration as TOML without remarks."""
    return _text(config, lambda _key, _comment: "")


def default_file() -> str:
    """The default configuration as a TOML file with comments."""
    head = "# Every key of iqrf-trio with its default; a key left out means the same.\n\n"
    return head + _text(Config(), lambda _, comment: comment)


def _text(section: Any, remark: Callable[[str, str], str], path: str = "") -> str:
    """The keys of a section, then the sections within; `remark(key, comment)` ends each line."""
    lines, inner = [], []
    for name in keys_of(type(section)):
        value = getattr(section, name)
        comment = fields_dict(type(section))[name].metadata.get("comment", "")
        if has(type(value)):
            within = _text(value, remark, f"{path}{name}.")
            inner.append(_with_remark(f"[{path}{name}]", comment) + within)
        else:
            lines.append(_with_remark(f"{name} = {toml(value)}", remark(path + name, comment)))
    return "\n".join(filter(None, ("".join(lines), *inner)))


def _with_remark(line: str, remark: str) -> str:
    return f"{line:<{_COMMENT_COLUMN}} # {remark}\n" if remark else f"{line}\n"
