"""The log over HTTP: its last lines, without the secrets of tokens, and its levels."""

from attrs import frozen

from iqrf_trio.http.bodies import json_object, member
from iqrf_trio.http.routes import Question, Route
from iqrf_trio.logs import LEVELS, areas_known, level_of
from iqrf_trio.logs.ring import Ring
from iqrf_trio.services.log_levels import LogLevels
from protocol.auth.rights import Rights, Scope
from protocol.outward.http import ProblemError, Response, json_response

_SERVICE = Rights(Scope.READ, service=True)
_CHANGE = Rights(Scope.MANAGE, service=True)

_LEVELS_PATH = "/api/v1/log/levels"


@frozen(eq=False)
class LogRoutes:
    """The lines in `ring`, and the levels."""

    _ring: Ring
    _levels: LogLevels

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
            Route(
                "GET",
                _LEVELS_PATH,
                _SERVICE,
                "The level of each area, and for how many seconds more it is changed.",
                self._tell_levels,
            ),
            Route(
                "POST",
                _LEVELS_PATH,
                _CHANGE,
                "Log an area otherwise for a quarter of an hour, then as configured again.",
                self._change_level,
                body={"area": "an area, or empty for all of them", "level": ", ".join(LEVELS)},
            ),
        )

    async def _tell_levels(self, _question: Question) -> Response:
        return json_response([self._level(area) for area in ("", *areas_known())])

    async def _change_level(self, question: Question) -> Response:
        body = json_object(question.request, ("area", "level"))
        area, level = member(body, "area", str, ""), member(body, "level", str)
        if level not in LEVELS:
            raise ProblemError(400, f"level has to be one of {', '.join(LEVELS)}")
        if area and area not in areas_known():
            raise ProblemError(400, f"area has to be empty or one of {', '.join(areas_known())}")
        self._levels.change(area, level)
        return json_response(self._level(area))

    def _level(self, area: str) -> dict[str, object]:
        left = self._levels.left_s(area)
        return {"area": area, "level": level_of(area), "for": None if left is None else round(left)}

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
