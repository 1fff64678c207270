"""How members of JSON are written in PDATA: numbers, bytes, bitmaps and records."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from attrs import field, frozen

from protocol.dpa import frc
from protocol.dpa.errors import BadResponseError
from protocol.dpa.text import ranges
from protocol.errors import LocalProtocolError
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.json import array, boolean, integer

Taken = tuple[Any, bytes]
"""A value that was read, and the bytes behind it."""

MISSING = object()
"""In place of a member that is not there."""


def _as_it_is(value: object) -> object:
    return value


def _dotted(values: list[int]) -> str:
    """Bytes in hexadecimal digits with dots between them."""
    return bytes(values).hex(".") or "none"


def numbers_in_words(numbers: Iterable[int]) -> str:
    """Numbers, neighbours as a range; "none" where there are none."""
    return ranges(numbers) or "none"


@frozen(eq=False)
class Codec:
    """One member, in JSON and in PDATA.

    `type` is what it is in a request, `told` in an answer, both for documents. `read` refuses what
    is of another type, `put` makes the bytes and refuses what cannot be sent: both raise
    MemberError. `take` reads the value at the start of PDATA; it raises BadResponseError where
    there is none. `absent` is what a member counts as that is not there, MISSING where it must be.
    `words` is what people are shown of a value in an answer. `packed` is the format of a number of
    fixed size (as in `struct`, little endian), by which several are taken at once.
    """

    type: Any
    read: Callable[[object], Any]
    put: Callable[[Any], bytes]
    take: Callable[[bytes], Taken]
    told: Any = field(kw_only=True)
    absent: object = field(default=MISSING, kw_only=True)
    words: Callable[[Any], object] = field(default=_as_it_is, kw_only=True)
    packed: str = field(default="", kw_only=True)

    @told.default
    def _as_asked(self) -> Any:
        return self.type


def within(step: str, do: Callable[[Any], Any], value: Any) -> Any:
    """What `do` makes of a value; what it raises is told with the way to it."""
    try:
        return do(value)
    except (MemberError, LocalProtocolError) as error:
        raise MemberError(str(error), step + getattr(error, "path", "")) from None


def each(do: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """What `do` makes of each value."""
    return [within(f"[{index}]", do, value) for index, value in enumerate(values)]


def many(read: Callable[[Any], Any]) -> Callable[[object], list[Any]]:
    """For `Codec.read`: an array of what `read` reads."""
    return lambda value: each(read, array(value))


def taken(data: bytes, size: int) -> tuple[bytes, bytes]:
    """The first `size` bytes and the rest; raises BadResponseError where there are fewer."""
    if len(data) < size:
        raise BadResponseError(f"the response is {size - len(data)} bytes too short")
    return data[:size], data[size:]


def plain(value: float) -> float | int:
    """A number without a decimal point where it is whole."""
    return int(value) if value == int(value) else value


def never_told(_data: bytes) -> Taken:
    """For `Codec.take` of members that no response has."""
    raise NotImplementedError


def _never_asked(_value: object) -> Any:
    raise MemberError("must not be there")


def told(
    type_: Any, take: Callable[[bytes], Taken], words: Callable[[Any], object] = _as_it_is
) -> Codec:
    """A member that only responses have."""
    return Codec(type_, _never_asked, _never_asked, take, words=words)


_FORMATS = {1: "B", 2: "H", 4: "I"}


def _whole(size: int, low: int, high: int) -> Codec:
    limits, mask = Range(low, high), (1 << 8 * size) - 1

    def put(value: int) -> bytes:
        limits(value)
        return (value & mask).to_bytes(size, "little")

    def take(data: bytes) -> Taken:
        if len(data) < size:
            taken(data, size)
        return int.from_bytes(data[:size], "little"), data[size:]

    return Codec(Annotated[int, limits], integer, put, take, told=int, packed=_FORMATS[size])


# A negative number is sent as two's complement, as clients are used to.
U8 = _whole(1, 0, 0xFF)
U16 = _whole(2, -0x8000, 0xFFFF)
U32 = _whole(4, -0x8000_0000, 0xFFFF_FFFF)

_BYTE = Range(0, 0xFF)
_BYTES: Any = tuple[Annotated[int, _BYTE], ...]
_NUMBERS: Any = tuple[Annotated[int, Range(0, None)], ...]
_READ_NUMBERS = many(integer)


def _byte_string(values: list[int]) -> bytes:
    each(_BYTE, values)
    return bytes(values)


def byte_array(length: int) -> Codec:
    """As many bytes."""

    def put(values: list[int]) -> bytes:
        if len(values) != length:
            raise MemberError(f"must have {length} items, not {len(values)}")
        return _byte_string(values)

    def take(data: bytes) -> Taken:
        head, rest = taken(data, length)
        return list(head), rest

    return Codec(_BYTES, _READ_NUMBERS, put, take, told=list[int], absent=[], words=_dotted)


def rest(at_least: int = 0) -> Codec:
    """All bytes that there are."""

    def take(data: bytes) -> Taken:
        taken(data, at_least)
        return list(data), b""

    return Codec(
        _BYTES, _READ_NUMBERS, _byte_string, take, told=list[int], absent=[], words=_dotted
    )


_BITS_OF = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))
"""Which bits are set, by the byte."""


def bits(length: int | None, *, behind: int = 0, first: int = 0) -> Codec:
    """The numbers of the bits that are set in `length` bytes, or in all that there are.

    So many bytes `behind` them say nothing; bit 0 has the number `first`.
    """

    def put(numbers: list[int]) -> bytes:
        highest = Range(first, first + 8 * (length or 0) - 1)
        each(highest, numbers)
        return frc.bitmap((number - first for number in numbers), length or 0)

    def take(data: bytes) -> Taken:
        size = len(data) if length is None else length
        bitmap, left = taken(data, size + behind)
        numbers = [
            first + 8 * place + bit
            for place, byte in enumerate(bitmap[:size])
            if byte
            for bit in _BITS_OF[byte]
        ]
        return numbers, left

    return Codec(
        _NUMBERS, _READ_NUMBERS, put, take, told=list[int], absent=[], words=numbers_in_words
    )


def constant(value: bytes) -> Codec:
    """Bytes that are always the same, and no member."""
    return Codec(None, lambda _: None, lambda _: value, never_told, absent=None)


def _nothing(_value: object) -> bytes:
    return b""


def _take_switch(data: bytes) -> Taken:
    byte, left = taken(data, 1)
    return byte != b"\0", left


def _on_off(on: object) -> str:
    return "on" if on else "off"


def _pnum(value: int) -> bytes:
    Range(0, 0xFE)(value)
    return b""


SWITCH = Codec(bool, boolean, _nothing, _take_switch, words=_on_off)
"""On or off; in a request it chooses the command, and is no data."""

PNUM = Codec(Annotated[int, Range(0, 0xFE)], integer, _pnum, never_told)
"""The number of a peripheral that is part of the request's header, and no data."""
