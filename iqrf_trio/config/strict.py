"""A table of TOML values made a configuration by cattrs, without guessing what was meant."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import cattrs
from attrs import has
from cattrs.errors import AttributeValidationNote, ClassValidationError
from cattrs.gen import make_dict_structure_fn

from iqrf_trio.config.keys import OFF, ImpossibleValueError, keys_of
from iqrf_trio.config.sections import Config
from iqrf_trio.config.writing import toml

Hook = Callable[[Any, Any], Any]


def structure(table: object) -> Config:
    """The configuration that `table` holds, defaults where it holds nothing.

    Raises ImpossibleValueError with the dotted key of the first thing that cannot be.
    """
    try:
        config: Config = _CONVERTER.structure(table, Config)
    except (ClassValidationError, ImpossibleValueError) as error:
        raise next(_problems(error)) from None
    return config


def _what(value: object) -> str:
    """What a value of TOML is, in words."""
    if isinstance(value, bool | int | float):
        return toml(value)
    for kind, words in ((str, f"the text {toml(value)}"), (list, "a list"), (dict, "a section")):
        if isinstance(value, kind):
            return words
    return f"a {type(value).__name__}"


def _strict(kind: type | tuple[type, ...], words: str) -> Hook:
    """A hook that takes only what is of `kind` already."""

    def take(value: object, _: object) -> object:
        # A bool is an int to Python, but nobody means 1 by writing true.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ImpossibleValueError("", f"must be {words}, not {_what(value)}")
        return value

    return take


_text = _strict(str, "a text")
_whole_number = _strict(int, "a whole number")
_number = _strict((int, float), "a number")
_list = _strict(list, "a list of texts")


def _float(value: object, kind: object) -> float:
    try:
        return float(_number(value, kind))
    except OverflowError:
        return inf  # the range check of the key refuses it


def _path(value: object, kind: object) -> Path:
    if not _text(value, kind):
        raise ImpossibleValueError("", "must not be empty")
    return Path(str(value))


def _listen_port(value: object, kind: object) -> int | None:
    if value == OFF:
        return None
    if isinstance(value, str):
        raise ImpossibleValueError("", f'must be a port or "{OFF}", not {_what(value)}')
    port: int = _whole_number(value, kind)
    return port


def _choice(value: object, kind: object) -> object:
    choices = get_args(kind)
    if value not in choices:
        raise ImpossibleValueError("", f"must be {' or '.join(choices)}, not {_what(value)}")
    return value


def _section(cls: type, converter: cattrs.Converter) -> Hook:
    """A hook that takes only a table, with no key that the section lacks."""
    fill: Hook = make_dict_structure_fn(cls, converter)
    known = keys_of(cls)

    def take(value: object, kind: object) -> object:
        if not isinstance(value, dict):
            fix = f"give its keys instead: {', '.join(known)}"
            raise ImpossibleValueError("", f"is a section, not {_what(value)}", fix)
        for name in value:
            if name not in known:
                close = get_close_matches(name, known, 1)
                fix = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
                raise ImpossibleValueError(name, "is no known key", fix)
        return fill(value, kind)

    return take


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _whole_number)
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook(bool, _strict(bool, "true or false"))
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook_func(lambda kind: kind == int | None, _listen_port)
    converter.register_structure_hook_func(_is_choice, _choice)
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...],
        lambda value, kind: tuple(_text(item, kind) for item in _list(value, kind)),
    )
    converter.register_structure_hook_factory(has, _section)
    return converter


def _is_choice(kind: object) -> bool:
    return get_origin(kind) == Literal


_CONVERTER = _converter()


def _problems(error: BaseException, path: tuple[str, ...] = ()) -> Iterator[ImpossibleValueError]:
    """Every refusal within a cattrs error, its key made the whole dotted one."""
    notes = getattr(error, "__notes__", ())
    path += tuple(note.name for note in notes if isinstance(note, AttributeValidationNote))
    if isinstance(error, ClassValidationError):
        for inner in error.exceptions:
            yield from _problems(inner, path)
    elif isinstance(error, ImpossibleValueError):
        key = ".".join(filter(None, (*path, error.key)))
        yield ImpossibleValueError(key, error.reason, error.fix)
    else:
        raise error
