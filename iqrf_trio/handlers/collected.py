"""The FRCs of the standards, which are two transactions."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.dpa.command import Addressed
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.api.record import UNSENT, records
from protocol.dpa.transaction import Outcome


async def collect(gateway: Gateway, exchange: Exchange[Addressed[Any]]) -> Answer:
    """Send the FRC, read its extra result, and answer; nobody comes in between."""
    collection, message, asked = COLLECTIONS[exchange.row], exchange.message, exchange.request
    outcomes = list[Outcome]()
    try:
        request = collection.begin(asked)
        outcomes.append(await gateway.transceiver.transact(request, message.timeout))
        extra = collection.extra(asked)
        if extra is not None and not outcomes[0].status:
            outcomes.append(await gateway.transceiver.transact(extra))
        answer = collection.finish(
            message, asked, outcomes, gateway.store.network, annotate=gateway.annotate
        )
    except ServiceError as error:
        answer = exchange.row.failure(message, asked, error)
    raw = records(outcomes, gateway.local_time) or (UNSENT,)
    return evolve(answer, raw=raw)


HANDLERS: Mapping[Row, Handler] = dict.fromkeys(COLLECTIONS, collect)
