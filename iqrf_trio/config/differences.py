"""What two configurations differ in, and what of it a running gateway can take over."""

from operator import attrgetter
from typing import Any

from attrs import evolve, has

from iqrf_trio.config.sections import Config, keys_of

_WHOLE = ("log", "queue", "sensor_data")
"""Sections of which everything can be changed while the gateway runs."""

_OF_TLS = ("certificate", "private_key")
"""What of `[websocket]` the port with TLS cannot be without."""

_OF_WEBSOCKET = (
    *_OF_TLS,
    "auth_timeout",
    "auth_failures_per_minute",
    "max_clients",
    "max_message_size",
    "outbox_size",
    "outbox_bytes",
    "handshake_timeout",
    "heartbeat",
    "origins",
    "trusted_proxies",
    "async_messages",
)
"""What of `[websocket]` counts from the next client on, or from the next message."""


def differences(old: Config, new: Config) -> tuple[str, ...]:
    """The dotted keys whose values differ, in the order of the file."""
    return tuple(key for key in _keys(Config()) if attrgetter(key)(old) != attrgetter(key)(new))


def with_changes(running: Config, new: Config) -> Config:
    """`running` with everything of `new` that needs no restart.

    A port with TLS that only a restart closes keeps its certificate until then.
    """
    names = set(_OF_WEBSOCKET)
    if running.websocket.tls_port is not None and new.websocket.tls_port is None:
        names -= set(_OF_TLS)
    return evolve(
        running,
        websocket=evolve(
            running.websocket, **{name: getattr(new.websocket, name) for name in names}
        ),
        **{name: getattr(new, name) for name in _WHOLE},
        origins=new.origins,
    )


def needs_restart(key: str) -> bool:
    """Whether a running gateway keeps its value of a dotted key, whatever the file says."""
    section, _, name = key.partition(".")
    return section not in _WHOLE and not (section == "websocket" and name in _OF_WEBSOCKET)


def _keys(section: Any, path: str = "") -> list[str]:
    """The dotted keys of all values in `section`."""
    found = []
    for name in keys_of(type(section)):
        value = getattr(section, name)
        found += _keys(value, f"{path}{name}.") if has(type(value)) else [path + name]
    return found
