"""The way from many tasks to the one that serves them, in the order that RadioQueue decides."""

import math
from typing import Generic, TypeVar

import trio
from attrs import define, field

from protocol.queue.lanes import Priority
from protocol.queue.scheduling import Entry, Kind, RadioQueue

T = TypeVar("T")


@define(eq=False)
class PriorityChannel(Generic[T]):
    """Puts never wait; `receive` waits until the queue has something to deal with.

    Times are trio's clock. An item is taken when the receiving task is scheduled, so whatever
    happens between a put and the next checkpoint (a pause, say) comes before it.
    """

    queue: RadioQueue[T]
    """To be looked at; changed only by the methods below."""

    _changed: trio.Event = field(factory=trio.Event, init=False)

    def put(
        self,
        item: T,
        kind: Kind,
        priority: Priority,
        *,
        lease: Entry[T] | None = None,
        patience: float = math.inf,
    ) -> Entry[T]:
        """Let `item` wait for its turn; raises QueueFull, QueueClosed."""
        now = trio.current_time()
        entry = self.queue.put(item, kind, priority, now, lease=lease, patience=patience)
        self._wake()
        return entry

    async def receive(self) -> Entry[T]:
        """Wait for the next entry: ACTIVE, it has its turn; EXPIRED, it must be refused.

        Raises trio.EndOfChannel once the queue is closed.

        For one task, which lets others run while it deals with an entry: what waits already is
        taken without delay. Cancelling loses nothing.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        while (entry := self.queue.next(trio.current_time())) is None:
            if self.queue.closed:
                raise trio.EndOfChannel
            self._changed = trio.Event()
            if (expires_at := self.queue.expires_at()) == math.inf:
                await self._changed.wait()
            else:
                with trio.move_on_at(expires_at):
                    await self._changed.wait()
        return entry

    def done(self, entry: Entry[T]) -> None:
        """`entry` is over, or not wanted any more; does nothing the second time."""
        self.queue.done(entry)
        self._wake()

    def pause(self) -> None:
        """Nothing is taken out until `resume`; puts are accepted until the queue is full."""
        self.queue.pause()

    def resume(self) -> None:
        """Go on."""
        self.queue.resume(trio.current_time())
        self._wake()

    def close(self) -> tuple[Entry[T], ...]:
        """Later puts raise QueueClosed; gives back all that wait."""
        waiting = self.queue.close()
        self._wake()
        return waiting

    def _wake(self) -> None:
        self._changed.set()
