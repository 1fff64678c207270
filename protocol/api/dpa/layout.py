"""The notation of PDATA: `address:u8, pData:data` are a byte, and all that follows.

A layout is members, separated by commas: the name, a colon, the codec, and what it means. `?`
behind a name: it may be missing in a request, and a response may end before it. `!` behind it: a
request without it is none. `(...)` is an array of records; with `+` behind it there is at least
one. `=00` are bytes without a name. `name|other` may have the other name in requests.

Layouts are read when they are first used.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from struct import Struct
from typing import Any

import attrs
from attrs import evolve, field, frozen

from protocol.api.dpa import collected_items, sensors, special
from protocol.api.dpa.codecs import (
    MISSING,
    PNUM,
    SWITCH,
    U8,
    U16,
    U32,
    Codec,
    Taken,
    bits,
    byte_array,
    constant,
    each,
    many,
    rest,
    within,
)
from protocol.dpa.errors import BadResponseError
from protocol.strict.errors import MemberError
from protocol.strict.json import JsonObject, an_object
from protocol.strict.shape import Described, Member

_CODECS: Mapping[str, Codec] = {
    "u8": U8,
    "u16": U16,
    "u32": U32,
    "mid": U32,
    "pnum": PNUM,
    "switch": SWITCH,
    "data": rest(),
    **special.CODECS,
    **sensors.CODECS,
    **collected_items.CODECS,
}

_BITS = re.compile(r"bits(\d*)(?:\+(\d+))?(?:/(\d+))?")
_SIZED = re.compile(r"(b|data)(\d+)")


@frozen(eq=False)
class Field:
    """A member of PDATA; without a name it is none of JSON."""

    name: str
    codec: Codec
    about: str = ""
    other_name: str = ""
    optional: bool = False
    needed: bool = False
    """Whether a request without it is refused before anything is made of it."""

    def given(self, values: JsonObject) -> Any:
        """The value in a request, MISSING where it is not there."""
        if self.name in values:
            return values[self.name]
        return values.get(self.other_name, MISSING) if self.other_name else MISSING


@frozen(eq=False)
class PData(Described):
    """The members of PDATA as an object of JSON; `text` is in the notation."""

    text: str
    open_to_extras: bool = field(default=True, kw_only=True)
    is_result: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        """A name, such as classes have: the converter calls what it makes by it."""
        return type(self).__name__

    @property
    def fields(self) -> tuple[Field, ...]:
        """The members in their order."""
        return _parsed(self.text)

    @property
    def members(self) -> tuple[Member, ...]:
        """What a client can know of the members."""
        found, ended = [], False
        for member in self.fields:
            if self.is_result:
                ended = may_be_missing = ended or member.optional
            else:
                empty = member.codec.absent is not MISSING and not member.needed
                may_be_missing = member.optional or empty
            known = Member(
                attribute=member.name,
                name=member.name,
                type=member.codec.told if self.is_result else member.codec.type,
                about=member.about,
                unit="",
                default=None if may_be_missing else attrs.NOTHING,
            )
            found.append(known)
        return tuple(known for known in found if known.name)

    def read(self, value: object) -> JsonObject:
        """The members of a request, member of its type; raises MemberError."""
        given: JsonObject = an_object(value)
        found = {}
        for member in self.fields:
            value = member.given(given)
            if value is not MISSING:
                found[member.name] = within(f".{member.name}", member.codec.read, value)
            elif member.needed:
                raise MemberError("required member is missing", f".{member.name}")
        if not self.open_to_extras:
            names = {member.name for member in self.fields}
            for name in given.keys() - names:
                raise MemberError(f"unknown member {name!r} (known: {', '.join(sorted(names))})")
        return found

    def encode(self, values: JsonObject) -> bytes:
        """PDATA of a request; raises MemberError for what cannot be sent."""
        made = []
        for member in self.fields:
            value = values.get(member.name, MISSING if member.optional else member.codec.absent)
            if value is not MISSING:
                made.append(within(f".{member.name}", member.codec.put, value))
            elif not member.optional:
                raise MemberError("must be there", f".{member.name}")
        return b"".join(made)

    def decode(self, pdata: bytes) -> dict[str, Any]:
        """The members of a response; raises BadResponseError unless it has just these."""
        found, pdata = self.take(pdata)
        if pdata:
            raise BadResponseError(f"the response is {len(pdata)} bytes too long")
        return found

    def take(self, pdata: bytes) -> tuple[dict[str, Any], bytes]:
        """The members at the start of PDATA, and what follows them."""
        found: dict[str, Any] = {}
        for run in _runs(self.text):
            if run.optional and not pdata:
                break
            if run.numbers is not None and len(pdata) >= run.numbers.size:
                found.update(zip(run.names, run.numbers.unpack_from(pdata), strict=True))
                pdata = pdata[run.numbers.size :]
                continue
            for member in run.members:
                found[member.name], pdata = member.codec.take(pdata)
        return found, pdata


@frozen(eq=False)
class _Run:
    """Members that follow one another, and are there or end together.

    `numbers` takes all of them at once where they are numbers of fixed size. What is too short for
    it is taken one by one, which tells how much is missing.
    """

    members: tuple[Field, ...]
    names: tuple[str, ...]
    numbers: Struct | None
    optional: bool


@cache
def _runs(text: str) -> tuple[_Run, ...]:
    """The members of a layout in as few runs as possible."""
    runs: list[list[Field]] = []
    for member in _parsed(text):
        packed = bool(runs) and member.codec.packed and runs[-1][-1].codec.packed
        if packed and not member.optional:
            runs[-1].append(member)
        else:
            runs.append([member])
    return tuple(map(_run, runs))


def _run(members: list[Field]) -> _Run:
    packed = "".join(member.codec.packed for member in members)
    return _Run(
        tuple(members),
        tuple(member.name for member in members),
        Struct(f"<{packed}") if packed else None,
        members[0].optional,
    )


def _records(text: str, at_least: int) -> Codec:
    record = PData(text)
    told = evolve(record, is_result=True)

    def put(values: list[JsonObject]) -> bytes:
        if len(values) < at_least:
            raise MemberError(f"must have at least {at_least} items")
        return b"".join(each(record.encode, values))

    def take(data: bytes) -> Taken:
        found: list[JsonObject] = []
        while data or len(found) < at_least:
            one, data = record.take(data)
            found.append(one)
        return found, data

    return Codec(
        _items(tuple, record), many(record.read), put, take, told=_items(list, told), absent=[]
    )


def _items(of: Any, item: Any) -> Any:
    return of[item, ...] if of is tuple else of[item]


@cache
def _codec(text: str) -> Codec:
    if text.startswith("("):
        end = text.rindex(")")
        return _records(text[1:end], at_least=int(text[end + 1 :] == "+"))
    if text in _CODECS:
        return _CODECS[text]
    if sized := _SIZED.fullmatch(text):
        make: Callable[[int], Codec] = byte_array if sized[1] == "b" else rest
        return make(int(sized[2]))
    bitmap = _BITS.fullmatch(text)
    assert bitmap, text
    length, behind, first = (int(number) if number else 0 for number in bitmap.groups())
    return bits(length or None, behind=behind, first=first)


@cache
def _parsed(text: str) -> tuple[Field, ...]:
    return tuple(_field(part.strip()) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """The members, split at the commas that are in no record."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [part for part in (*parts, text[start:]) if part.strip()]


def _field(text: str) -> Field:
    if text.startswith("="):
        return Field("", constant(bytes.fromhex(text[1:])))
    name, _, described = text.partition(":")
    if described.startswith("("):
        end = described.rindex(")") + 1
        end += described[end : end + 1] == "+"
        codec, about = described[:end], described[end:]
    else:
        codec, _, about = described.partition(" ")
    bare, _, other = name.rstrip("?!").partition("|")
    return Field(
        bare,
        _codec(codec),
        about.strip(),
        other_name=other,
        optional="?" in name,
        needed="!" in name,
    )
