"""From the text of a message to its handler, and from whatever comes of it to an answer."""

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

from attrs import field, frozen

from iqrf_trio.handlers import (
    collected,
    db,
    iqmesh,
    mng,
    mng_scheduler,
    mng_service,
    network_services,
    ntf,
    own,
    sensor_data,
)
from iqrf_trio.handlers.exchange import CANCELLED, Client, Exchange, Gateway, Handler
from iqrf_trio.handlers.in_order import InOrder, Work
from iqrf_trio.handlers.transaction import begin, fail, finish, transact
from iqrf_trio.radio.jobs import Job
from iqrf_trio.services.network.cancelling import Cancellable
from iqrf_trio.services.service_mode import Form
from iqrf_trio.store import StoreError
from protocol.api.errors import (
    GeneralError,
    InServiceModeError,
    RequestError,
    ServiceError,
    lane_closed,
    lane_full,
    message_error,
)
from protocol.api.family import Row, request_of
from protocol.api.message import Answer, Style, parse
from protocol.api.mng import MODE
from protocol.api.registry import REGISTRY, row_of
from protocol.dpa.errors import DpaError
from protocol.dpa.transaction import Outcome
from protocol.network.parameters import sets_parameters
from protocol.network.sharing import fits_between
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import QueueClosed, QueueFull, RadioReserved, never

log = logging.getLogger("iqrf_trio.handlers")

_SERVICES: Mapping[Row, Handler] = {
    **collected.HANDLERS,
    **db.HANDLERS,
    **sensor_data.HANDLERS,
    **mng.HANDLERS,
    **mng_scheduler.HANDLERS,
    **mng_service.HANDLERS,
    **ntf.HANDLERS,
    **iqmesh.HANDLERS,
    **network_services.HANDLERS,
    **own.HANDLERS,
}
"""Who carries out the messages that are more than their rows."""


def _query(gateway: Gateway, exchange: Exchange[Any]) -> Answer:
    """Answer from what is known of the network."""
    query = exchange.row.query
    assert query is not None
    return exchange.answer(query(gateway.store.network, exchange.request))


def _fits(exchange: Exchange[Any]) -> bool:
    """Whether the request can have its turn between the steps of a service."""
    assert exchange.row.transaction is not None
    try:
        return fits_between(exchange.row.transaction.begin(exchange.request))
    except ServiceError:
        return True  # nothing is sent


def _handler_of(row: Row) -> Handler:
    if row.transaction is not None:
        return transact
    if row.service is not None:
        return network_services.serve
    return _query if row.query is not None else _SERVICES[row]


_IN_SERVICE_MODE = frozenset((*mng_service.HANDLERS, MODE))
"""What is served while one session has the module to itself."""

HANDLERS: Mapping[Row, Handler] = {row: _handler_of(row) for row in REGISTRY.values()}

_AT_ONCE = frozenset(row for row, handler in HANDLERS.items() if not iscoroutinefunction(handler))
"""The messages whose handlers never wait."""

FAILED = GeneralError("The gateway failed to handle this request.")
SHUTTING_DOWN = GeneralError("The gateway is shutting down.")
SERVICE_MODE = RadioReserved("the gateway is in service mode")

LEASE_PATIENCE_S = 30.0
"""How long a request waits for a radio that a procedure keeps to itself."""


@frozen(eq=False)
class Dispatcher:
    """Accepts messages of authenticated clients and sees that each is answered.

    A client's management requests are answered in the order in which they came, except that
    those which start and stop the network queue wait for no others.
    """

    _gateway: Gateway
    _orders: WeakKeyDictionary[Client, InOrder] = field(factory=WeakKeyDictionary, init=False)

    def accept(self, text: str | bytes, client: Client) -> None:
        """Answer `text` at once, or let it wait for its turn; never raises, never waits."""
        try:
            message = parse(text)
        except RequestError as error:
            self._refuse(error, text, client)
            return
        try:
            row = row_of(message.mtype)
            exchange = Exchange(message, row, request_of(row, message), client, self._gateway)
            self._start(HANDLERS[row], exchange)
        except RequestError as error:
            self._refuse(error, text, client, message.msg_id)
        except Exception:
            log.exception("%s of %s failed", message.mtype, client.remote)
            self._refuse(FAILED, text, client, message.msg_id)

    def withdraw(self, client: Client) -> None:
        """Take back what `client` has waiting for the radio, and service mode: it is gone."""
        self._gateway.scheduler.withdraw(client)
        self._gateway.service_mode.gone(client)

    def _start(self, handler: Handler, exchange: Exchange[Any]) -> None:
        """Run the handler here, or hand it to the lane of its type; raises RequestError."""
        lane, scheduler = exchange.row.lane, self._gateway.scheduler
        if refusal := self._refusal(exchange):
            self._fail(exchange, refusal)
            return
        work = partial(self._work, handler, exchange)
        try:
            if lane is Lane.NETWORK:
                self._submit(exchange, work)
            elif exchange.row.vital:
                scheduler.manage(partial(self._answer, handler, exchange), vital=True)
            elif exchange.row in _AT_ONCE and self._order_of(exchange).free:
                scheduler.manage(partial(self._answer, handler, exchange))
            else:
                self._order_of(exchange).enter(partial(self._manage, exchange), work)
        except QueueFull as full:
            raise lane_full(lane, exchange.message.mtype, full.capacity) from None
        except QueueClosed:
            raise lane_closed(lane, exchange.message.mtype) from None

    def _submit(self, exchange: Exchange[Any], work: Work) -> None:
        """Hand the request to the network lane; one that takes long can be taken back."""
        scheduler, cancelling = self._gateway.scheduler, self._gateway.cancelling
        if exchange.row.priority is Priority.INTERACTIVE:
            scheduler.submit_network(self._job(exchange, work))
            return

        async def unless_cancelled() -> None:
            # One that was taken back while it waited is answered already.
            if not exchange.scope.cancel_called:
                cancelling.begin(exchange)
                await work()

        scheduler.submit_network(self._job(exchange, unless_cancelled))
        refuse = partial(self._fail, exchange, CANCELLED)
        client, msg_id = exchange.client, exchange.message.msg_id
        cancelling.add(exchange, Cancellable(client.token, msg_id, exchange.scope, refuse))

    def _order_of(self, exchange: Exchange[Any]) -> InOrder:
        order = self._orders.get(exchange.client)
        if order is None:
            order = self._orders[exchange.client] = InOrder()
        return order

    def _manage(self, exchange: Exchange[Any], work: Work) -> None:
        self._gateway.scheduler.submit_management(self._job(exchange, work))

    def _job(self, exchange: Exchange[Any], work: Work) -> Job:
        """The request as something that can wait for its turn."""
        row = exchange.row
        begins = HANDLERS[row] is transact and row.priority is Priority.INTERACTIVE
        return Job(
            row.priority,
            work=work,
            abandon=partial(self._fail, exchange, SHUTTING_DOWN),
            name=f"{exchange.message.mtype} of {exchange.client.remote}",
            patience=math.inf if self._waits(exchange) else LEASE_PATIENCE_S,
            refuse=partial(self._fail, exchange),
            owner=exchange.client,
            begin=partial(self._begin, exchange) if begins else None,
            fits=partial(_fits, exchange) if begins else never,
        )

    def _begin(self, exchange: Exchange[Any], over: Callable[[], None]) -> bool:
        """Send a request that is one transaction in this step, without a task of its own.

        False if something is in the way; see `_work` for what is.
        """
        if not exchange.client.live or self._refusal(exchange) is not None:
            return False
        try:
            request = begin(self._gateway, exchange)
        except Exception:
            return False

        def conclude(outcome: Outcome) -> None:
            try:
                answer = finish(self._gateway, exchange, outcome)
            except Exception as error:
                self._fail(exchange, error)
            else:
                self._finish(exchange, answer)
            finally:
                over()

        return self._gateway.transceiver.begin(request, exchange.message.timeout, conclude)

    def _waits(self, exchange: Exchange[Any]) -> bool:
        """Whether the request waits for the end of a service, however long that takes.

        Services follow one another. What sets the coordinator's parameters must not fail because
        a service has borrowed them for a while.
        """
        row = exchange.row
        if row.transaction is None:
            return row.priority is not Priority.INTERACTIVE
        try:
            return sets_parameters(row.transaction.begin(exchange.request))
        except ServiceError:
            return False

    def _refusal(self, exchange: Exchange[Any]) -> Exception | None:
        """Why the client may not have this, if so."""
        if self._gateway.service_mode.form is Form.OWNED and exchange.row not in _IN_SERVICE_MODE:
            return InServiceModeError(exchange.message.mtype)
        if exchange.row.family.rights_asked_by_handler:
            return None
        rights = exchange.client.rights
        if missing := rights.missing(exchange.row.rights_for(exchange.request)):
            # Where answers have no `errorStr`, or verbose ones alone, `statusStr` says the reason.
            family = exchange.row.family
            beside = family.style is Style.DPA and not family.cause_in_rsp
            told = "err" if beside else missing
            return ServiceError(-1, told, missing)
        reserved = self._gateway.scheduler.reserved and exchange.row.lane is Lane.NETWORK
        return SERVICE_MODE if reserved and not rights.service else None

    def _answer(self, handler: Handler, exchange: Exchange[Any]) -> None:
        """Have a handler that does not wait answer here and now."""
        try:
            answer = handler(self._gateway, exchange)
        except Exception as error:
            self._fail(exchange, error)
        else:
            assert answer is None or isinstance(answer, Answer)
            self._finish(exchange, answer)

    async def _work(self, handler: Handler, exchange: Exchange[Any]) -> None:
        """Have any handler answer, when its turn has come, if the client still may have it.

        Since the request was accepted its token may have been revoked or given fewer rights, and
        the gateway may have gone into service mode.
        """
        if not exchange.client.live:
            self._gateway.dropped += 1
            self._gateway.cancelling.remove(exchange)
            return
        if refusal := self._refusal(exchange):
            self._fail(exchange, refusal)
            return
        try:
            answer = handler(self._gateway, exchange)
            if isinstance(answer, Awaitable):
                answer = await answer
        except Exception as error:
            self._fail(exchange, error)
        else:
            self._finish(exchange, answer)

    def _finish(self, exchange: Exchange[Any], answer: Answer | None) -> None:
        self._gateway.cancelling.remove(exchange)
        if answer is not None:
            exchange.send(answer)

    def _fail(self, exchange: Exchange[Any], error: Exception) -> None:
        """The one place that turns an exception into an answer."""
        self._gateway.cancelling.remove(exchange)
        match error:
            case ServiceError():
                exchange.send(self._failed(exchange, error))
            case StoreError():
                log.error("%s: %s", exchange.message.mtype, error)
                exchange.send(self._failed(exchange, ServiceError(-1, str(error), str(error))))
            case RequestError():
                message = exchange.message
                self._refuse(error, message.text, exchange.client, message.msg_id)
            case QueueClosed():
                self._fail(exchange, SHUTTING_DOWN)
            case DpaError():
                exchange.send(self._failed(exchange, exchange.row.family.failure(error)))
            case _:
                log.error("%s failed", exchange.message.mtype, exc_info=error)
                self._fail(exchange, FAILED)

    def _failed(self, exchange: Exchange[Any], error: ServiceError) -> Answer:
        if exchange.row.transaction is not None:
            return fail(self._gateway, exchange, error)
        return exchange.row.failure(exchange.message, exchange.request, error)

    def _refuse(
        self, error: RequestError, text: str | bytes, client: Client, msg_id: str | None = None
    ) -> None:
        log.info("%s: status %d: %s", client.remote, error.status, error)
        gateway = self._gateway
        gateway.refused[error.status] += 1
        answer = message_error(error, text=text, ins_id=gateway.ins_id, msg_id=msg_id)
        gateway.reply(client, answer)
