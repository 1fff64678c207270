"""Snapshots of the gateway over HTTP: which there are, and one more."""

from attrs import frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.keeper import Failure, Keeper
from protocol.auth.rights import MANAGE, READ
from protocol.outward.http import ProblemError, Response, json_response
from protocol.queue.scheduling import QueueClosed


@frozen(eq=False)
class SnapshotRoutes:
    """The snapshots of `keeper`."""

    _keeper: Keeper

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        path = "/api/v1/snapshots"
        make = "Make a snapshot; an empty list tells that nothing has changed since the last one."
        return (
            Route("GET", path, READ, "The snapshots by the place where they are kept.", self._list),
            Route("POST", path, MANAGE, make, self._make, status=201),
        )

    async def _list(self, _question: Question) -> Response:
        shelves = []
        for shelf in self._keeper.shelves:
            try:
                names, problem = [entry.name for entry in await shelf.entries()], ""
            except VaultError as error:
                names, problem = [], str(error)
            shelves.append({"place": shelf.name, "snapshots": names, "error": problem})
        return json_response(shelves)

    async def _make(self, _question: Question) -> Response:
        if not self._keeper.shelves:
            raise ProblemError(409, "no place for snapshots is configured; see [vault]")
        try:
            kept = await self._keeper.take()
        except (*Failure, QueueClosed) as error:
            raise ProblemError(503, f"no snapshot: {error}") from None
        return json_response({"kept": list(kept)}, 201)
