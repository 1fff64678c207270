"""How a key of the configuration is declared: its default, its comment, and what it may hold."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from attrs import Attribute, Factory, field

from protocol.auth.addresses import parse_networks
from protocol.strict.errors import MemberError
from protocol.strict.shape import members_of

T = TypeVar("T")
Check = Callable[[Any, "Attribute[Any]", Any], None]

OFF = "off"
"""How the file spells a listener's port that is None in the program: no listener."""


def is_listen_port(value: object) -> None:
    """Marks a port of a listener; `listen_port` has read it already."""


ListenPort = Annotated[int, is_listen_port]
"""A port on which to listen; the file writes OFF where there is no listener."""


class ImpossibleValueError(MemberError):
    """A section that cannot be: `key` within the section, the reason, and what to write instead."""

    def __init__(self, key: str, reason: str, fix: str = "") -> None:
        super().__init__(reason, f".{key}", fix)
        self.key = key

    def __str__(self) -> str:
        """The key and the reason."""
        return f"{self.key} {self.reason}"


def setting(
    default: T, comment: str = "", check: Check | None = None, *, reload: bool = False
) -> T:
    """A key of a section: its default, its comment in the default file, and what it may hold.

    `reload`: a running gateway takes another value over when it reads the file again.
    """
    metadata = {"comment": comment, RELOAD: reload}
    value: T = field(default=default, metadata=metadata, validator=check)
    return value


def by_board(of: Callable[[Any], T], comment: str = "", check: Check | None = None) -> T:
    """A key whose default, `of(section)`, is that of the board which the section names."""
    value: T = field(
        default=Factory(of, takes_self=True),
        metadata={"comment": comment, BY_BOARD: True},
        validator=check,
    )
    return value


def between(low: float, high: float) -> Check:
    """A number from `low` to `high`; None (a listener that is off) passes."""

    def check(_: object, attribute: "Attribute[Any]", value: float | None) -> None:
        if value is not None and not low <= value <= high:
            raise ImpossibleValueError(attribute.name, f"must be {low} to {high}, not {value}")

    return check


def networks(_: object, attribute: "Attribute[Any]", value: tuple[str, ...]) -> None:
    """Networks, each as an address with or without the length of its prefix."""
    try:
        parse_networks(value)
    except ValueError as error:
        raise ImpossibleValueError(attribute.name, f"holds what is no network: {error}") from None


def not_empty(_: object, attribute: "Attribute[Any]", value: str) -> None:
    """A text with something in it."""
    if not value.strip():
        raise ImpossibleValueError(attribute.name, "must not be empty")


def one_of(*choices: int) -> Check:
    """One of a few numbers."""

    def check(_: object, attribute: "Attribute[Any]", value: int) -> None:
        if value not in choices:
            allowed = ", ".join(map(str, choices))
            raise ImpossibleValueError(attribute.name, f"must be one of {allowed}, not {value}")

    return check


def areas(__: object, attribute: "Attribute[Any]", value: tuple[str, ...]) -> None:
    """Texts of the form area=level."""
    for text in value:
        area, _, level = text.partition("=")
        if not area.strip() or level not in LEVELS:
            raise ImpossibleValueError(
                attribute.name,
                f'must be texts such as "port=debug", not "{text}"',
                f"levels are {', '.join(LEVELS)}",
            )


_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


def bytes_of(text: str) -> int:
    """How many bytes a text such as "256MB" means. Raises ValueError."""
    for unit, factor in _SIZES.items():
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * factor)
    return int(text)


def size(__: object, attribute: "Attribute[Any]", value: str) -> None:
    """A number of bytes, with a unit or without."""
    try:
        if bytes_of(value) > 0:
            return
    except ValueError:
        pass
    fix = f'write a number with {", ".join(_SIZES)}, for example "256MB"'
    raise ImpossibleValueError(attribute.name, f'must be a size, not "{value}"', fix)


LEVELS = ("debug", "info", "warning", "error")

RELOAD = "reload"
"""Says, in a field's metadata, whether a reload takes the key over."""

BY_BOARD = "by board"
"""Marks, in a field's metadata, a key whose default is not the same for all boards."""

AUTO = "auto"
"""How the file spells a GPIO chip that is looked for by the board's label."""


def keys_of(section: type) -> list[str]:
    """The names of a section's keys and of the sections within it."""
    return [member.attribute for member in members_of(section)]
