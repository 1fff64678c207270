"""Messages that are one DPA transaction: what their rows declare is carried out here for all."""

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway
from protocol.api.family import Transaction
from protocol.api.message import Answer
from protocol.api.record import record
from protocol.dpa.packet import Request
from protocol.dpa.transaction import Outcome


async def transact(gateway: Gateway, exchange: Exchange[object]) -> Answer:
    """Send the request that the row makes of the parameters, and answer with what comes of it."""
    request = begin(exchange)
    outcome = await gateway.transceiver.transact(request, exchange.message.timeout)
    return finish(gateway, exchange, outcome)


def begin(exchange: Exchange[object]) -> Request:
    """The DPA request; raises ServiceError for parameters that cannot be sent."""
    return _declared(exchange).begin(exchange.request)


def finish(gateway: Gateway, exchange: Exchange[object], outcome: Outcome) -> Answer:
    """The answer that tells `outcome`."""
    message = exchange.message
    answer = _declared(exchange).finish(message, exchange.request, outcome)
    if message.verbose:
        answer = evolve(answer, raw=(record(outcome, gateway.local_time),))
    if gateway.annotate and exchange.row.family.annotated:
        device = gateway.store.network.get(outcome.request.nadr)
        metadata = {"metaData": device.metadata if device else None}
        answer = evolve(answer, rsp={**(answer.rsp or {}), **metadata})
    return answer


def _declared(exchange: Exchange[object]) -> Transaction[object]:
    assert exchange.row.transaction is not None
    return exchange.row.transaction
