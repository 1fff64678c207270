"""Starting a service again where it could not start, with pauses that grow.

A port that somebody else holds or a disk that is not mounted yet mends itself, or is mended, after
any time. A service manager that started the process anew would do so at one fixed pace, and could
give up in the end.
"""

import logging
import signal
from collections.abc import Awaitable, Callable

import trio

from iqrf_trio.cli import causes
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp.listeners import ListenError
from iqrf_trio.store import StoreError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

START_S = 60.0
"""What one attempt may take, as the unit's TimeoutStartSec."""

log = logging.getLogger("iqrf_trio.daemon")


async def persistently(
    start: Callable[[], Awaitable[None]], notifier: Notifier, *, served: Callable[[], bool]
) -> None:
    """Run the gateway with `start`, again and again until it has `served`, or a signal ends it.

    Only where a service manager waits for it, which is told: a person at a terminal is better
    served by the reason and an end. Raises what `start` raises, but for ListenError and StoreError
    where it is called again.
    """
    pause = FIRST_PAUSE_S
    while True:
        trouble: BaseException | None = None
        try:
            await start()
        except* (ListenError, StoreError) as group:
            if not notifier.address or served():
                raise
            trouble = next(causes(group))
        if trouble is None:
            return
        log.error("cannot start, will try again in %g s: %s", pause, trouble)
        notifier.starting(f"cannot start: {trouble}", pause + START_S)
        if await _signalled(pause):
            return
        pause = min(2 * pause, LONGEST_PAUSE_S)


async def _signalled(seconds: float) -> bool:
    """Wait so long; True as soon as the process is told to end."""
    with (
        trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
        trio.move_on_after(seconds) as waiting,
    ):
        await anext(signals)
    return not waiting.cancelled_caught
