"""iqrfTrio_*: the history of values, and the states of outputs and lights."""

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
from protocol.network.network import Device
from protocol.readings.history import DAY_S, Level, columns
from protocol.readings.measured import NO_MID
from protocol.readings.states import States


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


async def get_states(gateway: Gateway, exchange: Exchange[own.GetStates]) -> Answer:
    """Tell how outputs and lights are."""
    asked = exchange.request.n_adr
    devices = gateway.store.network.nodes
    if asked is not None:
        devices = tuple(each for each in devices if each.address == asked)
        if not devices:
            raise ServiceError(BAD_PARAMETERS, "nAdr has to name a known node")
    return exchange.answer(
        own.AllStates(
            nodes=[
                _states_of(device, gateway.states.of(device))
                for device in devices
                if device.binary_outputs or device.light
            ]
        )
    )


def _states_of(device: Device, states: States) -> own.NodeStates:
    at, light = states.at, states.light if device.light else None
    shown = None if light is None else own.LightState(state=light.on, brightness=light.brightness)
    return own.NodeStates(
        nAdr=device.address,
        mid=f"{device.mid:08x}",
        outputs=[
            own.OutputState(index=index, state=states.outputs.get(index))
            for index in range(device.binary_outputs)
        ],
        light=shown,
        at=None if at is None else at.isoformat(timespec="milliseconds"),
    )


HANDLERS: Mapping[Row, Handler] = {own.GET_HISTORY: get_history, own.GET_STATES: get_states}
