"""iqrfRaw and iqrfRawHdp: one DPA transaction as the client wants it."""

from collections.abc import Callable, Mapping

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import raw
from protocol.api.message import Answer
from protocol.dpa.packet import Response


async def iqrf_raw(gateway: Gateway, exchange: Exchange[raw.Raw]) -> Answer:
    """Send the bytes, and answer with those that come back."""
    return await _transact(gateway, exchange, raw.raw)


async def iqrf_raw_hdp(gateway: Gateway, exchange: Exchange[raw.RawHdp]) -> Answer:
    """The same, member by member."""
    return await _transact(gateway, exchange, raw.raw_hdp)


async def _transact(
    gateway: Gateway,
    exchange: Exchange[raw.Raw] | Exchange[raw.RawHdp],
    rsp_of: Callable[[Response | None], dict[str, object]],
) -> Answer:
    request = exchange.request.request
    outcome = await gateway.transceiver.transact(request, exchange.message.timeout)
    rsp = rsp_of(outcome.response)
    if gateway.annotate:
        device = gateway.store.network.get(request.nadr)
        rsp = raw.annotated(rsp, device.metadata if device else None)
    return raw.answer(exchange.message, rsp, outcome, gateway.local_time)


HANDLERS: Mapping[str, Handler] = {"iqrfRaw": iqrf_raw, "iqrfRawHdp": iqrf_raw_hdp}
