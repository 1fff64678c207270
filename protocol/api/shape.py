"""What a class of parameters or results says of its members; and its objects as JSON.

Such a class is an attrs class. A member is named like its attribute in camel case, or as its
`json_name` says. Beside its type an attribute bears, in `Annotated`, its limits (what is called
to check a value), its meaning (a string) and its `Unit`. Everything about a member is taken from
here: the reader of requests, the writer of answers, the schemas, the documents, the tests.

`T | None = None` may be absent, but is not null. `T | None` without a default is always there and
may be null. `T | None | Absent = ABSENT` may be absent and may be null.
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import attrs
from attrs import frozen

_JSON_NAME = "json_name"


class Absent(Enum):
    """The type of ABSENT."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""The value of a member that is not there, where null is a value too."""


@frozen
class Unit:
    """In what a number is counted: `Annotated[int, Unit("ms")]`."""

    name: str


@frozen
class Member:
    """One member of an object: what a client can know of it.

    `type` is what its value is when it is there. `default` stands for an absent one; where it
    is required that is attrs.NOTHING.
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

    @property
    def omitted(self) -> bool:
        """Whether its default is written by leaving it out."""
        return self.default is None or self.default is ABSENT


def json_name(name: str) -> dict[str, str]:
    """Metadata of an attribute whose member is not simply its name in camel case."""
    return {_JSON_NAME: name}


@cache
def members_of(cls: type) -> tuple[Member, ...]:
    """The members of an object of this class, in their order."""
    return tuple(map(_member, attrs.fields(cls)))


def is_open(cls: type) -> bool:
    """Whether an object of this class may have further members, which nobody looks at."""
    return bool(getattr(cls, "open_to_extras", False))


def annotations(type_: Any) -> tuple[Any, tuple[Any, ...]]:
    """The bare type of `Annotated`, and what is said beside it; any other type with nothing."""
    if get_origin(type_) is Annotated:
        bare, *notes = get_args(type_)
        return bare, tuple(notes)
    return type_, ()


def checks_of(type_: Any) -> tuple[Callable[[Any], None], ...]:
    """The limits of a type: what is called with a value, and raises MemberError."""
    return tuple(note for note in annotations(type_)[1] if callable(note))


def alternatives(type_: Any) -> tuple[Any, ...]:
    """The types of a union; of any other type itself."""
    return get_args(type_) if get_origin(type_) in {Union, UnionType} else (type_,)


def union(types: tuple[Any, ...]) -> Any:
    """The union of one or more types."""
    return Union[types]  # noqa: UP007 - the operator cannot take a tuple


def _member(attribute: "attrs.Attribute[Any]") -> Member:
    bare, notes = annotations(attribute.type)
    left_out = _left_out(attribute.default)
    kinds = tuple(kind for kind in alternatives(bare) if kind is not left_out)
    type_ = bare if len(kinds) == len(alternatives(bare)) else union(kinds)
    checks = tuple(note for note in notes if callable(note))
    if checks:
        type_ = Annotated[(type_, *checks)]
    spoken = (*_notes_within(bare), *notes)
    return Member(
        attribute=attribute.name,
        name=attribute.metadata.get(_JSON_NAME) or _camel(attribute.name),
        type=type_,
        about=next((note for note in reversed(spoken) if isinstance(note, str)), ""),
        unit=next((note.name for note in reversed(spoken) if isinstance(note, Unit)), ""),
        default=attribute.default,
    )


def _notes_within(bare: Any) -> tuple[Any, ...]:
    return tuple(note for kind in alternatives(bare) for note in annotations(kind)[1])


def _left_out(default: object) -> type | None:
    """The type that stands for an absent member only."""
    if default is None:
        return NoneType
    return Absent if default is ABSENT else None


def _camel(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)


# --- writing --------------------------------------------------------------------------------------

Writer = Callable[[Any], dict[str, object]]


class _Writers(dict[type, Writer]):
    """The writer of each class, made when the first of its objects is written."""

    def __missing__(self, cls: type) -> Writer:
        if not attrs.has(cls):
            raise TypeError(f"{cls.__name__} is no type of the API")
        self[cls] = writer = _writer_of(cls)
        return writer


_WRITERS = _Writers()


def write(value: object) -> dict[str, object]:
    """An object of the API's classes as a JSON object, of which the values are not yet written.

    It is what orjson calls for such objects (`default`), which goes on with the values.
    """
    return _WRITERS[type(value)](value)


def unstructure(value: object) -> Any:
    """A value of the API's classes as plain objects, arrays and scalars, to the last level."""
    if isinstance(value, tuple | list):
        return [unstructure(item) for item in value]
    if attrs.has(type(value)):
        return {name: unstructure(item) for name, item in write(value).items()}
    return value


def _writer_of(cls: type) -> Writer:
    names = tuple(member.name for member in members_of(cls))
    values = _getter(tuple(member.attribute for member in members_of(cls)))
    omitted = tuple((member.name, member.default) for member in members_of(cls) if member.omitted)

    def whole(value: object) -> dict[str, object]:
        return dict(zip(names, values(value), strict=True))

    def without_absent(value: object) -> dict[str, object]:
        written = dict(zip(names, values(value), strict=True))
        for name, absent in omitted:
            if written[name] is absent:
                del written[name]
        return written

    return without_absent if omitted else whole


def _getter(attributes: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(attributes) > 1:
        return attrgetter(*attributes)
    if attributes:
        only = attrgetter(*attributes)
        return lambda value: (only(value),)
    return lambda _value: ()
