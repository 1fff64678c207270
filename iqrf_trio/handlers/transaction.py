"""Messages that are one DPA transaction: what their rows declare is carried out here for all."""

import trio
from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway
from protocol.api.errors import ServiceError
from protocol.api.message import Answer
from protocol.api.record import UNSENT, record
from protocol.dpa.packet import Request
from protocol.dpa.transaction import Outcome


async def transact(gateway: Gateway, exchange: Exchange[object]) -> Answer:
    """Send the request that the row makes of the parameters, and answer with what comes of it."""
    request = begin(gateway, exchange)
    outcome = await gateway.transceiver.transact(request, exchange.message.timeout)
    return finish(gateway, exchange, outcome)


def begin(gateway: Gateway, exchange: Exchange[object]) -> Request:
    """The DPA request; raises ServiceError for parameters that cannot be sent."""
    declared = exchange.row.transaction
    assert declared is not None
    return declared.fit(declared.begin(exchange.request), gateway.store.network)


def finish(gateway: Gateway, exchange: Exchange[object], outcome: Outcome) -> Answer:
    """The answer that tells `outcome`."""
    message, declared = exchange.message, exchange.row.transaction
    assert declared is not None
    answer = declared.finish(message, exchange.request, outcome)
    if declared.explain is not None:
        answer = declared.explain(answer, exchange.request, gateway.store.network)
    if message.verbose:
        answer = evolve(answer, raw=(record(outcome, gateway.local_time),))
    return _annotated(gateway, exchange, answer, outcome.request.nadr)


def fail(gateway: Gateway, exchange: Exchange[object], error: ServiceError) -> Answer:
    """The answer to a request that was not sent."""
    answer = exchange.row.failure(exchange.message, exchange.request, error)
    try:
        request = begin(gateway, exchange)
    except ServiceError:
        return evolve(answer, raw=(UNSENT,))
    # It is told what would have been sent, and when.
    outcome = Outcome(request, error.status, None, None, trio.current_time(), None, None)
    answer = evolve(answer, raw=(record(outcome, gateway.local_time),))
    return _annotated(gateway, exchange, answer, request.nadr)


def _annotated(
    gateway: Gateway, exchange: Exchange[object], answer: Answer, address: int
) -> Answer:
    """The answer with the metadata of the device, where they are wanted."""
    if not gateway.annotate or not exchange.row.family.annotated:
        return answer
    device = gateway.store.network.get(address)
    metadata = {"metaData": device.metadata if device else None}
    return evolve(answer, rsp={**(answer.rsp or {}), **metadata})
