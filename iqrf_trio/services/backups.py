"""Has the store backed up once a day."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import trio
from attrs import frozen

from iqrf_trio.store import Store, StoreError

log = logging.getLogger("iqrf_trio.store")

FIRST_S = 10 * 60
"""After the start: a gateway that is just being set up has little to keep."""

CHECK_S = 60 * 60
"""How often it is looked whether a backup is due; looking writes nothing."""


@frozen(eq=False)
class Backups:
    """Looks after the backups of a store; `now` is the wall clock."""

    _store: Store
    _now: Callable[[], datetime]

    async def run(self) -> NoReturn:
        """Look from time to time, for as long as the daemon lives."""
        await trio.sleep(FIRST_S)
        while True:
            try:
                backup = await self._store.back_up(self._now())
            except StoreError as error:
                log.error("no backup was made: %s", error)
            else:
                if backup is not None:
                    log.info("the database is backed up as %s", backup)
            await trio.sleep(CHECK_S)
