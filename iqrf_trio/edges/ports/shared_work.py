"""Work that several tasks wait for, each for another result of it: one does it at a time."""

from collections.abc import Awaitable, Callable

import trio
from attrs import define, field


@define(eq=False)
class SharedWork:
    """A link reads once for all: for who waits for a message, and for who waits for a reply.

    `work` is what brings things forward a bit, such as reading once; it must lose nothing when it
    is cancelled.
    """

    work: Callable[[], Awaitable[None]]
    _busy: bool = field(init=False, default=False)
    _waiting: int = field(init=False, default=0)
    _changed: trio.Event = field(init=False, factory=trio.Event)

    async def until(self, done: Callable[[], bool]) -> None:
        """Work, or let another task work, until `done` says so; raises what `work` raises."""
        await trio.lowlevel.checkpoint()
        while not done():
            if self._busy:
                self._waiting += 1
                try:
                    await self._changed.wait()
                finally:
                    self._waiting -= 1
            else:
                await self._do()

    @property
    def alone(self) -> bool:
        """Whether nobody waits for the work but who does it."""
        return not self._waiting

    def wake(self) -> None:
        """Have everybody look again whether they are done."""
        self._changed.set()
        self._changed = trio.Event()

    async def _do(self) -> None:
        self._busy = True
        try:
            await self.work()
        finally:
            # Whoever waits looks what has come of it, and one of them goes on.
            self._busy = False
            self.wake()
