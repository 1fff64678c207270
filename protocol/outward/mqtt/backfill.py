"""Values of the time when the broker was away, taken from the history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from protocol.outward.mqtt.nodes import timestamp

Row = tuple[int, int, float]
"""When (seconds since 1970), number of the series, and the value."""


def missing(last: float | None, now: float, limit_s: float) -> range | None:
    """The seconds of which nothing was published; None for none.

    `last` is when the broker was there last, None where it never was.
    """
    if last is None or limit_s <= 0:
        return None
    start = max(last, now - limit_s)
    return range(int(start) + 1, int(now) + 1) if start < now else None


def cycles(
    rows: Iterable[Row], series: Mapping[int, tuple[int, int]]
) -> Iterator[tuple[int, bytes]]:
    """A message for each moment, in order, with all its values: `[MID, sensor, value]`.

    `series` tells MID and sensor of a number; rows of others are left out.
    """
    at: int | None = None
    values: list[Sequence[object]] = []
    for moment, number, value in rows:
        if at is not None and moment != at and values:
            yield at, _message(at, values)
            values = []
        at = moment
        if (found := series.get(number)) is not None:
            values.append((f"{found[0]:08x}", found[1], value))
    if at is not None and values:
        yield at, _message(at, values)


def _message(at: int, values: Sequence[Sequence[object]]) -> bytes:
    return orjson.dumps({"at": timestamp(datetime.fromtimestamp(at, UTC)), "values": values})
