"""The one converter between JSON and the API's classes: strict, closed, and exact about where.

How classes declare their members is told in `shape`. Classes with `open_to_extras = True` pass over
members they do not know, all others refuse them. What reads a class is made when it is first read.
"""

from collections.abc import Callable
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from protocol.api import members
from protocol.api.errors import InvalidRequestError, shorten
from protocol.api.members import MemberError
from protocol.api.shape import Described, alternatives, annotations, checks_of, is_open, members_of
from protocol.network.network import JsonObject

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]
"""Takes a JSON value and the type wanted; raises MemberError, or cattrs' groups of them."""

_CONVERTER = Converter()


def structure(value: object, type_: type[T]) -> T:
    """`value` (parsed JSON) as `type_`; raises InvalidRequestError with path and reason."""
    return reader(type_)(value)


def reader(type_: type[T]) -> Callable[[object], T]:
    """What `structure` does for one type, for whoever does it often."""
    hook = _CONVERTER.get_structure_hook(type_)

    def read(value: object) -> T:
        try:
            made: T = hook(value, type_)
        except (MemberError, ClassValidationError, IterableValidationError) as error:
            path, reason = _first_problem(error)
            raise InvalidRequestError(f"{path.lstrip('.') or 'message'}: {reason}") from None
        return made

    return read


def register(type_: Any, read: Callable[[object], object]) -> None:
    """Let `read` make values of `type_`; it raises MemberError for what cannot be one."""

    def hook(value: object, _: object) -> object:
        return read(value)

    if isinstance(type_, type):
        # Only so are cattrs' own hooks, which turn 5 into "5" and "no" into True, replaced.
        _CONVERTER.register_structure_hook(type_, hook)
    else:
        _CONVERTER.register_structure_hook_func(lambda wanted: bool(wanted == type_), hook)


def _register_generic(origin: Any, factory: Callable[[Any], Hook]) -> None:
    _CONVERTER.register_structure_hook_factory(
        lambda wanted: bool(get_origin(wanted) == origin), factory
    )


def _literal(type_: Any) -> Hook:
    words = get_args(type_)
    return lambda value, _: members.one_of(value, words)


def _annotated(type_: Any) -> Hook:
    base, checks = annotations(type_)[0], checks_of(type_)
    if not checks:
        return _CONVERTER.get_structure_hook(base)

    def read(value: object, _: object) -> Any:
        result = _CONVERTER.structure(value, base)
        for check in checks:
            check(result)
        return result

    return read


def _union(type_: Any) -> Hook:
    """Null where it may be, and one type, or one type and an array."""
    given = [kind for kind in alternatives(type_) if kind is not NoneType]
    hooks = {_is_array(kind): (_CONVERTER.get_structure_hook(kind), kind) for kind in given}
    if len(hooks) != len(given):
        raise TypeError(f"{type_}: an array and one other type at most")
    nullable = len(given) != len(alternatives(type_))

    def read(value: object, _: object) -> Any:
        if value is None and nullable:
            return None
        hook, kind = hooks.get(isinstance(value, list)) or next(iter(hooks.values()))
        return hook(value, kind)

    return read


def _is_array(type_: Any) -> bool:
    return get_origin(annotations(type_)[0]) is tuple


def _tuple(type_: Any) -> Hook:
    items: Any = GenericAlias(list, get_args(type_)[0])
    return lambda value, _: tuple(_CONVERTER.structure(members.array(value), items))


def _class_in(cls: type) -> Hook:
    overrides: dict[str, Any] = {
        member.attribute: override(
            rename=member.name, struct_hook=_CONVERTER.get_structure_hook(member.type)
        )
        for member in members_of(cls)
    }
    overrides["_cattrs_forbid_extra_keys"] = not is_open(cls)
    read_members: Hook = make_dict_structure_fn(cls, _CONVERTER, **overrides)
    return lambda value, type_: read_members(members.an_object(value), type_)


def _described(described: Any) -> Hook:
    return lambda value, _: described.read(value)


def _first_problem(error: Exception) -> tuple[str, str]:
    """Path and reason of what is to be told of a failed structuring.

    A member that is unknown goes before one that is missing: it may be that one, misspelt.
    """
    if isinstance(error, IterableValidationError):
        item, place = error.group_exceptions()[0][0]
        path, reason = _first_problem(item)
        return f"[{place.index}]{path}", reason
    if not isinstance(error, ClassValidationError):
        return getattr(error, "path", ""), str(error)
    names = {member.attribute: member.name for member in members_of(error.cl)}
    of_members, others = error.group_exceptions()
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            unknown = shorten(min(other.extra_fields))
            known = ", ".join(names.values())
            return "", f"unknown member {unknown!r} (known: {known or 'none'})"
    if not of_members:
        return "", str(others[0])  # the members are right, but not together
    cause, member = of_members[0]
    path, reason = _first_problem(cause)
    if isinstance(cause, KeyError):
        reason = "required member is missing"
    return f".{names[member.name]}{path}", reason


for _type, _read in (
    (int, members.integer),
    (float, members.number),
    (str, members.string),
    (bool, members.boolean),
    (JsonObject, members.free_object),
):
    register(_type, _read)
_register_generic(Literal, _literal)
_register_generic(tuple, _tuple)
_register_generic(Union, _union)
_register_generic(UnionType, _union)
_register_generic(Annotated, _annotated)
_CONVERTER.register_structure_hook_factory(attrs.has, _class_in)
_CONVERTER.register_structure_hook_factory(lambda wanted: isinstance(wanted, Described), _described)
