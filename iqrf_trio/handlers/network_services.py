"""Network services from their request to their answers, and how they are taken back."""

from collections.abc import Mapping
from typing import Any

import trio
from attrs import define, evolve, field

from iqrf_trio.handlers import snapshots
from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import own
from protocol.api.errors import ServiceError
from protocol.api.family import Extra, NetworkService, Row
from protocol.api.message import Answer, Message
from protocol.api.progress import progress
from protocol.api.record import Record, records
from protocol.dpa.errors import DpaError
from protocol.dpa.transaction import Outcome
from protocol.iqmesh import statuses
from protocol.iqmesh.plan import Interim, Progress
from protocol.iqmesh.statuses import ServiceFailure
from protocol.strict.json import JsonObject

NOT_FOUND = ServiceError(1001, "No such request is waiting or under way.")


async def serve(gateway: Gateway, exchange: Exchange[Any]) -> Answer:
    """Carry out the service of a row; the answer tells how far it came, whatever ended it."""
    message, declared = exchange.message, exchange.row.service
    assert declared is not None
    rehearse = declared.rehearse if message.dry_run else None
    service = (rehearse or declared.begin)(exchange.request)
    if declared.choose is not None and (nodes := _chosen(message)) is not None:
        declared.choose(service, nodes)
    told = _Told(gateway, exchange, declared)
    failure: ServiceFailure | None = None
    with exchange.scope:
        try:
            if _wants_snapshot(declared, exchange.request) and not rehearse:
                await snapshots.keep(gateway, message.mtype)
            await gateway.network.perform(
                message.mtype,
                service,
                repeat=declared.repeat(exchange.request) if declared.repeat else message.repeat,
                record=told.outcomes.append,
                tell=told.tell,
            )
        except ServiceFailure as error:
            failure = error
        except DpaError as error:
            failure = statuses.of_error(error)
    if exchange.scope.cancelled_caught:
        failure = statuses.cancelled()
    rsp = declared.finish(exchange.request, service, message.progress)
    answer = evolve(exchange.answer(told.shown(rsp)), raw=told.records())
    if failure is None:
        return answer
    return evolve(answer, status=failure.status, status_str=failure.text)


def _chosen(message: Message) -> frozenset[int] | None:
    """The nodes that the service is to deal with, None for all; the request was read before."""
    data = message.document.get("data")
    nodes = data.get(Extra.NODES.value) if isinstance(data, dict) else None
    return frozenset(nodes) if isinstance(nodes, list) else None


def _wants_snapshot(declared: NetworkService[Any], request: Any) -> bool:
    wanted = declared.snapshot
    return wanted(request) if callable(wanted) else wanted


@define(eq=False)
class _Told:
    """What a client is told while its service is under way, and the transactions for `raw`."""

    _gateway: Gateway
    _exchange: Exchange[Any]
    _declared: NetworkService[Any]
    outcomes: list[Outcome] = field(factory=list, init=False)
    _began: float = field(factory=trio.current_time, init=False)

    def tell(self, told: Progress | Interim) -> None:
        """Send an answer in between, if this client is to have it."""
        exchange = self._exchange
        if isinstance(told, Interim):
            assert self._declared.interim is not None
            answer = exchange.answer(self.shown(self._declared.interim(told.said)))
            exchange.send(evolve(answer, raw=self.records() if told.whole else None))
        elif exchange.message.progress:
            made = progress(told, trio.current_time() - self._began)
            exchange.send(evolve(exchange.answer(), progress=made))

    def shown(self, rsp: JsonObject | None) -> JsonObject | None:
        """`rsp` without the members that this client did not ask for."""
        hidden = () if self._exchange.message.verbose else self._declared.verbose_only
        if rsp is None or not hidden:
            return rsp
        return {name: value for name, value in rsp.items() if name not in hidden}

    def records(self) -> tuple[Record, ...]:
        """The transactions since this was asked last."""
        made = records(self.outcomes, self._gateway.local_time)
        self.outcomes.clear()
        return made


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
