"""iqrfTrio_*: the history of values."""

from collections.abc import Mapping
from datetime import UTC, datetime

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.history import Found
from iqrf_trio.store import StoreError
from protocol.api import own
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.iqmesh.statuses import BAD_PARAMETERS, FAILED
from protocol.readings.history import DAY_S, Level, columns
from protocol.readings.measured import NO_MID


async def get_history(gateway: Gateway, exchange: Exchange[own.GetHistory]) -> Answer:
    """Tell what is kept of one sensor."""
    asked = exchange.request
    if gateway.history is None:
        raise ServiceError(FAILED, "No history is kept; see history.enabled")
    now = int(datetime.now(UTC).timestamp())
    end = now + 1 if asked.end is None else asked.end
    start = end - DAY_S if asked.start is None else asked.start
    if start >= end:
        raise ServiceError(BAD_PARAMETERS, "from has to be before to")
    mid = _mid(gateway, asked)
    try:
        found = await gateway.history.find(mid, asked.index, start, end, asked.points)
    except StoreError as error:
        raise ServiceError(FAILED, str(error)) from None
    return exchange.answer(_told(mid, asked.index, found))


def _mid(gateway: Gateway, asked: own.GetHistory) -> int:
    if asked.mid is not None:
        return int(asked.mid, 16)
    device = None if asked.n_adr is None else gateway.store.network.get(asked.n_adr)
    if device is None or device.mid in NO_MID:
        raise ServiceError(BAD_PARAMETERS, "mid or nAdr has to name a known device")
    return device.mid


def _told(mid: int, index: int, found: Found | None) -> own.History:
    series = found and found.series
    level = found.level if found else Level.SAMPLE
    kept = columns(found.points if found else ())
    return own.History(
        mid=f"{mid:08x}",
        index=index,
        type=series.type if series else None,
        name=series.name if series else None,
        unit=series.unit if series else None,
        level=level.value,
        step=level.step_s,
        t=kept.t,
        avg=kept.avg,
        min=kept.min,
        max=kept.max,
    )


HANDLERS: Mapping[Row, Handler] = {own.GET_HISTORY: get_history}
