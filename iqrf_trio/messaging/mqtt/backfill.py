"""Publishes from the history what was measured while the broker was away."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

import trio
from attrs import define, field, frozen

from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.store.errors import StoreError
from protocol.outward.mqtt.backfill import Row, cycles, missing
from protocol.outward.mqtt.outbox import Kind

log = logging.getLogger("iqrf_trio.mqtt")

LOOK_S = 1.0
"""Between two looks at the link, and between two cycles that are published."""

SAVE_S = 3600.0
"""How often it is stored that the broker is there; a killed gateway repeats as much."""

HOUR_S = 3600
"""What is read of the history at a time."""

MANY = 100
"""Events that wait for the broker; while there are more, no cycle is added."""


@frozen(eq=False)
class Past:
    """The history, and where it is remembered until when the broker has it.

    `series` gives MID and sensor by the number of a series, `rows` the values of a range of unix
    seconds; both raise StoreError. `load` and `save` keep a unix time.
    """

    series: Callable[[], Awaitable[Mapping[int, tuple[int, int]]]]
    rows: Callable[[int, int], Awaitable[Sequence[Row]]]
    load: Callable[[], Awaitable[float | None]]
    save: Callable[[float], Awaitable[None]]


@define(eq=False)
class MqttBackfill:
    """After each outage publishes its cycles under `topic`, `limit_s` seconds back at most."""

    _link: MqttLink
    _topic: str
    _past: Past
    _now: Callable[[], datetime]
    _limit_s: float
    _notice_s: float
    """How long it may take to notice that the broker has gone."""
    sent: int = field(default=0, init=False)
    """Cycles that were published."""
    _until: float | None = field(default=None, init=False)
    """Until when the broker has everything (unix time); None where it never had anything."""
    _saved_at: float = field(factory=trio.current_time, init=False)

    async def run(self) -> NoReturn:
        """Follow the link, for as long as it is kept."""
        self._until = await self._past.load()
        while True:
            if self._link.up:
                await self._catch_up()
                await self._follow()
            await trio.sleep(LOOK_S)

    async def _follow(self) -> None:
        """Note that the broker is there, until it is not."""
        while self._link.up:
            self._until = self._now().timestamp()
            if trio.current_time() - self._saved_at >= SAVE_S:
                self._saved_at = trio.current_time()
                await self._past.save(self._until)
            await trio.sleep(LOOK_S)
        if self._until is not None:
            self._until -= self._notice_s

    async def finish(self) -> None:
        """Remember until when the broker has everything."""
        if self._until is not None:
            await self._past.save(self._until)

    async def _catch_up(self) -> None:
        span = missing(self._until, self._now().timestamp(), self._limit_s)
        if span is None:
            return
        try:
            series = await self._past.series()
            for start in range(span.start, span.stop, HOUR_S):
                rows = await self._past.rows(start, min(start + HOUR_S, span.stop))
                for at, message in cycles(rows, series):
                    if not await self._send(at, message):
                        return  # the next connection goes on where this one ended
        except StoreError as error:
            log.warning("values of an outage are not published: %s", error)

    async def _send(self, at: int, message: bytes) -> bool:
        """Publish a cycle once there is room; False where the broker is away again."""
        while self._link.up:
            await trio.sleep(LOOK_S)
            if self._link.outbox.waiting(Kind.EVENT) <= MANY:
                self._link.numbered_event(self._topic, message)
                self.sent += 1
                self._until = at
                return True
        return False
