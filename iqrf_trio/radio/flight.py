"""The transaction under way and the air it needs, on Trio's clock."""

import logging
import math
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field

from iqrf_trio.shutdown import Shield
from protocol.dpa.errors import DpaAbortedError
from protocol.dpa.packet import Packet
from protocol.dpa.requests import name_of
from protocol.dpa.transaction import Outcome, Transaction

log = logging.getLogger("iqrf_trio.transceiver")


@define(eq=False)
class Flight:
    """The transaction under way: a task waits for it, or `conclude` is called in the end.

    `begun_in` is the number of the last read before it was sent, `limit` the moment at which it is
    over in any case. The `shield` covers the task that waits; it ends the wait at the deadline of
    the transaction, when the link is lost, or at shutdown.
    """

    transaction: Transaction
    begun_in: int = 0
    limit: float = math.inf
    conclude: Callable[[float], None] | None = field(default=None, kw_only=True)
    """Called once, with the time, when there is an outcome."""
    _shield: Shield | None = field(default=None, init=False)
    _over: trio.Event | None = field(default=None, init=False)

    def receive(
        self, packet: Packet, now: float, *, lag_s: float = 0.0, read: int | None = None
    ) -> bool:
        """Take a frame from the coordinator; False if it is none of this transaction's.

        `read` and `lag_s` as Transaction has them. What came in a read before the request was
        sent, cannot answer it.
        """
        if read is not None and read <= self.begun_in:
            return False
        belongs = self.transaction.receive(packet, now, lag_s=lag_s, read=read)
        if self._shield is not None:
            self._shield.deadline = self.transaction.deadline
        if self._over is not None and self.transaction.outcome is not None:
            self._over.set()
        return belongs

    def fail(self, status: int) -> None:
        """End it at once, with a status below zero."""
        now = trio.current_time()
        self.transaction.fail(status, now)
        if self._shield is not None:
            self._shield.cancel()
        self.settle(now)

    def expire(self, now: float) -> None:
        """Its time is up: as far as it has come, it is over."""
        self.end(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Have it concluded if there is an outcome by now."""
        if self.conclude is not None and self.transaction.outcome is not None:
            conclude, self.conclude = self.conclude, None
            conclude(now)

    async def carry_out(self, send: Callable[[], Awaitable[None]], shield: Shield) -> None:
        """Have the request sent, and wait until there is an outcome or the shield ends."""
        shield.deadline, self._over = self.transaction.deadline, trio.Event()
        self._shield = shield
        with shield:
            await send()
            if self.transaction.outcome is None:
                await self._over.wait()

    def end(self, now: float) -> Outcome:
        """What has become of it: time is up, or nobody waits any more."""
        if self.transaction.outcome is None:
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


def tell_shortened(transaction: Transaction, timeout_ms: int | None, longest_ms: int) -> None:
    """Log that a client has asked for a longer timeout than it gets."""
    if not timeout_ms or not transaction.shortened:
        return
    request = transaction.request
    log.info(
        "%s to %d: a timeout of %.1f s was asked for, %.1f s is the limit",
        name_of(request.pnum, request.pcmd),
        request.nadr,
        timeout_ms / 1000,
        longest_ms / 1000,
    )
