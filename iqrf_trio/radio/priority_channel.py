"""The way from many tasks to the one that serves them, in the order that RadioQueue decides."""

import math
from collections.abc import Callable
from typing import Generic, TypeVar

import trio
from attrs import define, field

from protocol.queue.lanes import Priority
from protocol.queue.scheduling import Entry, Kind, RadioQueue, never

T = TypeVar("T")


@define(eq=False)
class PriorityChannel(Generic[T]):
    """Puts never wait; `receive` waits until the queue has something to deal with.

    Times are trio's clock. An item is taken when the receiving task is scheduled, so whatever
    happens between a put and the next checkpoint (a pause, say) comes before it.
    """

    queue: RadioQueue[T]
    """To be looked at; changed only by the methods below."""

    _at_once: Callable[[T], Callable[[Entry[T]], bool] | None] = lambda _: None
    """What begins an item without waiting, None where nothing does. It gets the entry whose turn
    has come; if it returns False, the entry is received."""

    _held: Entry[T] | None = field(default=None, init=False)
    """An entry whose turn has come, and that has to be received."""
    _changed: trio.Event = field(factory=trio.Event, init=False)

    def put(
        self,
        item: T,
        kind: Kind,
        priority: Priority,
        *,
        lease: Entry[T] | None = None,
        patience: float = math.inf,
        shared: bool = False,
        fits: Callable[[], bool] = never,
    ) -> Entry[T]:
        """Let `item` wait for its turn; raises QueueFull, QueueClosed."""
        now = trio.current_time()
        entry = self.queue.put(
            item, kind, priority, now, lease=lease, patience=patience, shared=shared, fits=fits
        )
        self._wake(now)
        return entry

    async def receive(self) -> Entry[T]:
        """Wait for the next entry: ACTIVE, it has its turn; EXPIRED, it must be refused.

        Raises trio.EndOfChannel once the queue is closed.

        For one task, which lets others run while it deals with an entry: what waits already is
        taken without delay. Cancelling loses nothing.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        while (entry := self._take()) is None:
            if self.queue.closed:
                raise trio.EndOfChannel
            self._changed = trio.Event()
            if (expires_at := self.queue.expires_at()) == math.inf:
                await self._changed.wait()
            else:
                with trio.move_on_at(expires_at):
                    await self._changed.wait()
        return entry

    def _take(self) -> Entry[T] | None:
        if self._held is not None:
            held, self._held = self._held, None
            return held
        return self.queue.next(trio.current_time())

    def done(self, entry: Entry[T], now: float) -> None:
        """`entry` is over, or not wanted any more; does nothing the second time."""
        self.queue.done(entry)
        self._wake(now)

    def pause(self) -> None:
        """Nothing is taken out until `resume`; puts are accepted until the queue is full."""
        self.queue.pause()

    def resume(self) -> None:
        """Go on."""
        now = trio.current_time()
        self.queue.resume(now)
        self._wake(now)

    def close(self) -> tuple[Entry[T], ...]:
        """Later puts raise QueueClosed; gives back all that wait."""
        waiting = self.queue.close()
        self._wake(trio.current_time())
        return waiting

    def _wake(self, now: float) -> None:
        """Begin what can be begun here, and wake the receiving task for anything else."""
        queue = self.queue
        entry = queue.peek(now)
        if entry is not None and (begin := self._at_once(entry.item)) is not None:
            queue.begin(entry, now)
            if not begin(entry):
                self._held = entry
        idle = queue.running is not None and queue.lease is None and not queue.closed
        if self._held is not None or not idle:
            self._changed.set()
