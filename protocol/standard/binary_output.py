"""The Binary output standard: counting and switching outputs.

Source: IQRF Binary output standard. Calls are the gateway's side; State and `decode_settings`
read and write what a device is told too.
"""

from collections.abc import Iterable, Mapping

from attrs import frozen

from protocol.dpa.call import BYTE, Call, Layout
from protocol.dpa.errors import BadResponseError
from protocol.dpa.fields import at_least
from protocol.dpa.frc import bitmap, members
from protocol.dpa.peripherals.standards import OUTPUTS_ENUMERATE, OUTPUTS_SET
from protocol.errors import LocalProtocolError, RemoteProtocolError

MAX_OUTPUTS = 32

_BITMAP = 4
_MAX_TIME = 127
"""Seconds, or minutes, that one byte can say."""
_SECONDS = 0x80


def _decode_outputs(pdata: bytes) -> tuple[bool, ...]:
    on = members(at_least(pdata, _BITMAP)[:_BITMAP])
    return tuple(index in on for index in range(MAX_OUTPUTS))


def _encode_outputs(states: Iterable[bool]) -> bytes:
    return bitmap((index for index, on in enumerate(states) if on), _BITMAP)


def _decode_count(pdata: bytes) -> int:
    count = BYTE.decode(pdata)
    if count > MAX_OUTPUTS:
        raise BadResponseError(f"{count} outputs, a device has at most {MAX_OUTPUTS}")
    return count


ENUMERATE = OUTPUTS_ENUMERATE.read_as(Layout(_decode_count, BYTE.encode, 1))
SET_OUTPUT = OUTPUTS_SET.read_as(Layout(_decode_outputs, _encode_outputs, _BITMAP))

COMMANDS = (ENUMERATE, SET_OUTPUT)


@frozen
class State:
    """Off, on, or on for so many seconds.

    Up to 127 seconds any number can be sent, beyond that whole minutes up to 127.
    """

    on: bool
    seconds: int | None = None

    @classmethod
    def decode(cls, byte: int) -> "State":
        """The state in a request; raises RemoteProtocolError for the reserved 0x80."""
        if byte == _SECONDS:
            raise RemoteProtocolError("output state 0x80 is reserved")
        if byte <= 1:
            return cls(bool(byte))
        return cls(True, byte & ~_SECONDS if byte & _SECONDS else byte * 60)

    def encode(self) -> int:
        """The byte of the request; raises LocalProtocolError for a time that it cannot say."""
        if self.seconds is None:
            return int(self.on)
        if not self.on:
            raise LocalProtocolError("only an output that is switched on can have a time")
        if 1 <= self.seconds <= _MAX_TIME:
            return _SECONDS | self.seconds
        minutes, rest = divmod(self.seconds, 60)
        if rest or not 2 <= minutes <= _MAX_TIME:
            raise LocalProtocolError(
                f"an output is switched on for 1..127 s or 2..127 whole minutes, "
                f"not {self.seconds} s"
            )
        return minutes


OFF = State(on=False)
ON = State(on=True)


def count(nadr: int) -> Call[int]:
    """Ask how many outputs the device has."""
    return ENUMERATE.call(nadr)


def set_outputs(nadr: int, states: Mapping[int, State]) -> Call[tuple[bool, ...]]:
    """Switch the outputs of these indexes (0..31), none to read only.

    The answer are the 32 states before; outputs that do not exist are off. Raises
    LocalProtocolError for an index or a time that cannot be sent.
    """
    return SET_OUTPUT.call(nadr, encode_settings(states))


def encode_settings(states: Mapping[int, State]) -> bytes:
    """PDATA of SetOutput; raises LocalProtocolError."""
    return bitmap(states, _BITMAP) + bytes(state.encode() for _, state in sorted(states.items()))


def decode_settings(pdata: bytes) -> dict[int, int]:
    """What SetOutput tells a device: the state byte (see State.decode) by index.

    Raises RemoteProtocolError when there is not one byte for each output in the bitmap.
    """
    indexes = sorted(members(pdata[:_BITMAP]))
    states = pdata[_BITMAP:]
    if len(pdata) < _BITMAP or len(states) != len(indexes):
        raise RemoteProtocolError(f"{len(pdata)} bytes of PDATA for {len(indexes)} outputs")
    return dict(zip(indexes, states, strict=True))
