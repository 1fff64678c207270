"""From the text of a message to its handler, and from whatever comes of it to an answer."""

import logging
from collections.abc import Awaitable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from attrs import frozen

from iqrf_trio.handlers import db, iqmesh, mng, ntf, raw, sensor_data
from iqrf_trio.handlers.exchange import Client, Exchange, Gateway, Handler
from iqrf_trio.scheduler import Job, QueueClosed, QueueFull, RadioReserved
from iqrf_trio.store import StoreError
from protocol.api.errors import (
    GeneralError,
    RequestError,
    ServiceError,
    UnsupportedTypeError,
    lane_closed,
    lane_full,
    message_error,
)
from protocol.api.message import Answer, parse, request_of
from protocol.api.registry import entry_of
from protocol.dpa.errors import DpaError, status_text
from protocol.lanes import Lane

log = logging.getLogger("iqrf_trio.handlers")

HANDLERS: Mapping[str, Handler] = {
    **raw.HANDLERS,
    **db.HANDLERS,
    **sensor_data.HANDLERS,
    **mng.HANDLERS,
    **ntf.HANDLERS,
    **iqmesh.HANDLERS,
}

_AT_ONCE = frozenset(
    mtype for mtype, handler in HANDLERS.items() if not iscoroutinefunction(handler)
)
"""The types whose handlers never wait."""

FAILED = GeneralError("The gateway failed to handle this request.")
SHUTTING_DOWN = GeneralError("The gateway is shutting down.")
SERVICE_PERMISSION = ServiceError(-1, "err", "The token lacks the service permission.")
SERVICE_MODE = RadioReserved("the gateway is in service mode")

LEASE_PATIENCE_S = 30.0
"""How long a request waits for a radio that a procedure keeps to itself."""


@frozen(eq=False)
class Dispatcher:
    """Accepts messages of authenticated clients and sees that each is answered."""

    _gateway: Gateway

    def accept(self, text: str | bytes, client: Client) -> None:
        """Answer `text` at once, or let it wait for its turn; never raises, never waits."""
        try:
            message = parse(text)
        except RequestError as error:
            self._refuse(error, text, client)
            return
        try:
            entry = entry_of(message.mtype)
            handler = HANDLERS.get(message.mtype)
            if handler is None:
                raise UnsupportedTypeError(message.mtype)
            request = request_of(entry, message)
            exchange = Exchange(message, entry, request, client, self._gateway)
            self._start(handler, exchange)
        except RequestError as error:
            self._refuse(error, text, client, message.msg_id)
        except Exception:
            log.exception("%s of %s failed", message.mtype, client.remote)
            self._refuse(FAILED, text, client, message.msg_id)

    def _start(self, handler: Handler, exchange: Exchange[Any]) -> None:
        """Run the handler here, or hand it to the lane of its type; raises RequestError."""
        lane, scheduler = exchange.entry.lane, self._gateway.scheduler
        if refusal := self._refusal(exchange):
            self._fail(exchange, refusal)
            return
        try:
            if lane is Lane.NETWORK:
                scheduler.submit_network(self._job(handler, exchange))
            elif exchange.message.mtype in _AT_ONCE:
                scheduler.manage(partial(self._answer, handler, exchange))
            else:
                scheduler.submit_management(self._job(handler, exchange))
        except QueueFull as full:
            raise lane_full(lane, exchange.message.mtype, full.capacity) from None
        except QueueClosed:
            raise lane_closed(lane, exchange.message.mtype) from None

    def _job(self, handler: Handler, exchange: Exchange[Any]) -> Job:
        """The request as something that can wait for its turn."""
        return Job(
            exchange.entry.priority,
            work=partial(self._work, handler, exchange),
            abandon=partial(self._fail, exchange, SHUTTING_DOWN),
            name=f"{exchange.message.mtype} of {exchange.client.remote}",
            patience=LEASE_PATIENCE_S,
            refuse=partial(self._fail, exchange),
        )

    def _refusal(self, exchange: Exchange[Any]) -> ServiceError | RadioReserved | None:
        """Why the client may not have this, if so."""
        if exchange.client.service:
            return None
        if exchange.entry.service(exchange.request):
            return SERVICE_PERMISSION
        if self._gateway.scheduler.reserved and exchange.entry.lane is Lane.NETWORK:
            return SERVICE_MODE
        return None

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
        """Have any handler answer, when its turn has come."""
        try:
            answer = handler(self._gateway, exchange)
            if isinstance(answer, Awaitable):
                answer = await answer
        except Exception as error:
            self._fail(exchange, error)
        else:
            self._finish(exchange, answer)

    def _finish(self, exchange: Exchange[Any], answer: Answer | None) -> None:
        if answer is not None:
            exchange.send(answer)

    def _fail(self, exchange: Exchange[Any], error: Exception) -> None:
        """The one place that turns an exception into an answer."""
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
                told = ServiceError(error.status, status_text(error.status))
                exchange.send(self._failed(exchange, told))
            case _:
                log.error("%s failed", exchange.message.mtype, exc_info=error)
                self._fail(exchange, FAILED)

    def _failed(self, exchange: Exchange[Any], error: ServiceError) -> Answer:
        return exchange.entry.failed(exchange.message, exchange.request, error)

    def _refuse(
        self, error: RequestError, text: str | bytes, client: Client, msg_id: str | None = None
    ) -> None:
        log.info("%s: status %d: %s", client.remote, error.status, error)
        gateway = self._gateway
        gateway.refused[error.status] += 1
        answer = message_error(error, text=text, ins_id=gateway.ins_id, msg_id=msg_id)
        gateway.reply(client, answer)
