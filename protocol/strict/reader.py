"""The one reader of foreign values: parsed JSON or TOML becomes classes, or a reason with its path.

How classes declare their members is told in `shape`. Classes with `open_to_extras = True` pass over
members they do not know, all others refuse them. What reads a class is made when it is first read.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

import attrs
from attrs import define, field
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from protocol.strict.errors import MemberError
from protocol.strict.shape import (
    Described,
    Member,
    alternatives,
    annotations,
    bare_class,
    checks_of,
    is_open,
    members_of,
)

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]
"""Takes a parsed value and the type wanted; raises MemberError, or cattrs' groups of them."""


class Words(ABC):
    """What a format calls its values, in the reasons for those who write it."""

    missing: ClassVar[str]
    """The reason for a member that has to be there."""

    @abstractmethod
    def name_of(self, member: Member) -> str:
        """How a member is spelt."""

    @abstractmethod
    def shown(self, value: object) -> str:
        """What a value is, or the value itself where that helps."""

    @abstractmethod
    def array(self, item: Any) -> str:
        """What an array of such items is called."""

    @abstractmethod
    def one_of(self, value: object, words: tuple[str, ...]) -> object:
        """`value`, one of these texts; raises MemberError for any other."""

    @abstractmethod
    def unknown(self, name: str, known: Sequence[str]) -> MemberError:
        """The refusal of a member that an object does not have."""

    @abstractmethod
    def no_object(self, value: object, known: Sequence[str]) -> MemberError:
        """The refusal of what is no object where one with these members is due."""


@define
class Reader:
    """Reads values of one format; `register` says how each scalar type is read."""

    words: Words
    _converter: Converter = field(init=False, factory=Converter)

    def __attrs_post_init__(self) -> None:
        """Replace cattrs' own hooks, which turn 5 into "5" and "no" into True."""
        generics: tuple[tuple[Any, Callable[[Any], Hook]], ...] = (
            (Literal, self._literal),
            (tuple, self._tuple),
            (Union, self._union),
            (UnionType, self._union),
            (Annotated, self._annotated),
        )
        for origin, factory in generics:
            self._converter.register_structure_hook_factory(_comes_from(origin), factory)
        self._converter.register_structure_hook_factory(attrs.has, self._class)
        self._converter.register_structure_hook_factory(_is_described, _described)

    def register(self, type_: Any, read: Callable[[object], object]) -> None:
        """Let `read` make values of `type_`; it raises MemberError for what cannot be one."""

        def hook(value: object, _: object) -> object:
            return read(value)

        if isinstance(type_, type):
            self._converter.register_structure_hook(type_, hook)
        else:
            self._converter.register_structure_hook_func(lambda wanted: bool(wanted == type_), hook)

    def reading(
        self, type_: type[T], refusal: Callable[[MemberError], Exception]
    ) -> Callable[[object], T]:
        """What makes a `type_` of a value, or raises what `refusal` makes of the MemberError."""
        hook: Hook = self._hook(type_)

        def read(value: object) -> T:
            try:
                made: T = hook(value, type_)
            except (MemberError, ClassValidationError, IterableValidationError) as error:
                raise refusal(self._first_problem(error)) from None
            return made

        return read

    def _hook(self, type_: Any) -> Hook:
        return self._converter.get_structure_hook(type_)

    def _literal(self, type_: Any) -> Hook:
        words = get_args(type_)
        return lambda value, _: self.words.one_of(value, words)

    def _annotated(self, type_: Any) -> Hook:
        base, checks = annotations(type_)[0], checks_of(type_)
        if not checks:
            return self._hook(base)

        def read(value: object, _: object) -> Any:
            result = self._converter.structure(value, base)
            for check in checks:
                check(result)
            return result

        return read

    def _union(self, type_: Any) -> Hook:
        """Null where it may be, and one type, or one type and an array."""
        given = [kind for kind in alternatives(type_) if kind is not NoneType]
        hooks = {_is_array(kind): (self._hook(kind), kind) for kind in given}
        if len(hooks) != len(given):
            raise TypeError(f"{type_}: an array and one other type at most")
        nullable = len(given) != len(alternatives(type_))

        def read(value: object, _: object) -> Any:
            if value is None and nullable:
                return None
            hook, kind = hooks.get(isinstance(value, list)) or next(iter(hooks.values()))
            return hook(value, kind)

        return read

    def _tuple(self, type_: Any) -> Hook:
        item = get_args(type_)[0]
        items: Any = GenericAlias(list, item)
        due = self.words.array(item)

        def read(value: object, _: object) -> Any:
            if not isinstance(value, list):
                raise MemberError(f"must be {due}, not {self.words.shown(value)}")
            return tuple(self._converter.structure(value, items))

        return read

    def _class(self, cls: type) -> Hook:
        members = members_of(cls)
        known = [self.words.name_of(member) for member in members]
        # Also those that are no members, which would count as known otherwise.
        overrides: dict[str, Any] = {
            each.name: override(omit=True) for each in attrs.fields(bare_class(cls))
        }
        overrides |= {
            member.attribute: override(rename=name, struct_hook=self._hook(member.type))
            for member, name in zip(members, known, strict=True)
        }
        overrides["_cattrs_forbid_extra_keys"] = not is_open(cls)
        read_members: Hook = make_dict_structure_fn(cls, self._converter, **overrides)

        def read(value: object, type_: object) -> Any:
            if not isinstance(value, dict):
                raise self.words.no_object(value, known)
            return read_members(value, type_)

        return read

    def _first_problem(self, error: Exception) -> MemberError:
        """What is to be told of a failed reading, with the path from the outermost value.

        A member that is unknown goes before one that is missing: it may be that one, misspelt.
        """
        if isinstance(error, IterableValidationError):
            item, place = error.group_exceptions()[0][0]
            return _within(f"[{place.index}]", self._first_problem(item))
        if not isinstance(error, ClassValidationError):
            return error if isinstance(error, MemberError) else MemberError(str(error))
        names = {each.attribute: self.words.name_of(each) for each in members_of(error.cl)}
        of_members, others = error.group_exceptions()
        for other in others:
            if isinstance(other, ForbiddenExtraKeysError):
                return self.words.unknown(min(other.extra_fields), list(names.values()))
        if not of_members:  # the members are right, but not together
            return self._first_problem(others[0])
        cause, member = of_members[0]
        missing = isinstance(cause, KeyError)
        problem = MemberError(self.words.missing) if missing else self._first_problem(cause)
        return _within(f".{names[member.name]}", problem)


def _within(path: str, problem: MemberError) -> MemberError:
    return MemberError(problem.reason, path + problem.path, problem.fix)


def _comes_from(origin: Any) -> Callable[[Any], bool]:
    return lambda wanted: bool(get_origin(wanted) == origin)


def _is_array(type_: Any) -> bool:
    return get_origin(annotations(type_)[0]) is tuple


def _is_described(wanted: Any) -> bool:
    return isinstance(wanted, Described)


def _described(described: Any) -> Hook:
    return lambda value, _: described.read(value)
