"""What a handler is given: the gateway it works for, and the request it answers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, frozen
from protocol.sensor_settings import Messaging

from iqrf_trio.enumeration import Enumeration
from iqrf_trio.scheduler import Scheduler
from iqrf_trio.sensor_worker import SensorWorker
from iqrf_trio.store import Store
from iqrf_trio.transceiver import Transceiver
from protocol.api.message import Answer, Entry, Message, dump

R_co = TypeVar("R_co", covariant=True)


class Client(Protocol):
    """Who asked: a session, as far as handlers know it."""

    @property
    def remote(self) -> str:
        """What to call the client in logs: its address and port."""

    @property
    def service(self) -> bool:
        """Whether its token carries the service permission."""

    def reply(self, text: str) -> None:
        """Send `text`; a client that is gone is sent nothing, silently."""


@define(eq=False)
class Gateway:
    """All that handlers work with.

    `messagings` are where reports can be sent; `annotate` says whether answers carry the metadata
    of their device.
    """

    ins_id: str
    version: str
    store: Store
    scheduler: Scheduler
    transceiver: Transceiver
    enumeration: Enumeration
    worker: SensorWorker
    local_time: Callable[[float], datetime]
    messagings: frozenset[Messaging] = frozenset()
    annotate: bool = False


@frozen(eq=False)
class Exchange(Generic[R_co]):
    """One request on its way to its answers; `request` is its `data.req`, or None."""

    message: Message
    entry: Entry
    request: R_co
    client: Client
    ins_id: str

    def answer(self, rsp: object | None = None) -> Answer:
        """The answer that says `rsp`, status 0."""
        return self.message.answer(rsp)

    def send(self, answer: Answer) -> None:
        """Send an answer; the last one of a request is returned by its handler instead."""
        verbose = self.message.verbose
        self.client.reply(dump(answer, self.entry.style, verbose=verbose, ins_id=self.ins_id))


Handler = Callable[[Gateway, Exchange[Any]], Answer | Awaitable[Answer | None] | None]
"""Answers a request: by what it returns, or, returning None, by `Exchange.send` in its own time.

Raises ServiceError (answered in the request's own type) or RequestError (a messageError). One
that is no coroutine function never waits for anything.
"""
