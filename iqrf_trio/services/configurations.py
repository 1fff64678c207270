"""Keeps the configuration that each module was last seen with."""

import logging
from collections import deque
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.shutdown import AbandonedError, Share, Shutdown
from iqrf_trio.store import Store, StoreError
from protocol.dpa.transaction import Outcome
from protocol.network import configurations
from protocol.network.configurations import Change, Configuration

log = logging.getLogger("iqrf_trio.network")

GATHER_S = 1.0
"""How long changes wait for others, so that a walk over all nodes costs one write a second."""

RETRY_S = 10.0
"""Until what the store did not take is offered again."""

MOST_WAITING = 2000
"""Changes that wait for the store; further ones are lost while it takes none."""


@define(eq=False)
class Configurations:
    """Takes outcomes as they pass, without waiting, and stores soon what they change."""

    _store: Store
    _shutdown: Shutdown
    _seen: configurations.Configurations = field(init=False)
    _waiting: deque[tuple[int, Change]] = field(factory=deque, init=False)
    _saving: trio.Lock = field(factory=trio.Lock, init=False)
    _noted: trio.Event = field(factory=trio.Event, init=False)

    @_seen.default
    def _of_the_stored_network(self) -> configurations.Configurations:
        return configurations.Configurations(self._mid_of)

    def observe(self, outcome: Outcome) -> None:
        """Take note of what a transaction has read or written."""
        changes = self._seen.observe(outcome.request, outcome.response)
        if outcome.status != 0 or not changes:
            return
        if len(self._waiting) + len(changes) > MOST_WAITING:
            log.error("the configurations of %d devices are not noted", len(changes))
            return
        self._waiting.extend(changes)
        self._noted.set()

    async def of(self, mid: int) -> Configuration | None:
        """The configuration of a module, None where none was ever seen. Raises StoreError."""
        await self._save()
        return await self._store.configuration(mid)

    async def run(self) -> NoReturn:
        """Store what is noted, for as long as the daemon lives."""
        try:
            while True:
                await self._noted.wait()
                await trio.sleep(GATHER_S)
                self._noted = trio.Event()
                if not await self._try_to_save():
                    await trio.sleep(RETRY_S)
                    self._noted.set()
        finally:
            with self._shutdown.shield(share=Share.ALL):
                await self._try_to_save()

    def _mid_of(self, address: int) -> int | None:
        device = self._store.network.get(address)
        return None if device is None else device.mid

    async def _save(self) -> None:
        """Store what waits; raises StoreError, and then it still waits."""
        async with self._saving:
            changes = list(self._waiting)
            if not changes:
                return
            await self._store.change_configurations(changes)
            for _ in changes:
                self._waiting.popleft()

    async def _try_to_save(self) -> bool:
        try:
            await self._save()
        except (StoreError, AbandonedError) as error:
            log.error("the configurations of devices were not stored: %s", error)
            return False
        return True
