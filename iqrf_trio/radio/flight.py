"""The transaction under way and the air it needs, on Trio's clock."""

import math
from collections.abc import Callable

import trio
from attrs import define, field

from iqrf_trio.shutdown import Shield
from protocol.dpa.errors import DpaAbortedError
from protocol.dpa.packet import Packet
from protocol.dpa.transaction import Outcome, Transaction


@define(eq=False)
class Flight:
    """The transaction under way.

    Its scope shields it, and ends it at its deadline, when the link is lost, or at shutdown.
    `begun_in` is the number of the last read before it was sent.
    """

    transaction: Transaction
    scope: Shield
    begun_in: int = 0
    conclude: Callable[[], None] | None = field(default=None, kw_only=True)
    """Called once when there is an outcome, where no task waits for it."""
    _over: trio.Event = field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        """The transaction ends at its own deadline at the latest."""
        self.scope.deadline = self.transaction.deadline

    def receive(self, packet: Packet, *, lag_s: float = 0.0, read: int | None = None) -> bool:
        """Take a frame from the coordinator; False if it is none of this transaction's.

        `read` and `lag_s` as Transaction has them. What came in a read before the request was
        sent, cannot answer it.
        """
        if read is not None and read <= self.begun_in:
            return False
        belongs = self.transaction.receive(packet, trio.current_time(), lag_s=lag_s, read=read)
        if self.transaction.outcome is None:
            self.scope.deadline = self.transaction.deadline
        else:
            self._over.set()
        return belongs

    def fail(self, status: int, *, sent: bool = True) -> None:
        """End it at once, with a status below zero; `sent` as Transaction has it."""
        self.transaction.fail(status, trio.current_time(), sent=sent)
        self.scope.cancel()
        self.settle()

    def expire(self) -> None:
        """Its time is up: as far as it has come, it is over."""
        self.end(trio.current_time())
        self.settle()

    def settle(self) -> None:
        """Have it concluded if there is an outcome by now."""
        if self.conclude is not None and self.transaction.outcome is not None:
            conclude, self.conclude = self.conclude, None
            conclude()

    async def wait(self) -> None:
        """Until there is an outcome."""
        if self.transaction.outcome is None:
            await self._over.wait()

    def end(self, now: float) -> Outcome:
        """What has become of it: time is up, or nobody waits any more."""
        self.transaction.tick(now)
        self.transaction.fail(DpaAbortedError.code, now)
        assert self.transaction.outcome is not None
        return self.transaction.outcome


@define(eq=False)
class Air:
    """Until when the network is routing, or the coordinator deaf, as far as the timing tells.

    `free_at` is what the transaction before has left.
    """

    free_at: float = -math.inf
    _changed: trio.Event = field(factory=trio.Event, init=False)

    def clear(self) -> None:
        """It is free already: the coordinator has answered, or was reset."""
        self.free_at = min(self.free_at, trio.current_time())
        self._changed.set()

    async def wait(self) -> None:
        """Wait until it is free."""
        while self.free_at > trio.current_time():
            self._changed = trio.Event()
            with trio.move_on_at(self.free_at):
                await self._changed.wait()
