"""The Light standard: LDI (DALI) commands and the analogue output (LAI), by request and by FRC.

Source: IQRF Light standard; its peripheral and first commands are those of the former DALI
standard. Calls are the gateway's side; encoders and decoders serve a device too.
"""

from collections.abc import Iterable, Sequence

from attrs import frozen

from protocol.dpa.call import Call, Layout
from protocol.dpa.errors import BadResponseError
from protocol.dpa.fields import at_least, exactly, octets, within, word
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.standards import LIGHT_SEND_LDI, LIGHT_SEND_LDI_ASYNC, LIGHT_SET_LAI
from protocol.dpa.pnum import LIGHT
from protocol.errors import RemoteProtocolError

MAX_MILLIVOLTS = 10_000

_COMMAND = 2
"""Bytes of an LDI command, high byte first; its answer is as long."""
_ONLY_READ = 0x8000
_SIGN = 0x8000
_STATUS = 0x80
_CODES = 4
"""FRC values below it are no voltage: silent, unsupported, error, reserved."""


@frozen
class LdiAnswer:
    """What became of one LDI command: the status byte (bit 7 always set) and the answer's value."""

    status: int
    value: int

    @property
    def answered(self) -> bool:
        """Whether the lamp answered, so that `value` says something."""
        return bool(self.status & 0x01)

    @property
    def faulty(self) -> bool:
        """Whether an answer came that could not be understood."""
        return bool(self.status & 0x02)


def _decode_answers(pdata: bytes) -> tuple[LdiAnswer, ...]:
    if len(pdata) % _COMMAND:
        raise BadResponseError(f"{len(pdata)} bytes are not pairs of status and value")
    pairs = zip(pdata[::_COMMAND], pdata[1::_COMMAND], strict=True)
    return tuple(LdiAnswer(status, value) for status, value in pairs)


def _encode_answers(answers: Iterable[LdiAnswer]) -> bytes:
    return b"".join(octets(status=answer.status, value=answer.value) for answer in answers)


def _decode_millivolts(pdata: bytes) -> int:
    return int.from_bytes(at_least(pdata, 2)[:2], "little")


def _encode_millivolts(millivolts: int) -> bytes:
    return word("millivolts", millivolts)


SEND_LDI = LIGHT_SEND_LDI.read_as(Layout(_decode_answers, _encode_answers))
SEND_LDI_ASYNC = LIGHT_SEND_LDI_ASYNC
SET_LAI = LIGHT_SET_LAI.read_as(Layout(_decode_millivolts, _encode_millivolts, 2))

COMMANDS = (SEND_LDI, SEND_LDI_ASYNC, SET_LAI)


def send_ldi(nadr: int, commands: Sequence[int]) -> Call[tuple[LdiAnswer, ...]]:
    """Send LDI commands (0..0xFFFF, at most 28); one answer for each of them.

    Raises LocalProtocolError for a command that is none, or more than fit.
    """
    expected = _COMMAND * len(commands)
    request = Request(nadr, SEND_LDI.pnum, SEND_LDI.pcmd, encode_ldi(commands))
    return Call(request, lambda pdata: _decode_answers(exactly(pdata, expected)))


def send_ldi_async(nadr: int, commands: Sequence[int]) -> Call[None]:
    """Send LDI commands without waiting for the lamps: their answers come asynchronously."""
    return SEND_LDI_ASYNC.call(nadr, encode_ldi(commands))


def set_lai(nadr: int, millivolts: int | None) -> Call[int]:
    """Set the analogue output (0..10000 mV), None to read only; the answer are the mV before.

    Raises LocalProtocolError for another voltage.
    """
    if millivolts is None:
        setting = _ONLY_READ
    else:
        setting = within("millivolts", millivolts, 0, MAX_MILLIVOLTS)
    return SET_LAI.call(nadr, word("setting", setting))


def encode_ldi(commands: Iterable[int]) -> bytes:
    """PDATA of LDI commands; raises LocalProtocolError."""
    return b"".join(word("LDI command", command)[::-1] for command in commands)


def decode_ldi(pdata: bytes) -> tuple[int, ...]:
    """The LDI commands that a device is sent; raises RemoteProtocolError for half a command."""
    if len(pdata) % _COMMAND:
        raise RemoteProtocolError(f"{len(pdata)} bytes are not LDI commands")
    starts = range(0, len(pdata), _COMMAND)
    return tuple(int.from_bytes(pdata[start : start + _COMMAND], "big") for start in starts)


def decode_lai(pdata: bytes) -> int | None:
    """The voltage that a device is told to set, in mV, or None to read only.

    The device refuses what is above 10 V. Raises RemoteProtocolError for a wrong length.
    """
    if len(pdata) != 2:
        raise RemoteProtocolError(f"{len(pdata)} bytes are no voltage")
    setting = int.from_bytes(pdata, "little")
    return None if setting == _ONLY_READ else setting


def ldi_user_data(command: int) -> bytes:
    """User data of the FRC that sends one LDI command (protocol.dpa.frc.LIGHT_SEND_LDI)."""
    return octets(PNUM=LIGHT) + encode_ldi((command,)) + b"\0"


LAI_USER_DATA = bytes((LIGHT, 0))
"""User data of the FRC that reads the voltages (protocol.dpa.frc.LIGHT_READ_LAI)."""


def decode_ldi_frc(frc: int) -> LdiAnswer | None:
    """One node's answer to an LDI command by FRC; None when it is none.

    Status and value stand in either order, by firmware; bit 7 tells which byte is the status.
    """
    first, second = frc & 0xFF, frc >> 8
    if first & _STATUS:
        return LdiAnswer(first, second)
    return LdiAnswer(second, first) if second & _STATUS else None


def encode_ldi_frc(answer: LdiAnswer | None) -> int:
    """The FRC value of an answer, status first; 0 for a node that has none."""
    return answer.status | answer.value << 8 if answer else 0


def decode_lai_frc(frc: int) -> int | None:
    """The mV of one node in an FRC; None when the node kept silent or has none to tell."""
    if frc < _CODES:
        return None
    millivolts = frc ^ _SIGN
    return millivolts - 0x10000 if millivolts & _SIGN else millivolts


def encode_lai_frc(millivolts: int) -> int:
    """The FRC value of a voltage in mV; raises LocalProtocolError when it is out of range."""
    return within("millivolts", millivolts, 0, MAX_MILLIVOLTS) ^ _SIGN
