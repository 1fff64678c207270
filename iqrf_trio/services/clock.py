"""Whether the wall clock is synchronised, asked now and then."""

from collections.abc import Callable
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.shutdown import AbandonedError
from iqrf_trio.store.database import Hop

SOON_S, LATER_S = 60.0, 900.0
"""Between two questions, as long as it is not synchronised and afterwards."""


@define(eq=False)
class Clock:
    """What `ask`, which may block, said last; None where nobody can tell, and before the first."""

    _ask: Callable[[], bool | None]
    _hop: Hop
    synchronised: bool | None = field(default=None, init=False)

    async def run(self) -> NoReturn:
        """Ask, for as long as the daemon lives."""
        while True:
            try:
                self.synchronised = await self._hop(self._ask)
            except AbandonedError:  # the gateway is shutting down
                await trio.sleep_forever()
            await trio.sleep(LATER_S if self.synchronised else SOON_S)
