"""Which bytes of a DPA frame are keys of the network, so that they stay out of files and logs.

Keys are the access password and the user key (OS Set Security), a node's individual bonding key
(OS Read, Coordinator SmartConnect), and the blocks of a backup, which hold the network's own
password. MIDs are printed on the modules and are no keys. A request may also be carried by another
one: in a batch, by an acknowledged broadcast, or over a bridge. What somebody reads out of a node's
memory by address is not recognized.
"""

from collections.abc import Collection, Iterator

from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.coordinator import BRIDGE
from protocol.dpa.pnum import FRC

MASK = "**"
"""How a byte that is not shown is written."""

_HEADER, _ANSWER_HEADER = 6, 8
_NADR_SIZE = 2
_CONFIRMATION_LENGTH, _CONFIRMED = 11, 0xFF
_ANSWER = 0x80

_ACKNOWLEDGED = frozenset({0x02, 0x81})
"""The FRC commands that carry a request."""


def key_positions(frame: bytes) -> frozenset[int]:
    """The indices of the bytes that are keys, in a frame of either direction, whole or not."""
    return frozenset(_keys(frame, 0))


def shown(frame: bytes, masked: Collection[int] | None = None) -> str:
    """`frame` in hexadecimal with dots between; keys, or the bytes at `masked`, as asterisks."""
    hidden = key_positions(frame) if masked is None else masked
    return ".".join(MASK if at in hidden else f"{byte:02x}" for at, byte in enumerate(frame))


def _keys(frame: bytes, offset: int) -> Iterator[int]:
    if len(frame) < _HEADER or _is_confirmation(frame):
        return
    is_answer = bool(frame[3] & _ANSWER)
    header = _ANSWER_HEADER if is_answer else _HEADER
    command = COMMANDS.get((frame[2], frame[3] & ~_ANSWER))
    if command is None:
        return
    secret = command.secret_response if is_answer else command.secret_request
    yield from _within(secret, header, frame, offset)
    if command is BRIDGE:
        yield from _keys(frame[header:], offset + header)
    elif not is_answer and command.carries is not None and not _is_other_frc(frame):
        yield from _carried(frame, header + command.carries, offset)


def _within(keys: slice | None, header: int, frame: bytes, offset: int) -> Iterator[int]:
    if keys is not None:
        yield from (offset + at for at in range(len(frame))[header:][keys])


def _carried(frame: bytes, start: int, offset: int) -> Iterator[int]:
    """The keys in records of length, PNUM, PCMD, HWPID and PDATA."""
    while start < len(frame) and frame[start] > 0:
        end = start + frame[start]
        # A record has no address; in its place a request has one that does not matter here.
        request = bytes(_NADR_SIZE) + frame[start + 1 : end]
        yield from _keys(request, offset + start + 1 - _NADR_SIZE)
        start = end


def _is_other_frc(frame: bytes) -> bool:
    """Whether it is an FRC that carries no request."""
    return frame[2] == FRC and (len(frame) == _HEADER or frame[_HEADER] not in _ACKNOWLEDGED)


def _is_confirmation(frame: bytes) -> bool:
    return len(frame) == _CONFIRMATION_LENGTH and frame[_HEADER] == _CONFIRMED
