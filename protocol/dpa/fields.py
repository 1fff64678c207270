"""The members of PDATA: checked before they are sent, and after they were received."""

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Self

from attrs import astuple, frozen

from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import MAX_NODE
from protocol.errors import LocalProtocolError


@frozen
class Packed:
    """Base of values whose members stand in PDATA one after another, as `layout` says."""

    layout: ClassVar[struct.Struct]

    @classmethod
    def decode(cls, pdata: bytes) -> Self:
        """Read the members at the start of `pdata`; raises BadResponseError if it is shorter."""
        build: Callable[..., Self] = cls
        return build(*unpacked(cls.layout, pdata))

    def encode(self) -> bytes:
        """The PDATA with just these members."""
        return self.layout.pack(*astuple(self))


def unpacked(layout: struct.Struct, pdata: bytes) -> tuple[Any, ...]:
    """The members of `layout` at the start of `pdata`; raises BadResponseError if it is shorter."""
    at_least(pdata, layout.size)
    return layout.unpack_from(pdata)


def at_least(pdata: bytes, size: int) -> bytes:
    """`pdata`, if it has that many bytes; otherwise raises BadResponseError."""
    if len(pdata) < size:
        raise BadResponseError(f"{len(pdata)} bytes of PDATA where {size} are promised")
    return pdata


def exactly(pdata: bytes, size: int) -> bytes:
    """`pdata`, if it has just that many bytes; otherwise raises BadResponseError."""
    if len(pdata) != size:
        raise BadResponseError(f"{len(pdata)} bytes of PDATA where {size} are promised")
    return pdata


def within(name: str, value: int, low: int, high: int) -> int:
    """`value`, if it is in `low..high`; otherwise raises LocalProtocolError."""
    if not low <= value <= high:
        raise LocalProtocolError(f"{name} {value} is not in {low}..{high}")
    return value


def octets(**members: int) -> bytes:
    """One byte per member; raises LocalProtocolError with the name of one that is no byte."""
    return bytes(within(name, value, 0, 0xFF) for name, value in members.items())


def word(name: str, value: int) -> bytes:
    """Two bytes, little endian; raises LocalProtocolError."""
    return within(name, value, 0, 0xFFFF).to_bytes(2, "little")


def module_id(mid: int) -> bytes:
    """The four bytes of a MID, least significant first; raises LocalProtocolError."""
    return within("MID", mid, 0, 0xFFFFFFFF).to_bytes(4, "little")


def node_address(address: int) -> int:
    """`address`, if a bonded node can have it; otherwise raises LocalProtocolError."""
    return within("address", address, 1, MAX_NODE)
