"""What is counted of the traffic with a coordinator."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from protocol.dpa.packet import BROADCAST, Request
from protocol.dpa.peripherals.coordinator import DISCOVERY
from protocol.dpa.peripherals.frc import FRC_SENDS
from protocol.dpa.timing import is_remote


class Count(StrEnum):
    """What is counted. The first five are transactions."""

    UNICAST = "unicast"
    BROADCAST = "broadcast"
    FRC = "frc"
    DISCOVERY = "discovery"
    LOCAL = "local"
    TIMEOUT = "timeout"
    LATE = "late"
    """Frames that answered a request given up before."""
    DISPUTED = "disputed"
    """Answers that were taken while one to an earlier request of the same command was still due."""
    UNEXPECTED = "unexpected"
    """Frames that answered nothing: duplicates, mostly."""
    GARBAGE = "garbage"
    """Frames that are no DPA."""
    ASYNCHRONOUS = "asynchronous"
    OPENED = "opened"
    RESET = "reset"


@frozen
class Counters:
    """Everything counted since the start, at one moment."""

    counts: Mapping[Count, int]

    def __getitem__(self, count: Count) -> int:
        """How often."""
        return self.counts.get(count, 0)

    @property
    def transactions(self) -> int:
        """All that was asked: of nodes, of all of them, of the coordinator."""
        return self.radio + self[Count.BROADCAST] + self[Count.LOCAL]

    @property
    def radio(self) -> int:
        """Radio transactions: unicasts to nodes, FRC, discoveries; what the network can feel."""
        return self[Count.UNICAST] + self[Count.FRC] + self[Count.DISCOVERY]


def kind_of(request: Request) -> Count:
    """What the transaction of `request` counts as."""
    if is_remote(request):
        return Count.BROADCAST if request.nadr == BROADCAST else Count.UNICAST
    key = request.pnum, request.pcmd
    if key in FRC_SENDS:
        return Count.FRC
    return Count.DISCOVERY if key == DISCOVERY.key else Count.LOCAL
