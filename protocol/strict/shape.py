"""What a class of parameters or results says of its members; and its objects as JSON.

Parameters are attrs classes, because they are checked. A member is named like its attribute in
camel case, or as its `json_name` says. `T | None = None` may be absent, but is not null; `T | None`
without a default has to be there and may be null. Results are TypedDicts, which are written as they
are, with the names of JSON; what may be absent is NotRequired.

Beside its type a member bears, in `Annotated`, its limits (what is called to check a value), its
meaning (a string) and its `Unit`. Everything about a member is taken from here: the reader of
requests, the schemas, the documents, the tests.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import attrs
from attrs import frozen

_JSON_NAME = "json_name"

NO_MEMBER = "no member"
"""Marks, in an attribute's metadata, what no text can set."""


@frozen
class Unit:
    """In what a number is counted: `Annotated[int, Unit("ms")]`."""

    name: str


@frozen
class Member:
    """One member of an object: what a client can know of it.

    `type` is what its value is when it is there. `default` stands for an absent one: None for one
    that has no default, attrs.NOTHING where the member is required.
    """

    attribute: str
    name: str
    type: Any
    about: str
    unit: str
    default: object

    @property
    def required(self) -> bool:
        """Whether it is always there."""
        return self.default is attrs.NOTHING


class Described(ABC):
    """What stands in the place of a class where the members are known otherwise.

    `open_to_extras` as for classes; `is_result` says whether the gateway makes such objects.
    """

    open_to_extras: bool
    is_result: bool

    @property
    @abstractmethod
    def members(self) -> tuple[Member, ...]:
        """The members in their order."""

    @abstractmethod
    def read(self, value: object) -> object:
        """What becomes of an object in a request; raises MemberError."""


def json_name(name: str) -> dict[str, str]:
    """Metadata of an attribute whose member is not simply its name in camel case."""
    return {_JSON_NAME: name}


def key_of(member: Member) -> str:
    """How a member is spelt where names are in snake case, as in TOML."""
    usual = member.name == _camel_case(member.attribute)
    return member.attribute if usual else member.name


@cache
def members_of(cls: Any) -> tuple[Member, ...]:
    """The members of an object of this class, in their order."""
    if isinstance(cls, Described):
        return cls.members
    bare = bare_class(cls)
    # Errors name the bare class, without what stands for its type variables.
    given = dict(zip(getattr(bare, "__parameters__", ()), get_args(cls), strict=False))
    if is_typeddict(bare):
        hints, required = get_type_hints(bare, include_extras=True), bare.__required_keys__
        found = [
            (name, name, _present(hint), attrs.NOTHING if name in required else None)
            for name, hint in hints.items()
        ]
    else:
        found = [
            (each.name, _json_name(each), _given(each), each.default)
            for each in attrs.fields(bare)
            if NO_MEMBER not in each.metadata
        ]
    return tuple(
        _member(attribute, name, given.get(hint, hint), default)
        for attribute, name, hint, default in found
    )


def bare_class(cls: Any) -> Any:
    """The class itself of one that is generic: that of `Addressed[Pulse]` is `Addressed`."""
    return get_origin(cls) or cls


def is_class(type_: Any) -> bool:
    """Whether it is a class of parameters or results."""
    bare = bare_class(type_)
    return attrs.has(bare) or is_typeddict(bare)


def is_open(cls: Any) -> bool:
    """Whether an object of this class may have further members, which nobody looks at."""
    return bool(getattr(bare_class(cls), "open_to_extras", False))


def annotations(type_: Any) -> tuple[Any, tuple[Any, ...]]:
    """The bare type of `Annotated`, and what is said beside it; any other type with nothing."""
    if get_origin(type_) is Annotated:
        bare, *notes = get_args(type_)
        return bare, tuple(notes)
    return type_, ()


def checks_of(type_: Any) -> tuple[Callable[[Any], None], ...]:
    """The limits of a type: what is called with a value, and raises MemberError."""
    return tuple(note for note in annotations(type_)[1] if callable(note))


def is_result(cls: Any) -> bool:
    """Whether objects of this class are made by the gateway."""
    bare = bare_class(cls)
    return bare.is_result if isinstance(bare, Described) else is_typeddict(bare)


def alternatives(type_: Any) -> tuple[Any, ...]:
    """The types of a union; of any other type itself."""
    return get_args(type_) if get_origin(type_) in {Union, UnionType} else (type_,)


def union(types: tuple[Any, ...]) -> Any:
    """The union of one or more types."""
    return Union[types]  # noqa: UP007 - the operator cannot take a tuple


def unstructure(value: object) -> Any:
    """An object of attrs classes as plain objects, arrays and scalars, to the last level."""
    if isinstance(value, tuple | list):
        return [unstructure(item) for item in value]
    cls: Any = type(value)
    if attrs.has(cls):
        members = members_of(cls)
        return {each.name: unstructure(getattr(value, each.attribute)) for each in members}
    return value


def _member(attribute: str, name: str, hint: Any, default: object) -> Member:
    bare, notes = annotations(hint)
    checks = tuple(note for note in notes if callable(note))
    within = tuple(note for kind in alternatives(bare) for note in annotations(kind)[1])
    spoken = (*within, *notes)
    return Member(
        attribute=attribute,
        name=name,
        type=Annotated[(bare, *checks)] if checks else bare,
        about=next((note for note in reversed(spoken) if isinstance(note, str)), ""),
        unit=next((note.name for note in reversed(spoken) if isinstance(note, Unit)), ""),
        default=default,
    )


def _present(hint: Any) -> Any:
    """The type of a member of a TypedDict that is there."""
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint


def _given(attribute: "attrs.Attribute[Any]") -> Any:
    """The type of an attribute that is there: where None means that it is not, without None."""
    bare, notes = annotations(attribute.type)
    if attribute.default is not None or NoneType not in alternatives(bare):
        return attribute.type
    given = union(tuple(kind for kind in alternatives(bare) if kind is not NoneType))
    return Annotated[(given, *notes)] if notes else given


def _json_name(attribute: "attrs.Attribute[Any]") -> str:
    given: str | None = attribute.metadata.get(_JSON_NAME)
    return given or _camel_case(attribute.name)


def _camel_case(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)
