"""The monitor: the state of the gateway as a stream of messages, for whoever watches it."""

import math
from collections.abc import Callable
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.edges.websocket import GOING_AWAY, Connection
from iqrf_trio.messaging.reports import Reports
from protocol.api.ntf import State, monitor

SAMPLE_S = 1.0
"""How often those parts of the state are looked at that nobody announces: lengths, the link."""

SENDING_S = 30.0
"""How long a watcher may take to read one message."""


@define(eq=False)
class _Latest:
    """Room for one message: one that was not fetched in time gives way to the next."""

    _text: str = ""
    _put: trio.Event = field(factory=trio.Event)

    def put(self, text: str) -> None:
        self._text = text
        self._put.set()

    async def get(self) -> str:
        await self._put.wait()
        self._put = trio.Event()
        return self._text


@define(eq=False)
class Monitor:
    """Tells the watchers of the state when it changes, and now and then in any case.

    What is announced (`changed`) is told at once, other changes within SAMPLE_S. `unix_time` is
    the wall clock in seconds.
    """

    _state: Callable[[], State]
    _unix_time: Callable[[], float]
    watchers: Reports = field(factory=Reports, init=False)
    _told: State | None = field(default=None, init=False)
    _number: int = field(default=0, init=False)
    _changed: trio.Event = field(factory=trio.Event, init=False)
    _over: trio.Event = field(factory=trio.Event, init=False)

    def changed(self) -> None:
        """Have all watchers told as soon as the current task pauses."""
        self._changed.set()

    async def run(self, period_s: float) -> NoReturn:
        """Tell the watchers, every `period_s` seconds at the latest."""
        try:
            while True:
                await self._news(trio.current_time() + period_s)
                if self.watchers:
                    self.watchers.publish(self._message())
        finally:
            self._over.set()

    async def serve(self, connection: Connection) -> None:
        """Let a client of the monitor's own port watch; what it says is not listened to."""
        connection.authenticated()  # whoever may connect there may watch
        latest = _Latest()
        with self.watchers.subscribed(latest.put):
            self.changed()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_send, latest, connection)
                nursery.start_soon(_ignore, connection)
                await self._over.wait()
                await connection.close(GOING_AWAY)
                nursery.cancel_scope.cancel()

    async def _news(self, until: float) -> None:
        """Wait for something to tell, or until that time; as long as it takes if nobody watches."""
        while not self._changed.is_set():
            if self.watchers and (trio.current_time() >= until or self._state() != self._told):
                break
            with trio.move_on_after(SAMPLE_S if self.watchers else math.inf):
                await self._changed.wait()
        self._changed = trio.Event()

    def _message(self) -> str:
        self._told = self._state()
        text = monitor(self._told, number=self._number, unix_time=int(self._unix_time()))
        self._number += 1
        return text


async def _send(latest: _Latest, connection: Connection) -> None:
    while True:
        text = await latest.get()
        with trio.move_on_after(SENDING_S) as sending:
            await connection.send(text)
        if sending.cancelled_caught:
            connection.drop()
            return


async def _ignore(connection: Connection) -> NoReturn:
    """Read to no end: it is how the client's leaving is noticed."""
    while True:
        await connection.receive()
