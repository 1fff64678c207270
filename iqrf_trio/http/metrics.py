"""The metrics over HTTP: gathered in one step, rendered in slices with pauses between them."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator

import trio
from attrs import frozen

from iqrf_trio.http.routes import Openness, Question, Route
from protocol.outward.exposition import CONTENT_TYPE, Family, render
from protocol.outward.http import Response

Source = Callable[[], Iterable[Family]]
"""Makes families of the values of this moment; never waits."""


@frozen(eq=False)
class MetricsRoutes:
    """All `sources`, one after the other; `public` lets everybody ask without a token."""

    _sources: tuple[Source, ...]
    _public: bool = False

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        openness = Openness.ALL if self._public else Openness.LOCAL
        about = "The metrics, as Prometheus reads them."
        return (Route("GET", "/metrics", openness, about, self._answer, content=CONTENT_TYPE),)

    async def _answer(self, _question: Question) -> Response:
        families = [family for source in self._sources for family in source()]
        return Response(200, _pieces(render(families)), CONTENT_TYPE)


async def _pieces(text: Iterator[str]) -> AsyncIterator[bytes]:
    for piece in text:
        yield piece.encode()
        # Others have their turn between two slices, also when the socket takes all at once.
        await trio.lowlevel.checkpoint()
