"""Which transactions change the network that the coordinator knows, whoever asked for them."""

from collections.abc import Mapping

from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import COORDINATOR_COMMANDS, SET_MID
from protocol.dpa.peripherals.os import OS_BATCH, batched
from protocol.dpa.transaction import Outcome

_CHANGING = frozenset(command.key for command in COORDINATOR_COMMANDS if command.changes_network)

PERIPHERALS = frozenset({SET_MID.pnum, OS_BATCH.pnum})
"""Nothing that changes the network is asked of any other one."""

_SET_MID_LENGTH = 5
"""MID (4 bytes, LSB first) and address."""


def changes_network(outcome: Outcome) -> bool:
    """Whether nodes came, left, or have other routes since; what failed has changed nothing."""
    request = outcome.request
    if request.nadr != COORDINATOR or outcome.status != 0:
        return False
    if (request.pnum, request.pcmd) == OS_BATCH.key:
        return any(each in _CHANGING for each in batched(request.pdata))
    return (request.pnum, request.pcmd) in _CHANGING


def corrected_mid(outcome: Outcome) -> Mapping[int, int]:
    """The MID that SetMID has written into the coordinator's table, by address; else nothing.

    It says who is there and has been there before: the device stays the same.
    """
    request = outcome.request
    if request.nadr != COORDINATOR or (request.pnum, request.pcmd) != SET_MID.key:
        return {}
    if outcome.status != 0 or len(request.pdata) != _SET_MID_LENGTH:
        return {}
    return {request.pdata[4]: int.from_bytes(request.pdata[:4], "little")}
