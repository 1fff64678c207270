"""What begins the shutdown: an event of whoever started the gateway, or SIGINT and SIGTERM."""

import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from iqrf_trio.shutdown import Shutdown

log = logging.getLogger("iqrf_trio.daemon")


@asynccontextmanager
async def stopped_by(stop: trio.Event | None, shutdown: Shutdown) -> AsyncIterator[None]:
    """Within the block `stop`, or without one SIGINT or SIGTERM, begins the shutdown."""
    async with trio.open_nursery() as nursery:
        if stop is None:
            await nursery.start(_await_signal, shutdown)
        else:
            nursery.start_soon(_await_event, stop, shutdown)
        yield
        nursery.cancel_scope.cancel()


async def _await_event(stop: trio.Event, shutdown: Shutdown) -> None:
    await stop.wait()
    shutdown.begin()


async def _await_signal(
    shutdown: Shutdown, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Begin the shutdown with the first signal; those after it change nothing."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            log.info("%s received", signal.Signals(number).name)
            shutdown.begin()
