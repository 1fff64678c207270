"""What a handler is given: the gateway it works for, and the request it answers."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.edges.local_zone import local_zone
from iqrf_trio.messaging.holders import Holders
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.enumeration import Enumeration
from iqrf_trio.services.history import History
from iqrf_trio.services.monitor import Monitor
from iqrf_trio.services.network.cancelling import Cancelling
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.service_mode import ServiceMode
from iqrf_trio.services.states import OutputStates
from iqrf_trio.services.tasks import Tasks
from iqrf_trio.services.vault.keeper import Keeper
from iqrf_trio.store import Store
from protocol.api import mng, ntf
from protocol.api.errors import ServiceError
from protocol.api.family import Row
from protocol.api.message import Answer, Message, dump
from protocol.auth.rights import Rights
from protocol.dpa.counters import Counters
from protocol.iqmesh import statuses
from protocol.queue.tallies import Statistics
from protocol.readings.settings import Messaging
from protocol.strict.json import JsonObject

CANCELLED = ServiceError(statuses.CANCELLED, "Cancelled")
"""The client took its request back."""

R_co = TypeVar("R_co", covariant=True)

MAX_ANSWER = 2 * 1024 * 1024
"""Characters of one answer. All that is known of 240 devices has less."""


class Client(Protocol):
    """Who asked: a session, as far as handlers know it."""

    @property
    def remote(self) -> str:
        """What to call the client in logs: its address and port."""

    @property
    def rights(self) -> Rights:
        """What its token allows."""

    @property
    def token(self) -> int | None:
        """The number of its token."""

    @property
    def lasting(self) -> bool:
        """Whether it is a session, which stays until one of both sides ends it."""

    @property
    def live(self) -> bool:
        """Whether it is still there."""

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Send `text`; a client that is gone is sent nothing, silently.

        False if there is no room for a text of this length, unless it is to be sent `always`.
        """

    def owe(self, answers: int) -> None:
        """So many more answers than before will come in any case, however late."""

    def subscribe(self, reports: Reports) -> None:
        """Send it what `reports` publishes from now on, as long as it is there."""


@frozen
class Figures:
    """What happened since the start, at one moment.

    `requests` are the scheduler's figures, `refused` counts messageErrors by their status,
    `dropped` answers to clients that had gone, `radio` transactions and what befell the link.
    """

    requests: Statistics
    refused: Mapping[int, int]
    dropped: int
    radio: Counters


@define(eq=False)
class Gateway:
    """All that handlers work with.

    `messagings` are where reports can be sent; `annotate` says whether answers carry the metadata
    of their device. `lifetime` is the scope in which the gateway serves: at its deadline it stops.
    """

    ins_id: str
    version: str
    store: Store
    scheduler: Scheduler
    transceiver: Transceiver
    enumeration: Enumeration
    worker: SensorWorker
    local_time: Callable[[float], datetime]
    keeper: Keeper
    network: NetworkServices
    states: OutputStates
    messagings: frozenset[Messaging] = frozenset()
    annotate: bool = False
    sticky_service_mode: bool = False
    history: History | None = None
    lifetime: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    holders: Holders = field(factory=Holders, init=False)
    monitor: Monitor = field(init=False)
    tasks: Tasks = field(init=False)
    service_mode: ServiceMode = field(init=False)
    cancelling: Cancelling = field(factory=Cancelling, init=False)
    refused: Counter[int] = field(factory=Counter, init=False)
    dropped: int = field(default=0, init=False)

    @monitor.default
    def _make_monitor(self) -> Monitor:
        return Monitor(self.state, lambda: self.now().timestamp())

    @tasks.default
    def _make_tasks(self) -> Tasks:
        return Tasks(self.store, self.now, local_zone, self.holders)

    @service_mode.default
    def _make_service_mode(self) -> ServiceMode:
        def changed() -> None:
            self.worker.reconsider()
            self.monitor.changed()

        return ServiceMode(
            self.scheduler, self.transceiver, changed, sticky=self.sticky_service_mode
        )

    def now(self) -> datetime:
        """The wall clock."""
        return self.local_time(trio.current_time())

    @property
    def oper_mode(self) -> mng.OperMode:
        """The mode of operation: in service mode only single requests get on the radio."""
        return "service" if self.scheduler.reserved else "operational"

    def state(self) -> ntf.State:
        """What the monitor shows of this moment."""
        return ntf.State(
            dpa_queue=int(self.scheduler.on_air),
            management_queue=self.scheduler.management_running,
            network_queue=self.scheduler.network_waiting,
            coordinator_ready=self.transceiver.connected,
            oper_mode=self.oper_mode,
            enumerating=self.enumeration.running,
            reading=self.worker.reading,
        )

    def absent(self, wanted: Iterable[Messaging]) -> str:
        """Which of these messagings there are not, in words; empty where there are all."""
        names = sorted(
            {f"{each.type} {each.instance}" for each in wanted if each not in self.messagings}
        )
        return f"there is no messaging {', '.join(names)}" if names else ""

    def figures(self) -> Figures:
        """All counters there are, for whoever wants to show them."""
        requests, radio = self.scheduler.statistics(), self.transceiver.counters
        return Figures(requests, dict(self.refused), self.dropped, radio)

    def reply(self, client: Client, text: str, *, always: bool = True) -> bool:
        """Send an answer, and count it if nobody is there to have it.

        Without `always`, False if there is no room for one of this length.
        """
        sent = client.reply(text, always=always)
        if not client.live:
            self.dropped += 1
        return sent


@frozen(eq=False)
class Exchange(Generic[R_co]):
    """One request on its way to its answers; `request` is its `data.req`, or None.

    `scope` is for handlers that can be cut short: it is cancelled when the client takes the
    request back. Such a handler answers nevertheless.
    """

    message: Message
    row: Row
    request: R_co
    client: Client
    gateway: Gateway

    @cached_property
    def scope(self) -> trio.CancelScope:
        """Made when it is asked for: most requests cannot be taken back."""
        return trio.CancelScope()

    def answer(self, rsp: JsonObject | None = None) -> Answer:
        """The answer that says `rsp`, status 0."""
        return self.message.answer(rsp)

    def send(self, answer: Answer) -> None:
        """Send an answer; the last one of a request is returned by its handler instead.

        One that is too long is replaced by one that says so.
        """
        text = self._text(answer)
        if len(text) > MAX_ANSWER:
            reason = f"The answer would have {len(text)} characters, and {MAX_ANSWER} may be sent;"
        elif self.gateway.reply(self.client, text, always=False):
            return
        else:
            reason = f"More is waiting to be sent to clients than there is room for {len(text)};"
        error = ServiceError(-1, *2 * (f"{reason} ask for fewer devices.",))
        failed = self.row.failure(self.message, self.request, error)
        self.gateway.reply(self.client, self._text(failed))

    def _text(self, answer: Answer) -> str:
        verbose, ins_id = self.message.verbose, self.gateway.ins_id
        return dump(answer, self.row.family.style, verbose=verbose, ins_id=ins_id)


Handler = Callable[[Gateway, Exchange[Any]], Answer | Awaitable[Answer | None] | None]
"""Answers a request: by what it returns, or, returning None, by `Exchange.send` in its own time.

Raises ServiceError (answered in the request's own type) or RequestError (a messageError). One
that is no coroutine function never waits for anything.
"""
