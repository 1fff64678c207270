"""How long DPA takes: the length of slots, of routing, and of an FRC.

All times are milliseconds. The formulas are those of the DPA guide ("Timing") and of the vendor's
host library; where the two leave a choice the longer time is taken.
"""

from enum import Enum

from attrs import field, frozen

from protocol.dpa.frc import response_time_ms
from protocol.dpa.packet import COORDINATOR, MAX_NODE, MAX_PDATA, Confirmation, Request

DEFAULT_MS = 500
"""What a transaction is given at least (the default of the vendor's gateway)."""

LOCAL_MS = 3
"""What a simulated coordinator takes for its own commands, and until it confirms one to a node."""

LOCAL_DEVICE = 0xFC
"""NADR of the device on this very interface; like the coordinator it answers without radio."""

ROUTING_RESERVE_MS = 40
"""Added to the slots of a routing before it counts as over (vendor's host library)."""

LONGEST_SLOT_MS = 200
"""There is no longer one; with slots of this length (diagnostics) those back are as long."""
_LONGEST_STD_SLOT_MS = 60

SHORTEST_UNICAST_MS = 80
"""One slot to the node and one back, the shortest there are: no node answers sooner."""

SHORTEST_FRC_MS = 100
"""An FRC waits 40 ms for the nodes at least, and one slot goes there and one comes back."""

SHORTEST_LOCAL_MS = 1
"""The coordinator itself takes 1 to 3 ms, and two frames have to go over the wire."""


class RfMode(Enum):
    """How nodes listen: always (STD), or by waking up now and then (LP, longer slots)."""

    STD = "STD"
    LP = "LP"


def _at_most_all(nodes: int) -> int:
    """A number of nodes as a coordinator tells it, which may be nonsense."""
    return min(nodes, MAX_NODE)


@frozen
class Timing:
    """What the formulas need to know of the network; by default the worst, as nothing is known."""

    rf_mode: RfMode = RfMode.LP
    bonded: int = field(default=MAX_NODE, converter=_at_most_all)
    discovered: int = field(default=MAX_NODE, converter=_at_most_all)
    frc_response_ms: int = response_time_ms(0)

    def __str__(self) -> str:
        """For the log."""
        nodes = f"{self.bonded} nodes bonded, {self.discovered} discovered"
        return f"{self.rf_mode.value} network, {nodes}, FRC response time {self.frc_response_ms} ms"


def slot_ms(rf_mode: RfMode, pdata_length: int) -> int:
    """The slot that a message with so many bytes of PDATA takes."""
    base = 40 if rf_mode is RfMode.STD else 80
    if pdata_length < 17:
        return base
    return base + 10 if pdata_length < 41 else base + 20


def request_ms(confirmation: Confirmation) -> int:
    """How long the routing towards the node, or of a broadcast, occupies the air."""
    return _slots(confirmation.hops) * min(confirmation.timeslot_ms, LONGEST_SLOT_MS)


def response_ms(confirmation: Confirmation, pdata_length: int = MAX_PDATA) -> int:
    """How long the routing of the response occupies the air, at its longest if it is not known.

    The length of the slots towards the node tells the RF mode.
    """
    return _slots(confirmation.hops_response) * _response_slot_ms(confirmation, pdata_length)


def _slots(hops: int) -> int:
    """How many slots a routing has; a damaged frame may speak of more hops than there are nodes."""
    return min(hops, MAX_NODE) + 1


def _response_slot_ms(confirmation: Confirmation, pdata_length: int) -> int:
    if confirmation.timeslot_ms >= LONGEST_SLOT_MS:
        return LONGEST_SLOT_MS
    lp = confirmation.timeslot_ms > _LONGEST_STD_SLOT_MS
    return slot_ms(RfMode.LP if lp else RfMode.STD, pdata_length)


def air_ms(confirmation: Confirmation, pdata_length: int = MAX_PDATA) -> int:
    """How long a confirmed unicast and its response occupy the air."""
    return request_ms(confirmation) + response_ms(confirmation, pdata_length)


def soonest_ms(confirmation: Confirmation) -> int:
    """When a confirmed unicast is answered at the soonest, counted from its confirmation.

    A request takes all its slots; who is in direct range is then heard in the first slot.
    """
    return request_ms(confirmation) + _response_slot_ms(confirmation, 0)


def estimate_ms(confirmation: Confirmation) -> int:
    """When a confirmed unicast is answered at the latest, counted from its confirmation."""
    return air_ms(confirmation) + ROUTING_RESERVE_MS


def broadcast_ms(confirmation: Confirmation) -> int:
    """When a confirmed broadcast is over."""
    return request_ms(confirmation) + ROUTING_RESERVE_MS


def frc_ms(timing: Timing) -> int:
    """How long an FRC takes; it goes through the whole network, whoever is selected."""
    zones = min(timing.discovered, timing.bonded) + 2
    slot, reserve = (110, 220) if timing.rf_mode is RfMode.STD else (160, 260)
    return timing.bonded * 30 + zones * slot + timing.frc_response_ms + reserve


def is_remote(request: Request) -> bool:
    """Whether the request leaves the coordinator, and is confirmed before it is answered."""
    return request.nadr not in {COORDINATOR, LOCAL_DEVICE}
