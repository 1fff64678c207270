"""Network services from their request to their answers, and how they are taken back."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import trio
from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import own
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.api.progress import progress
from protocol.api.record import records
from protocol.dpa.errors import DpaError
from protocol.dpa.transaction import Outcome
from protocol.iqmesh import statuses
from protocol.iqmesh.plan import Progress
from protocol.iqmesh.statuses import ServiceFailure

NOT_FOUND = ServiceError(1001, "No such request is waiting or under way.")


async def serve(gateway: Gateway, exchange: Exchange[Any]) -> Answer:
    """Carry out the service of a row; the answer tells how far it came, whatever ended it."""
    message, declared = exchange.message, exchange.row.service
    assert declared is not None
    rehearse = declared.rehearse if message.dry_run else None
    service, outcomes = (rehearse or declared.begin)(exchange.request), list[Outcome]()
    failure: ServiceFailure | None = None
    with exchange.scope:
        try:
            await gateway.network.perform(
                message.mtype,
                service,
                repeat=message.repeat,
                record=outcomes.append,
                tell=partial(_tell, exchange, trio.current_time()),
            )
        except ServiceFailure as error:
            failure = error
        except DpaError as error:
            failure = statuses.of_error(error)
    if exchange.scope.cancelled_caught:
        failure = statuses.cancelled()
    answer = exchange.answer(declared.finish(exchange.request, service, message.progress))
    answer = evolve(answer, raw=records(outcomes, gateway.local_time))
    if failure is None:
        return answer
    return evolve(answer, status=failure.status, status_str=failure.text)


def _tell(exchange: Exchange[Any], began: float, told: Progress) -> None:
    if exchange.message.progress:
        made = progress(told, trio.current_time() - began)
        exchange.send(evolve(exchange.answer(), progress=made))


def cancel(gateway: Gateway, exchange: Exchange[own.Cancel]) -> Answer:
    """Take a request back; it is answered by itself, after what it has changed is put back."""
    client = exchange.client
    found = gateway.cancelling.cancel(
        exchange.request.msg_id, client.token, anybody=client.rights.service
    )
    if not found:
        raise NOT_FOUND
    return exchange.answer()


HANDLERS: Mapping[Row, Handler] = {own.CANCEL: cancel}
