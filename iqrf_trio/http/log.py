"""The last lines of the log over HTTP, without the secrets of tokens."""

from attrs import frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.logs import LEVELS
from iqrf_trio.logs.ring import Ring
from protocol.auth.rights import Rights, Scope
from protocol.outward.http import ProblemError, Response, json_response

_SERVICE = Rights(Scope.READ, service=True)


@frozen(eq=False)
class LogRoutes:
    """The lines in `ring`."""

    _ring: Ring

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "The last lines of the log, from `level` on, those after the number `after`."
        return (
            Route(
                "GET",
                "/api/v1/log",
                _SERVICE,
                about,
                self._answer,
                query={"level": f"{', '.join(LEVELS)}", "after": "number of the last line known"},
            ),
        )

    async def _answer(self, question: Question) -> Response:
        level = question.request.query.get("level", LEVELS[0])
        if level not in LEVELS:
            raise ProblemError(400, f"level has to be one of {', '.join(LEVELS)}")
        after = question.request.query.get("after", "0")
        if not (after.isascii() and after.isdecimal()):
            raise ProblemError(400, "after has to be the number of a line")
        lines = self._ring.lines(level, int(after[:18]))
        told = [
            {
                "number": line.number,
                "time": line.time,
                "level": line.level,
                "area": line.area,
                "message": line.message,
            }
            for line in lines
        ]
        return json_response({"last": self._ring.last, "lines": told})
