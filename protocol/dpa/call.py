"""What a DPA command is: its place in the table, and how the response's PDATA is read."""

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import evolve, field, frozen

from protocol.dpa.fields import at_least
from protocol.dpa.packet import ANY_HWPID, Request
from protocol.dpa.pnum import PERIPHERAL_NAMES

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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

    The gateway decodes; a device, such as a simulated one, encodes.
    """

    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]


@frozen
class Command(Generic[T]):
    """One row of the table of commands."""

    pnum: int
    pcmd: int
    name: str
    layout: Layout[T] = field(repr=False)
    key: tuple[int, int] = field(init=False, repr=False)
    """What a packet is recognised by: PNUM and PCMD without the response flag."""

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


NOTHING: Layout[None] = Layout(_decode_nothing, _encode_nothing)
BYTE: Layout[int] = Layout(lambda pdata: at_least(pdata, 1)[0], lambda value: bytes((value,)))
RAW: Layout[bytes] = Layout(bytes, bytes)
