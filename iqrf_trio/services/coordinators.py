"""What is kept of coordinators over a restart: their parameters, and how long one is busy."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import Store, StoreError
from protocol.network.parameters import Parameters

log = logging.getLogger("iqrf_trio.transceiver")

BUSY_SETTING = "radio.busy"
"""Since when (ISO 8601) and for how many seconds the coordinator is at work."""

RETRY_S = 10.0
"""Until what the store did not take is offered again."""

_WORTH_KEEPING_S = 1.0
"""Whatever takes less is over before a program has started."""


@define(eq=False)
class Coordinators:
    """Keeps the last known parameters of each coordinator, by its MID."""

    _store: Store
    _shutdown: Shutdown
    _unsaved: dict[int, Parameters] = field(factory=dict, init=False)
    _changed: trio.Event = field(factory=trio.Event, init=False)

    async def recall(self, coordinator: int) -> Parameters:
        """What is known of this coordinator; nothing, if the store cannot be read."""
        if coordinator in self._unsaved:
            return self._unsaved[coordinator]
        try:
            return await self._store.parameters(coordinator)
        except StoreError as error:
            log.error("the parameters of the coordinator are not known: %s", error)
            return Parameters()

    def note(self, coordinator: int, parameters: Parameters) -> None:
        """Keep what is known of this coordinator now."""
        self._unsaved[coordinator] = parameters
        self._changed.set()

    async def run(self) -> NoReturn:
        """Store what is noted, for as long as the daemon lives."""
        try:
            while True:
                await self._changed.wait()
                self._changed = trio.Event()
                if not await self._save():
                    await trio.sleep(RETRY_S)
                    self._changed.set()
        finally:
            with self._shutdown.shield(share=Share.ALL):
                await self._save()

    async def _save(self) -> bool:
        while self._unsaved:
            coordinator, parameters = next(iter(self._unsaved.items()))
            try:
                await self._store.save_parameters(coordinator, parameters)
            except (StoreError, AbandonedError) as error:
                log.error("the parameters of the coordinator were not stored: %s", error)
                return False
            if self._unsaved.get(coordinator) == parameters:
                del self._unsaved[coordinator]
        return True


async def load_busy(store: Store, now: Callable[[], datetime]) -> float:
    """How many seconds the coordinator may still be at work on what was given up at the end.

    A clock that was set back in between makes it no longer than it was then. Raises StoreError.
    """
    match await store.setting(BUSY_SETTING):
        case {"since": str(since), "seconds": int() | float() as seconds}:
            try:
                passed = now() - datetime.fromisoformat(since)
            except (ValueError, TypeError):
                return 0.0
            return min(float(seconds), max(0.0, seconds - passed / timedelta(seconds=1)))
    return 0.0


async def save_busy(store: Store, now: Callable[[], datetime], seconds: float) -> None:
    """Keep for the next start how long the coordinator is at work. Raises StoreError."""
    if seconds < _WORTH_KEEPING_S:
        if await store.setting(BUSY_SETTING) is None:
            return
        seconds = 0.0
    value = {"since": now().isoformat(), "seconds": round(seconds, 1)} if seconds else None
    await store.save_setting(BUSY_SETTING, value)
