"""What all messages of the network services have in common."""

from protocol.api.errors import ServiceError
from protocol.api.family import Extra, Family
from protocol.api.message import Style
from protocol.auth.rights import MANAGE
from protocol.dpa.errors import DpaError
from protocol.iqmesh import statuses
from protocol.queue.lanes import Lane, Priority


def failure(error: DpaError) -> ServiceError:
    """A failed transaction, as all services tell it."""
    told = statuses.of_error(error)
    return ServiceError(told.status, told.text)


FAMILY = Family(
    prefix="iqmeshNetwork_",
    about="Services that take the radio for longer. A status above 1000 is of the service.",
    lane=Lane.NETWORK,
    style=Style.NETWORK,
    rights=MANAGE,
    priority=Priority.PROCEDURE,
    closed=False,
    extras=frozenset({Extra.REPEAT, Extra.PROGRESS}),
    failure=failure,
)
