"""A dialogue with devices: steps on the radio, tried again by rule, each transaction recorded."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import trio
from attrs import evolve, field, frozen

from iqrf_trio.radio.scheduler import Lease, Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa import step as steps
from protocol.dpa.attempts import Attempts
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.step import Make
from protocol.dpa.transaction import Outcome
from protocol.queue.lanes import Priority

log = logging.getLogger("iqrf_trio.dialogue")
T = TypeVar("T")

Record = Callable[[Outcome], None]
"""Is told of each transaction, in order, of all attempts."""


def unrecorded(_outcome: Outcome) -> None:
    """For whoever shows no transactions."""


@frozen(eq=False)
class Dialogue:
    """Puts questions to devices. Each step waits for its turn on the radio with `priority`.

    `attempts` says how often, and after which pause, a step is tried. Every method raises the
    DpaError of the last attempt, and QueueClosed at shutdown. Cancelling takes back a step that
    waits; one that is on the radio is finished first.
    """

    _transceiver: Transceiver
    _scheduler: Scheduler
    _priority: Priority
    _attempts: Attempts
    _record: Record = field(default=unrecorded)
    _lease: Lease | None = field(default=None, kw_only=True)

    async def wait_connected(self) -> None:
        """Wait until the coordinator can be asked."""
        await self._transceiver.wait_connected()

    async def ask(self, call: Call[T], attempts: Attempts | None = None) -> T:
        """The answer to `call`."""
        return await self.do(partial(steps.ask, call), attempts)

    async def do(self, make: Make[T], attempts: Attempts | None = None) -> T:
        """The result of the step that `make` makes, made anew for each attempt."""
        return await self._try(self._in_turn, make, attempts or self._attempts)

    async def undo(self, make: Make[T], attempts: Attempts) -> T:
        """As `do`, for the holder of a lease, when no turns are given any more (shutdown)."""
        assert self._lease is not None
        return await self._try(self._run, make, attempts)

    async def _try(
        self, run: Callable[[Make[T]], Awaitable[T]], make: Make[T], attempts: Attempts
    ) -> T:
        made = 0
        while True:
            try:
                return await run(make)
            except DpaError as error:
                made += 1
                if not attempts.again(made, error):
                    raise
                log.debug("trying again: %s", error)
            await trio.sleep(attempts.pause_s)
            if attempts.link_wait_s:
                with trio.move_on_after(attempts.link_wait_s):
                    await self._transceiver.wait_connected()

    @asynccontextmanager
    async def alone(
        self, priority: Priority | None = None, *, shared: bool = False
    ) -> AsyncIterator["Dialogue"]:
        """The same dialogue with the radio leased: nobody else gets on it until the block ends.

        If it is `shared`, single requests of clients do that fit between its steps.
        """
        priority = self._priority if priority is None else priority
        async with self._scheduler.lease(priority, shared=shared) as lease:
            yield evolve(self, lease=lease)

    async def _in_turn(self, make: Make[T]) -> T:
        work = partial(self._run, make)
        if self._lease is not None:
            return await self._lease.perform(work)
        return await self._scheduler.perform(self._priority, work)

    async def _run(self, make: Make[T]) -> T:
        """Carry out one step; whoever calls has the radio."""
        step = make()
        try:
            call = next(step)
            while True:
                outcome = await self._transceiver.transact(call.request)
                self._record(outcome)
                try:
                    value = outcome.value(call)
                except DpaError as error:
                    call = step.throw(error)
                else:
                    call = step.send(value)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            step.close()
