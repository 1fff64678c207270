"""Which single requests may go between the steps of a service that has borrowed parameters.

They must neither depend on what is borrowed (the FRC response time, above all) nor change what
the service is about: parameters, bonds, or the coordinator as a whole.
"""

from protocol.dpa.packet import BROADCAST, COORDINATOR, Request
from protocol.dpa.peripherals.coordinator import ADDR_INFO, BONDED_DEVICES, DISCOVERED_DEVICES
from protocol.dpa.peripherals.node import NODE_READ
from protocol.dpa.peripherals.os import OS_INDICATE, OS_READ, OS_READ_CONFIG
from protocol.dpa.pnum import COORDINATOR_PNUM, FRC, NODE, OS

_HARMLESS = frozenset(
    command.key
    for command in (
        ADDR_INFO,
        BONDED_DEVICES,
        DISCOVERED_DEVICES,
        NODE_READ,
        OS_INDICATE,
        OS_READ,
        OS_READ_CONFIG,
    )
)

_NODE_ITSELF = frozenset((NODE, COORDINATOR_PNUM))
"""Peripherals that are about the bonds, in a node."""
_SYSTEM = _NODE_ITSELF | {OS, FRC}
"""The same in the coordinator, and what resets it, sleeps, or runs other requests in it; a
broadcast may do that to all nodes."""


def fits_between(request: Request) -> bool:
    """Whether the request can go between the steps, and means the same there."""
    many = request.nadr in (COORDINATOR, BROADCAST)
    delicate = _SYSTEM if many else _NODE_ITSELF
    return request.pnum not in delicate or (request.pnum, request.pcmd) in _HARMLESS
