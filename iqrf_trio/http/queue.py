"""What has the radio and what waits for it, over HTTP."""

from collections.abc import Sequence

import trio
from attrs import frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.turns import Entry
from protocol.auth.rights import READ
from protocol.outward.http import Response, json_response


@frozen(eq=False)
class QueueRoutes:
    """The queue of `scheduler`."""

    _scheduler: Scheduler

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "Who has the radio and who waits for it, those that came first in front."
        return (Route("GET", "/api/v1/queue", READ, about, self._answer),)

    async def _answer(self, _question: Question) -> Response:
        scheduler = self._scheduler
        return json_response(
            {
                "paused": scheduler.paused,
                "reserved": scheduler.reserved,
                "capacity": scheduler.network_capacity,
                "management": {
                    "running": scheduler.management_running,
                    "capacity": scheduler.management_capacity,
                },
                "active": _told(scheduler.active),
                "waiting": _told(scheduler.line),
            }
        )


def _told(entries: Sequence[Entry]) -> list[dict[str, object]]:
    now = trio.current_time()
    return [
        {
            "name": "" if entry.item.job is None else entry.item.job.name,
            "kind": entry.kind.name.lower(),
            "priority": entry.priority.name.lower(),
            "age": round(now - entry.since, 1),
        }
        for entry in entries
    ]
