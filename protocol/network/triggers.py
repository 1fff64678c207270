"""Which transactions change the network that the coordinator knows, whoever asked for them."""

from protocol.dpa import commands
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.transaction import Outcome

_CHANGES = frozenset(
    command.key
    for command in (
        commands.CLEAR_ALL_BONDS,
        commands.BOND_NODE,
        commands.REMOVE_BOND,
        commands.DISCOVERY,
        commands.COORDINATOR_RESTORE,
        commands.AUTHORIZE_BOND,
        commands.SMART_CONNECT,
        commands.SET_MID,
    )
)


def changes_network(outcome: Outcome) -> bool:
    """Whether nodes came, left, or have other routes since; what failed has changed nothing."""
    request = outcome.request
    return (
        request.nadr == COORDINATOR
        and (request.pnum, request.pcmd) in _CHANGES
        and outcome.status == 0
    )
