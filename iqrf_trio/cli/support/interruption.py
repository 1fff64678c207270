"""Ctrl-C ends what a command does in Trio at its next checkpoint, never in the midst of a step."""

import signal
from collections.abc import Awaitable, Callable
from threading import current_thread, main_thread
from types import FrameType
from typing import TypeVar

import trio

T = TypeVar("T")


def run(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns; Ctrl-C cancels it, and then KeyboardInterrupt is raised.

    By itself Trio raises it where the program is, now and then within Trio's own bookkeeping,
    which then is an internal error and a traceback. Ctrl-C a second time does that still: it ends
    what does not come to a checkpoint.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or current_thread() is not main_thread():
        return trio.run(_plain, work)  # whoever started us has decided
    return trio.run(_interruptible, work)


async def _plain(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


async def _interruptible(work: Callable[[], Awaitable[T]]) -> T:
    scope, token = trio.CancelScope(), trio.lowlevel.current_trio_token()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        token.run_sync_soon(scope.cancel)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with scope:
            return await work()
    finally:
        signal.signal(signal.SIGINT, before)
    raise KeyboardInterrupt
