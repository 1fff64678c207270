"""Which transactions change the network that the coordinator knows, whoever asked for them."""

from protocol.dpa.packet import COORDINATOR
from protocol.dpa.requests import command_of
from protocol.dpa.transaction import Outcome


def changes_network(outcome: Outcome) -> bool:
    """Whether nodes came, left, or have other routes since; what failed has changed nothing."""
    command = command_of(outcome.request)
    return (
        command is not None
        and command.changes_network
        and outcome.request.nadr == COORDINATOR
        and outcome.status == 0
    )
