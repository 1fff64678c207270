"""The commands of the FRC peripheral: ask many nodes at once (DPA guide, "FRC")."""

from collections.abc import Iterable

from attrs import evolve, field, frozen

from protocol.dpa import frc
from protocol.dpa.call import BYTE, Call, Command, Field, Layout, bytes_named
from protocol.dpa.fields import exactly, octets, within
from protocol.dpa.packet import COORDINATOR, MAX_NODE
from protocol.dpa.pnum import FRC
from protocol.dpa.text import ranges
from protocol.dpa.timing import LOCAL_MS, Timing, frc_ms

MAX_OK_STATUS = MAX_NODE
"""Highest status of a good FRC; it counts the nodes that answered."""


@frozen
class FrcAnswer:
    """What an FRC brought: its status, and the first 55 bytes of the collected data."""

    status: int
    data: bytes = field(repr=lambda data: data.hex("."))

    @classmethod
    def decode(cls, pdata: bytes) -> "FrcAnswer":
        """Read status and data; raises BadResponseError unless they are 56 bytes."""
        exactly(pdata, 1 + frc.FRC_DATA)
        return cls(pdata[0], pdata[1:])

    def encode(self) -> bytes:
        """The 56 bytes."""
        return bytes((self.status,)) + self.data

    @property
    def ok(self) -> bool:
        """Whether nodes answered; 0xFF means that there was none, others above 0xEF an error."""
        return self.status <= MAX_OK_STATUS


def _decode_extra(pdata: bytes) -> bytes:
    return exactly(pdata, frc.EXTRA_RESULT)


_ANSWER = Layout(FrcAnswer.decode, FrcAnswer.encode, 1 + frc.FRC_DATA)


def _asked(pdata: bytes) -> list[Field]:
    width = frc.width_of(pdata[0])
    user_data = pdata[1:].hex(".") or "empty"
    return [("FRC", f"0x{pdata[0]:02X} ({width.name})"), ("user data", user_data)]


def _asked_selective(pdata: bytes) -> list[Field]:
    end = 1 + frc.SELECTED_NODES
    return [*_asked(pdata[:1] + pdata[end:]), ("nodes", ranges(frc.members(pdata[1:end])))]


def _limit(_pdata: bytes, timing: Timing) -> int:
    return frc_ms(timing) * 12 // 10 + 1000


def _usual(timing: Timing) -> int:
    return LOCAL_MS + frc_ms(timing)


def _response_time(timing: Timing, pdata: bytes, _before: int) -> Timing:
    return evolve(timing, frc_response_ms=frc.response_time_ms(pdata[0])) if pdata else timing


FRC_SEND = Command(
    FRC,
    0x00,
    "Send",
    _ANSWER,
    asks=_asked,
    carries=1,
    radio=True,
    limit_ms=_limit,
    usual_ms=_usual,
)
FRC_EXTRA_RESULT = Command(FRC, 0x01, "ExtraResult", Layout(_decode_extra, bytes, frc.EXTRA_RESULT))
FRC_SEND_SELECTIVE = Command(
    FRC,
    0x02,
    "SendSelective",
    _ANSWER,
    asks=_asked_selective,
    carries=1 + frc.SELECTED_NODES,
    radio=True,
    limit_ms=_limit,
    usual_ms=_usual,
)
FRC_SET_PARAMS = Command(
    FRC, 0x03, "SetParams", BYTE, asks=bytes_named("params"), teaches=_response_time
)

FRC_SENDS = frozenset((FRC_SEND.key, FRC_SEND_SELECTIVE.key))
"""The two that ask nodes."""

FRC_COMMANDS = (FRC_SEND, FRC_EXTRA_RESULT, FRC_SEND_SELECTIVE, FRC_SET_PARAMS)


def frc_send(command: int, user_data: bytes = bytes(frc.MIN_USER_DATA)) -> Call[FrcAnswer]:
    """Ask all nodes; `user_data` has 2..30 bytes."""
    within("length of user data", len(user_data), frc.MIN_USER_DATA, frc.MAX_USER_DATA)
    return FRC_SEND.call(COORDINATOR, octets(command=command) + user_data)


def frc_send_selective(
    command: int, nodes: Iterable[int], user_data: bytes = bytes(frc.MIN_USER_DATA)
) -> Call[FrcAnswer]:
    """Ask only `nodes`; `user_data` has 2..25 bytes."""
    within("length of user data", len(user_data), frc.MIN_USER_DATA, frc.MAX_SELECTIVE_USER_DATA)
    pdata = octets(command=command) + frc.bitmap(nodes) + user_data
    return FRC_SEND_SELECTIVE.call(COORDINATOR, pdata)


def frc_extra_result() -> Call[bytes]:
    """The last nine bytes; it must follow the FRC at once."""
    return FRC_EXTRA_RESULT.call(COORDINATOR)


def frc_set_params(value: int) -> Call[int]:
    """Set offline FRC (bit 3) and response time (bits 4-6); the value is the previous setting.

    The coordinator clears bit 3 after the next FRC.
    """
    return FRC_SET_PARAMS.call(COORDINATOR, octets(params=value))
