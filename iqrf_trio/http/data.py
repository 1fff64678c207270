"""The network and the history over HTTP: one document for the map, columns for charts, exports."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from string import hexdigits

import orjson
from attrs import asdict, frozen

from iqrf_trio.http.routes import Question, Route
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.services.history import Found, History, Series
from iqrf_trio.store import StoreError
from protocol.auth.rights import MANAGE, READ
from protocol.network.network import Network
from protocol.outward import exports
from protocol.outward.exports import Column
from protocol.outward.http import (
    CutShortError,
    ProblemError,
    Response,
    etag_of,
    json_response,
    with_etag,
)
from protocol.outward.overview import overview
from protocol.readings.history import DAY_S, MAX_POINTS, Level, columns
from protocol.readings.measured import described_by

EXPORT_S = 366 * DAY_S
"""The longest range of one export."""


@frozen(eq=False)
class NetworkRoutes:
    """The known network with the latest values."""

    _network: Callable[[], Network]
    _measurements: Measurements
    _now: Callable[[], datetime]

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "All devices with their places, sensors and latest values."
        return (Route("GET", "/api/v1/network", READ, about, self._answer),)

    async def _answer(self, question: Question) -> Response:
        document = overview(self._network(), self._measurements.latest, self._now())
        # Who asks again learns that nothing is new, though the time of the answer is.
        etag = etag_of(orjson.dumps(document["devices"]))
        return with_etag(question.request, json_response(document), f"W/{etag}")


@frozen(eq=False)
class HistoryRoutes:
    """What is kept of values; `network` tells which sensors there are."""

    _history: History
    _network: Callable[[], Network]
    _now: Callable[[], datetime]

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        points = "Values of one sensor (mid, sensor) from `from` to `to`, in columns."
        csv = "All values of a range as CSV."
        lines = "All values of a range in InfluxDB's line protocol."
        span = {
            "from": "Unix seconds or ISO 8601; a day before `to` by default",
            "to": "where it ends; now by default",
        }
        of_one = {
            "mid": "8 hexadecimal digits",
            "sensor": "index; -1 = RSSI, -2 = supply voltage",
            "points": f"at most so many, {MAX_POINTS} by default",
            **span,
        }
        path, csv_type, line_type = "/api/v1/history", exports.CSV_TYPE, exports.LINES_TYPE
        series = "Which sensors something is kept of."
        forget = "Delete what is kept of a device, by its MID."
        return (
            Route("GET", "/api/v1/series", READ, series, self._series),
            Route("DELETE", f"{path}/{{mid}}", MANAGE, forget, self._forget),
            Route("GET", path, READ, points, self._points, query=of_one),
            Route("GET", f"{path}.csv", READ, csv, self._csv, query=span, content=csv_type),
            Route("GET", f"{path}.lp", READ, lines, self._lines, query=span, content=line_type),
        )

    async def _series(self, _question: Question) -> Response:
        return json_response(
            [
                {
                    "mid": f"{each.mid:08x}",
                    "sensor": each.sensor,
                    "type": each.type,
                    "name": each.name,
                    "unit": each.unit,
                }
                for each in await self._known()
            ]
        )

    async def _known(self) -> Sequence[Series]:
        """Raises ProblemError 503."""
        try:
            return await self._history.series()
        except StoreError as error:
            raise ProblemError(503, str(error)) from None

    async def _forget(self, question: Question) -> Response:
        [text] = question.parts
        if not is_mid(text):
            raise ProblemError(404, "a MID has 8 hexadecimal digits")
        try:
            forgotten = await self._history.forget(int(text, 16))
        except StoreError as error:
            raise ProblemError(503, str(error)) from None
        if not forgotten:
            raise ProblemError(404, f"nothing is kept of {text}")
        return json_response({"series": forgotten})

    async def _points(self, question: Question) -> Response:
        mid, sensor = _mid(question), _number(question, "sensor")
        start, end = self._range(question, longest=None)
        limit = _number(question, "points", MAX_POINTS)
        if not 1 <= limit <= MAX_POINTS:
            raise ProblemError(400, f"points has to be 1 to {MAX_POINTS}")
        try:
            found = await self._history.find(mid, sensor, start, end, limit)
        except StoreError as error:
            raise ProblemError(503, str(error)) from None
        if found is None:
            found = self._nothing_yet(mid, sensor)
        return json_response(
            {
                "mid": f"{mid:08x}",
                "sensor": sensor,
                "type": found.series.type,
                "name": found.series.name,
                "unit": found.series.unit,
                "level": found.level.value,
                "step": found.level.step_s,
                **asdict(columns(found.points)),
            }
        )

    def _nothing_yet(self, mid: int, sensor: int) -> Found:
        """A sensor that is known, of which no value has come. Raises ProblemError for others."""
        described = described_by(self._network(), mid, sensor)
        if described is None:
            raise ProblemError(404, f"nothing is kept of sensor {sensor} of {mid:08x}")
        series = Series(0, mid, sensor, described.type or 0, described.name, described.unit)
        return Found(series, Level.SAMPLE, ())

    async def _csv(self, question: Question) -> Response:
        start, end = self._range(question, longest=EXPORT_S)
        name = (("content-disposition", 'attachment; filename="iqrf-history.csv"'),)
        text = self._export(await self._columns(), start, end, exports.csv, exports.CSV_HEAD)
        return Response(200, text, exports.CSV_TYPE, name)

    async def _lines(self, question: Question) -> Response:
        start, end = self._range(question, longest=EXPORT_S)
        text = self._export(await self._columns(), start, end, exports.lines, "")
        return Response(200, text, exports.LINES_TYPE)

    async def _columns(self) -> dict[int, Column]:
        """What the rows of an export belong to, known before the answer begins."""
        return {
            each.id: Column(each.mid, each.sensor, each.type, each.name, each.unit)
            for each in await self._known()
        }

    async def _export(
        self,
        columns: dict[int, Column],
        start: int,
        end: int,
        render: Callable[[exports.Rows, dict[int, Column]], str],
        head: str,
    ) -> AsyncIterator[bytes]:
        """The text in pieces. Raises CutShortError where the history cannot be read any more."""
        yield head.encode()
        try:
            async for rows in self._history.export(start, end):
                yield render(rows, columns).encode()
        except StoreError as error:
            raise CutShortError(str(error)) from None

    def _range(self, question: Question, *, longest: int | None) -> tuple[int, int]:
        """From and to in Unix seconds; a day until now where nothing is said."""
        now = int(self._now().timestamp())
        end = _moment(question, "to", now + 1)  # `to` itself is left out, this second is not
        start = _moment(question, "from", end - DAY_S)
        if start >= end:
            raise ProblemError(400, "from has to be before to")
        if longest is not None and end - start > longest:
            raise ProblemError(400, f"at most {longest // DAY_S} days can be had at once")
        return start, end


def is_mid(text: str) -> bool:
    """Whether a text is a MID as it is written here."""
    return len(text) == _MID_DIGITS and set(text) <= set(hexdigits)


_MID_DIGITS = 8


_NUMBER = re.compile("-?[0-9]{1,15}")
"""int() alone takes digits of other scripts, underscores and spaces too."""


def _mid(question: Question) -> int:
    """A MID with up to 8 digits. Raises ProblemError 400."""
    text = _parameter(question, "mid")
    if not is_mid(text.zfill(_MID_DIGITS)):
        raise ProblemError(400, f"mid has to be {_MID_DIGITS} hexadecimal digits, not {text!r}")
    return int(text, 16)


def _number(question: Question, name: str, default: int | None = None) -> int:
    if default is not None and name not in question.request.query:
        return default
    text = _parameter(question, name)
    if not _NUMBER.fullmatch(text):
        raise ProblemError(400, f"{name} has to be a number, not {text!r}")
    return int(text)


def _parameter(question: Question, name: str) -> str:
    text = question.request.query.get(name)
    if text is None:
        raise ProblemError(400, f"the parameter {name} is missing")
    return text


def _moment(question: Question, name: str, default: int) -> int:
    """Unix seconds, or a time in ISO 8601; without a zone it is UTC."""
    text = question.request.query.get(name)
    if text is None:
        return default
    try:
        if _NUMBER.fullmatch(text):
            moment = float(text)
        else:
            parsed = datetime.fromisoformat(text)
            moment = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        if not 0 <= moment < 2**40:
            raise ValueError
        return int(moment)
    except (ValueError, OverflowError):
        raise ProblemError(
            400, f"{name} has to be Unix seconds or a time such as 2026-11-29"
        ) from None
