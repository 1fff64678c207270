"""Before a request whose answer could be a late one to another: find out what is still to come."""

from collections.abc import Awaitable, Callable

from iqrf_trio.edges.ports import PortError
from protocol.dpa.packet import Request
from protocol.dpa.requests import uses_radio
from protocol.dpa.timing import is_remote
from protocol.dpa.transaction import Outcome
from protocol.dpa.unanswered import Unanswered


async def dispelled(
    unanswered: Unanswered, request: Request, ask: Callable[[Request], Awaitable[Outcome]]
) -> bool:
    """Have the coordinator answer something else first, if its next answers may be late.

    False if it did not. While it collects for an FRC or the like it hears nothing, so that before
    another of those it is asked more than once. Raises PortError where answers come too late again
    and again, and what `ask` raises.
    """
    patient = not is_remote(request) and uses_radio(request)
    while unanswered.doubtful(request):
        if (probe := unanswered.probe()) is None:
            raise PortError("answers come too late")
        answered = (await ask(probe)).response is not None
        if not (answered or patient):
            return False
    return True
