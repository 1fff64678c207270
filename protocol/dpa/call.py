"""What a DPA command is: its numbers, its data, and all that is known of it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from protocol.dpa.fields import Packed, at_least
from protocol.dpa.packet import ANY_HWPID, Request
from protocol.dpa.pnum import PERIPHERAL_NAMES
from protocol.dpa.timing import DEFAULT_MS, LOCAL_MS, Timing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@frozen
class Call(Generic[T_co]):
    """A request together with how its response's PDATA is read.

    `decode` raises BadResponseError when PDATA is not what the command promises. Bytes behind
    the promised ones are no error: later DPA versions append members.
    """

    request: Request
    decode: Callable[[bytes], T_co]

    def for_hwpid(self, hwpid: int) -> "Call[T_co]":
        """The same call, executed only by devices of this HWPID."""
        return evolve(self, request=evolve(self.request, hwpid=hwpid))


@frozen
class Layout(Generic[T]):
    """The two directions between a response's PDATA and its value.

    The gateway decodes; a device, such as a simulated one, encodes. `length` is how many bytes of
    PDATA there are, None where that differs.
    """

    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]
    length: int | None = None


EVERYTHING = slice(0, None)
"""For `secret_request` and `secret_response`: all of PDATA."""

Field = tuple[str, str]
"""Name and value of something in a frame, for people."""


def _at_once(_pdata: bytes) -> int:
    return 0


@frozen
class Command(Generic[T]):
    """One row of the table of commands. All times are milliseconds, PDATA is that of the request.

    `asks` tells what is in PDATA, for people; it raises IndexError or ValueError where PDATA is too
    short. `length_asked` is how many bytes of PDATA the response has where the request says so.

    `radio` is whether the coordinator occupies the air when it is asked for this itself; `deaf`
    whether it then hears nothing from its interface. `busy_ms` is how long PDATA itself asks a
    device to be busy. `limit_ms` is what the coordinator may take at most beside that, `usual_ms`
    what a simulated one takes: numbers, or functions of what is known of the network.

    `teaches` is what a good answer of the coordinator, with the PDATA that it answers, says about
    the network's timing. `changes_network`: nodes come, leave, or have other routes by it.

    `secret_request` and `secret_response` are the bytes of PDATA that are keys of the network.
    `carries` is where in PDATA other requests begin, each behind its length.
    """

    pnum: int
    pcmd: int
    name: str
    layout: Layout[T] = field(repr=False)
    asks: Callable[[bytes], list[Field]] | None = field(default=None, kw_only=True, repr=False)
    length_asked: Callable[[bytes], int] | None = field(default=None, kw_only=True, repr=False)
    radio: bool = field(default=False, kw_only=True, repr=False)
    deaf: bool = field(kw_only=True, repr=False)
    busy_ms: Callable[[bytes], int] = field(default=_at_once, kw_only=True, repr=False)
    limit_ms: int | Callable[[bytes, Timing], int] = field(
        default=DEFAULT_MS, kw_only=True, repr=False
    )
    usual_ms: int | Callable[[Timing], int] = field(default=LOCAL_MS, kw_only=True, repr=False)
    teaches: Callable[[Timing, bytes, T], Timing] | None = field(
        default=None, kw_only=True, repr=False
    )
    changes_network: bool = field(default=False, kw_only=True, repr=False)
    secret_request: slice | None = field(default=None, kw_only=True, repr=False)
    secret_response: slice | None = field(default=None, kw_only=True, repr=False)
    carries: int | None = field(default=None, kw_only=True, repr=False)
    key: tuple[int, int] = field(init=False, repr=False)
    """What a packet is recognised by: PNUM and PCMD without the response flag."""

    @deaf.default
    def _deaf_while_on_air(self) -> bool:
        return self.radio

    @key.default
    def _make_key(self) -> tuple[int, int]:
        return self.pnum, self.pcmd

    @property
    def peripheral(self) -> str:
        """The name of the peripheral."""
        return PERIPHERAL_NAMES[self.pnum]

    @property
    def decode(self) -> Callable[[bytes], T]:
        """PDATA of the response to value; raises BadResponseError."""
        return self.layout.decode

    @property
    def encode(self) -> Callable[[T], bytes]:
        """Value to PDATA of the response."""
        return self.layout.encode

    def read_as(self, layout: Layout[U]) -> "Command[U]":
        """The same command with another layout of its response, of the same length."""
        return cast("Command[U]", evolve(cast("Command[Any]", self), layout=layout))

    def local_limit_ms(self, pdata: bytes, timing: Timing) -> int:
        """How long the coordinator may take to answer this."""
        limit = self.limit_ms if isinstance(self.limit_ms, int) else self.limit_ms(pdata, timing)
        return limit + self.busy_ms(pdata)

    def simulated_ms(self, pdata: bytes, timing: Timing) -> int:
        """How long a simulated coordinator takes to answer this."""
        usual = self.usual_ms if isinstance(self.usual_ms, int) else self.usual_ms(timing)
        return usual + self.busy_ms(pdata)

    def call(
        self,
        nadr: int,
        pdata: bytes = b"",
        *,
        decode: Callable[[bytes], T] | None = None,
        hwpid: int = ANY_HWPID,
    ) -> Call[T]:
        """This command to the device at `nadr`; `decode` where it depends on the request."""
        request = Request(nadr, self.pnum, self.pcmd, pdata, hwpid)
        return Call(request, decode or self.layout.decode)


def _decode_nothing(_pdata: bytes) -> None:
    return None


def _encode_nothing(_value: None) -> bytes:
    return b""


NOTHING: Layout[None] = Layout(_decode_nothing, _encode_nothing, 0)
BYTE: Layout[int] = Layout(lambda pdata: at_least(pdata, 1)[0], lambda value: bytes((value,)), 1)
RAW: Layout[bytes] = Layout(bytes, bytes)


def raw(length: int) -> Layout[bytes]:
    """The layout of so many bytes as they are."""
    return Layout(bytes, bytes, length)


P = TypeVar("P", bound=Packed)


def packed(cls: type[P]) -> Layout[P]:
    """The layout of values that stand in PDATA member by member."""
    return Layout(cls.decode, cls.encode, cls.layout.size)


def bytes_named(*names: str) -> Callable[[bytes], list[Field]]:
    """For `asks`: PDATA that is one byte each."""

    def read(pdata: bytes) -> list[Field]:
        return [(name, str(pdata[at])) for at, name in enumerate(names)]

    return read
