"""Requests of one client in order: answered as they came, although some wait and most do not."""

from collections.abc import Awaitable, Callable

import trio
from attrs import define

Work = Callable[[], Awaitable[None]]


@define(eq=False)
class InOrder:
    """Who came first is served first.

    As long as it is `free`, a request that need not wait is served where it is accepted;
    behind one that does wait (for the disk, say) everybody has to `enter`.
    """

    _last: trio.Event | None = None

    @property
    def free(self) -> bool:
        """Whether everybody who entered was served."""
        return self._last is None or self._last.is_set()

    def enter(self, submit: Callable[[Work], None], work: Work) -> None:
        """Hand `work` to `submit`, to be done when all that entered before is.

        Raises what `submit` does; then nobody entered.
        """
        # Without anybody before it begins when its task does: whatever comes behind a pause in the
        # next round of the event loop must find the queue paused.
        before, over = None if self.free else self._last, trio.Event()

        async def in_turn() -> None:
            try:
                if before is not None:
                    await before.wait()
                await work()
            finally:
                over.set()

        submit(in_turn)
        self._last = over
