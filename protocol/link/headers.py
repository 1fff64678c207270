"""How DPA messages begin, as far as that tells them from data: for streams without marks."""

from typing import ClassVar

from attrs import define

from protocol.dpa.packet import COORDINATOR
from protocol.dpa.pnum import EXPLORATION, FIRST_USER, PERIPHERAL_INFO_PCMD, PERIPHERAL_NAMES

_RESPONSE_FLAG = 0x80
_ASYNC_FLAG = 0x80
_STATUS_CONFIRMATION = 0xFF
_PNUMS = frozenset(PERIPHERAL_NAMES) | frozenset(range(FIRST_USER, 0x3F))
_RCODES = frozenset((*range(11), *range(0x20, 0x40)))

Kind = tuple[int, ...]
"""What the headers of messages have in common that devices send alike."""


@define(eq=False, init=False)
class Header:
    """The first bytes of what may be a message, or the whole of it.

    What every message is asked is found out at once, since it is asked several times.
    """

    REQUEST: ClassVar[int] = 6
    RESPONSE: ClassVar[int] = 8
    CONFIRMATION: ClassVar[int] = 11

    data: bytes
    possible: bool
    """Whether a message can begin so: the high byte of NADR is 0."""
    complete: bool
    """Whether all of the header is there."""
    decisive: bool
    """Whether it is long enough to show what it is."""
    responds: bool
    """Whether it is that of a response."""
    confirms: bool
    """Whether it is that of a confirmation."""
    reports: bool
    """Whether it is that of a response that was sent unasked."""
    unasked: bool
    """Whether the message was sent unasked: as such a response, or built like a request."""

    def __init__(self, data: bytes) -> None:
        self.data, size = data, len(data)
        flagged = size > 3 and data[3] >= _RESPONSE_FLAG
        self.possible = size < 2 or data[1] == 0
        self.complete = size >= (self.RESPONSE if flagged else self.REQUEST)
        self.decisive = size >= (self.RESPONSE if flagged else self.REQUEST + 1)
        self.responds = flagged and self.complete
        self.confirms = (
            not flagged and size > self.REQUEST and data[self.REQUEST] == _STATUS_CONFIRMATION
        )
        self.reports = self.responds and data[6] >= _ASYNC_FLAG
        self.unasked = self.reports or not (self.responds or self.confirms)

    @property
    def address(self) -> tuple[int, int, int]:
        """NADR, PNUM, PCMD."""
        return self.data[0], self.data[2], self.data[3] & ~_RESPONSE_FLAG

    @property
    def key(self) -> tuple[int, int]:
        """PNUM, PCMD."""
        return self.data[2], self.data[3] & ~_RESPONSE_FLAG

    @property
    def rcode(self) -> int:
        """The response code without the asynchronous flag."""
        return self.data[6] & ~_ASYNC_FLAG

    @property
    def resets(self) -> bool:
        """Whether it is that of the coordinator's report of its reset."""
        return (
            len(self.data) >= self.RESPONSE
            and self.possible
            and self.address == (COORDINATOR, EXPLORATION, PERIPHERAL_INFO_PCMD)
            and self.data[6] == _ASYNC_FLAG
        )

    @property
    def kind(self) -> Kind:
        """NADR's high byte, PNUM, PCMD, and what shows best that the message was sent unasked.

        That is the response code, and for one built like a request the HWPID.
        """
        return self.data[1], *self.data[2:4], *(self.data[6:7] if self.responds else self.data[4:6])

    @property
    def plausible(self) -> bool:
        """Whether all of its members are such as there are."""
        if not self.complete or not self.possible or self.data[2] not in _PNUMS:
            return False
        return self.rcode in _RCODES if self.responds else True
