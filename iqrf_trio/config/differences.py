"""What two configurations differ in, and what of it a running gateway can take over."""

from operator import attrgetter
from typing import Any

from attrs import evolve, fields_dict, has

from iqrf_trio.config.keys import RELOAD, keys_of
from iqrf_trio.config.sections.whole import Config

_OF_TLS = ("websocket.certificate", "websocket.private_key")
"""What the port with TLS cannot be without."""


def differences(old: Config, new: Config) -> tuple[str, ...]:
    """The dotted keys whose values differ, in the order of the file."""
    return tuple(key for key in _keys(Config()) if attrgetter(key)(old) != attrgetter(key)(new))


def with_changes(running: Config, new: Config) -> Config:
    """`running` with everything of `new` that needs no restart.

    A port with TLS that only a restart closes keeps its certificate until then.
    """
    taken = {key for key in _keys(Config()) if not needs_restart(key)}
    if running.websocket.tls_port is not None and new.websocket.tls_port is None:
        taken -= set(_OF_TLS)
    changed: Config = _taken_over(running, new, taken)
    return evolve(changed, origins=new.origins)


def needs_restart(key: str) -> bool:
    """Whether a running gateway keeps its value of a dotted key, whatever the file says."""
    *path, name = key.split(".")
    section: Any = attrgetter(".".join(path))(Config()) if path else Config()
    return not fields_dict(type(section))[name].metadata.get(RELOAD, False)


def _taken_over(running: Any, new: Any, taken: set[str], path: str = "") -> Any:
    """A section with the values of `new` for the dotted keys in `taken`."""
    changes = {}
    for name in keys_of(type(running)):
        old_value, new_value = getattr(running, name), getattr(new, name)
        if has(type(old_value)):
            changes[name] = _taken_over(old_value, new_value, taken, f"{path}{name}.")
        elif path + name in taken:
            changes[name] = new_value
    return evolve(running, **changes)


def _keys(section: Any, path: str = "") -> list[str]:
    """The dotted keys of all values in `section`."""
    found = []
    for name in keys_of(type(section)):
        value = getattr(section, name)
        found += _keys(value, f"{path}{name}.") if has(type(value)) else [path + name]
    return found
