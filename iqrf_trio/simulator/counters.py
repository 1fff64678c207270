"""What a simulated mesh has been asked to do, counted."""

from collections import Counter
from enum import Enum

from attrs import define, field

from protocol.dpa.packet import BROADCAST, Request
from protocol.dpa.peripherals.coordinator import DISCOVERY
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT, FRC_SEND, FRC_SEND_SELECTIVE
from protocol.dpa.timing import is_remote


class Kind(Enum):
    """What a request costs: nothing on the air, one node's time, or everybody's."""

    LOCAL = "local"
    EXTRA_RESULT = "extra result"
    UNICAST = "unicast"
    BROADCAST = "broadcast"
    FRC = "frc"
    DISCOVERY = "discovery"


_KINDS = {
    FRC_SEND.key: Kind.FRC,
    FRC_SEND_SELECTIVE.key: Kind.FRC,
    FRC_EXTRA_RESULT.key: Kind.EXTRA_RESULT,
    DISCOVERY.key: Kind.DISCOVERY,
}

_RADIO = (Kind.UNICAST, Kind.FRC, Kind.DISCOVERY)


def kind_of(request: Request) -> Kind:
    """What kind of request it is."""
    if is_remote(request):
        return Kind.BROADCAST if request.nadr == BROADCAST else Kind.UNICAST
    return _KINDS.get((request.pnum, request.pcmd), Kind.LOCAL)


@define
class Counters:
    """Frames from and to the gateway, requests by kind, and how long the air was busy.

    `ignored` are frames that were no request, or came while the coordinator could not listen.
    `air_s` is in seconds.
    """

    received: int = 0
    sent: int = 0
    ignored: int = 0
    air_s: float = 0.0
    requests: Counter[Kind] = field(factory=Counter)

    @property
    def radio(self) -> int:
        """Radio transactions: unicasts to nodes, FRCs and discoveries."""
        return sum(self.requests[kind] for kind in _RADIO)
