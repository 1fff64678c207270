"""A configuration as TOML text: each key with its comment, or with where its value came from."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import fields_dict, has

from iqrf_trio.config.keys import BY_BOARD, OFF, keys_of
from iqrf_trio.config.sections.whole import Config
from protocol.strict.toml import written

Remark = Callable[[str, Mapping[Any, Any]], str]

_COMMENT_COLUMN = 38

_BOARD_KEYS = ("port.spi.board", "port.uart.board")


def toml(value: object) -> str:
    """How a value of a configuration is written in TOML."""
    return written(OFF if value is None else value)


def describe(config: Config) -> str:
    """The configuration as TOML, behind each value where it came from."""

    return _text(config, partial(_origin, config))


def explained(config: Config) -> Iterator[tuple[str, object, str]]:
    """Each key of the configuration, dotted, with its value and where that came from."""
    yield from _explained(config, config, "")


def _explained(config: Config, section: Any, path: str) -> Iterator[tuple[str, object, str]]:
    for name in keys_of(type(section)):
        key, value = path + name, getattr(section, name)
        if has(type(value)):
            yield from _explained(config, value, f"{key}.")
        else:
            metadata = fields_dict(type(section))[name].metadata
            yield key, OFF if value is None else value, _origin(config, key, metadata)


def _origin(config: Config, key: str, metadata: Mapping[Any, Any]) -> str:
    board = metadata.get(BY_BOARD) and any(each in config.origins for each in _BOARD_KEYS)
    return config.origins.get(key, "of the board" if board else "default")


def plain(config: Config) -> str:
    """The configuration as TOML without remarks."""
    return _text(config, lambda _key, _metadata: "")


def default_file() -> str:
    """The default configuration as a TOML file with comments.

    What the board decides is commented out: in force it would stay when the board is changed.
    """
    head = "# Every key of iqrf-trio with its default; a key left out means the same.\n\n"
    return head + _text(Config(), lambda _, metadata: metadata.get("comment", ""), by_board="# ")


def _text(section: Any, remark: Remark, path: str = "", by_board: str = "") -> str:
    """The keys of a section, then the sections within; `remark(key, metadata)` ends each line.

    `by_board` goes before each key whose default is the board's.
    """
    lines, inner = [], []
    for name in keys_of(type(section)):
        value = getattr(section, name)
        metadata = fields_dict(type(section))[name].metadata
        if has(type(value)):
            within = _text(value, remark, f"{path}{name}.", by_board)
            inner.append(_with_remark(f"[{path}{name}]", metadata.get("comment", "")) + within)
        else:
            mark = by_board if metadata.get(BY_BOARD) else ""
            line = f"{mark}{name} = {toml(value)}"
            lines.append(_with_remark(line, remark(path + name, metadata)))
    return "\n".join(filter(None, ("".join(lines), *inner)))


def _with_remark(line: str, remark: str) -> str:
    return f"{line:<{_COMMENT_COLUMN}} # {remark}\n" if remark else f"{line}\n"
