"""Carries out the plans of network services, and puts back what they have borrowed."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, NoReturn, Protocol

import trio
from attrs import define, evolve, field, frozen

from iqrf_trio.radio.dialogue import Dialogue, Record, unrecorded
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import StoreError
from iqrf_trio.store.errors import ReadOnlyError
from protocol.dpa.attempts import Attempts
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.step import Step
from protocol.iqmesh import journal
from protocol.iqmesh.journal import JournalEntry
from protocol.iqmesh.plan import (
    Action,
    Borrow,
    Do,
    Naming,
    Pause,
    ProductName,
    Progress,
    PutBack,
    Service,
    Version,
)
from protocol.iqmesh.statuses import FAILED, ServiceFailure
from protocol.network.catalogue import Catalogue
from protocol.network.parameters import Parameters
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed

log = logging.getLogger("iqrf_trio.network")

PUT_BACK = Attempts(3)

PUT_BACK_S = 5.0
"""What putting the parameters back may take when the service was cut off; at the next start, or
when the coordinator answers again, it is tried anew."""

RETRY_S = 10.0
"""After parameters that could not be put back."""

Tell = Callable[[Progress], None]


def untold(_progress: Progress) -> None:
    """For whoever is not interested in progress."""


class Journal(Protocol):
    """Where it is noted what has to be put back; every method raises StoreError."""

    async def journal(self) -> JournalEntry | None:
        """The entry, if there is one."""

    async def write_journal(self, entry: JournalEntry) -> None:
        """Write it to the disk."""

    async def clear_journal(self) -> None:
        """Nothing has to be put back any more."""


@define(eq=False)
class NetworkServices:
    """Runs one service at a time, and puts back what an earlier one could not.

    Parameters are borrowed under a journal entry that is on the disk before anything is set. What
    a service leaves (it failed, was cancelled, the link was lost, the process died) is put back
    at once if that is possible, else by `run`, also after the next start.
    """

    transceiver: Transceiver
    scheduler: Scheduler
    journal: Journal
    shutdown: Shutdown = field(factory=Shutdown)
    catalogue: Catalogue = field(factory=Catalogue)
    lent: bool = field(default=False, init=False)
    """Whether a service has borrowed parameters right now."""
    _left: trio.Event = field(factory=trio.Event, init=False)
    """Set when something was left behind in the journal."""

    async def perform(
        self,
        name: str,
        service: Service,
        *,
        repeat: int = 1,
        record: Record = unrecorded,
        tell: Tell = untold,
    ) -> None:
        """Carry out the plan of `service`; each step is tried once and `repeat` times more.

        Raises ServiceFailure, DpaError where a transaction was the end of it, QueueClosed at
        shutdown. Whatever happens, even if this is cancelled, what was borrowed is put back.
        """
        dialogue = Dialogue(
            self.transceiver,
            self.scheduler,
            Priority.PROCEDURE,
            Attempts(1 + repeat),
            record,
        )
        async with AsyncExitStack() as stack:
            await _Performance(self, name, dialogue, stack, tell).carry_out(service)

    async def settle(self, dialogue: Dialogue) -> None:
        """Put back what is left of an earlier service; raises DpaError and StoreError.

        The `dialogue` has the radio leased, so that of two callers the second finds nothing.
        """
        entry = await self.journal.journal()
        if entry is None:
            return
        if entry.coordinator in (self.transceiver.memory.coordinator, None):
            await dialogue.do(partial(journal.put_back, entry.before), PUT_BACK)
            log.warning("%s was interrupted: its parameters were put back", entry.service)
        else:
            log.warning("%s was interrupted, but this is another coordinator", entry.service)
        await self.journal.clear_journal()

    def left_behind(self) -> None:
        """Have `run` put back what is in the journal."""
        self._left.set()

    async def run(self) -> NoReturn:
        """Put back what was left behind, for as long as the daemon lives."""
        dialogue = Dialogue(self.transceiver, self.scheduler, Priority.PROCEDURE, PUT_BACK)
        while True:
            await self.transceiver.wait_connected()
            try:
                if not self.lent and await self.journal.journal() is not None:
                    async with dialogue.alone() as alone:
                        await self.settle(alone)
            except QueueClosed:
                await trio.sleep_forever()
            except (DpaError, StoreError) as error:
                log.error("what a service has left cannot be put back: %s", error)
                await trio.sleep(RETRY_S)
            else:
                await self._left.wait()
                self._left = trio.Event()


@frozen
class _Loan:
    """What a service has borrowed, and what it has set instead.

    Unless it is `changed`, the coordinator has refused all sets, or was not asked yet. `certain`
    is what was set instead if the coordinator has answered each set.
    """

    entry: JournalEntry
    wanted: Parameters
    changed: bool = False
    certain: bool = True

    @property
    def needless(self) -> bool:
        """Whether everything is what it was already."""
        return not self.changed or (self.certain and self.entry.before == self.wanted)


@define(eq=False)
class _Performance:
    """One service under way; `stack` ends the lease of the radio."""

    _services: NetworkServices
    _name: str
    _dialogue: Dialogue
    _stack: AsyncExitStack
    _tell: Tell
    _loan: _Loan | None = field(default=None, init=False)
    _free: Dialogue = field(init=False)
    """The dialogue that leaves the radio to others between its steps."""

    @_free.default
    def _as_it_begins(self) -> Dialogue:
        return self._dialogue

    async def carry_out(self, service: Service) -> None:
        """The whole plan, and what has to be done behind it."""
        plan = service.plan(self._services.transceiver.memory.parameters)
        try:
            action = next(plan)
            while True:
                try:
                    result = await self._act(action)
                except DpaError as error:
                    action = plan.throw(error)
                else:
                    action = plan.send(result)
        except StopIteration:
            pass
        finally:
            plan.close()
            await self._clean_up()

    async def _act(self, action: Action) -> Any:
        match action:
            case Do(make):
                return await self._dialogue.do(make)
            case Borrow():
                return await self._borrow(action)
            case PutBack(needless):
                await self._put_back(needless=needless)
            case Progress():
                self._tell(action)
            case Pause(seconds):
                await trio.sleep(seconds)
            case Version():
                return self._services.transceiver.memory.version
            case Naming(hwpid):
                entry = self._services.catalogue.get(hwpid)
                return entry and ProductName(entry.manufacturer, entry.name)
        return None

    async def _borrow(self, action: Borrow) -> Parameters:
        services, wanted = self._services, action.wanted
        assert self._loan is None
        self._dialogue = await self._stack.enter_async_context(self._dialogue.alone())
        memory = services.transceiver.memory
        before = journal.noted(wanted, memory.parameters)
        entry = JournalEntry(self._name, memory.coordinator, before, journal.NOTED)
        try:
            await services.settle(self._dialogue)
            await services.journal.write_journal(entry)
        except ReadOnlyError:
            if action.needed:
                raise ServiceFailure(FAILED, "nothing was begun: the disk is read-only") from None
            return before
        except StoreError as error:
            # Without the journal a power failure would leave the network changed for good.
            raise ServiceFailure(FAILED, f"nothing was begun: {error}") from error
        services.lent = True
        self._loan = _Loan(entry, wanted)
        for call in journal.sets(wanted):
            await self._set(call)
        if self._loan.entry.before != entry.before:
            await self._amend()
        return self._loan.entry.before

    async def _set(self, call: Call[Parameters]) -> None:
        attempt = 0

        def make() -> Step[None]:
            nonlocal attempt
            attempt += 1
            return journal.exchange(call, partial(self._learn, attempt))

        await self._dialogue.do(make)

    def _learn(self, attempt: int, answered: Parameters | None) -> None:
        """Take note of what a set has answered; the step tells it even if nobody waits for it."""
        loan = self._loan
        assert loan is not None
        if answered is None:
            self._loan = evolve(loan, changed=True, certain=False)
        else:
            entry = journal.amended(loan.entry, answered, loan.wanted, attempt)
            self._loan = evolve(loan, entry=entry, changed=True)

    async def _amend(self) -> None:
        assert self._loan is not None
        try:
            await self._services.journal.write_journal(self._loan.entry)
        except StoreError as error:
            raise ServiceFailure(FAILED, f"given up: {error}") from error

    async def _put_back(self, *, needless: bool) -> None:
        """Put everything back when the service has come so far; raises DpaError."""
        if self._loan is None:
            return
        if needless or not self._loan.needless:
            await self._dialogue.do(partial(journal.put_back, self._loan.entry.before))
        await self._over()
        await self._stack.aclose()
        self._dialogue = self._free

    async def _clean_up(self) -> None:
        """Put everything back where the plan did not come so far."""
        if self._loan is None:
            return
        services = self._services
        with services.shutdown.shield(PUT_BACK_S):
            try:
                if not self._loan.needless:
                    undo = partial(journal.put_back, self._loan.entry.before)
                    await self._dialogue.undo(undo, PUT_BACK)
                await self._over()
            except DpaError as error:
                log.error("%s: the parameters are not put back yet: %s", self._name, error)
        if self._loan is not None:
            services.lent = False
            services.left_behind()

    async def _over(self) -> None:
        """Nothing is borrowed any more."""
        self._services.lent, self._loan = False, None
        try:
            await self._services.journal.clear_journal()
        except StoreError as error:
            # At worst the parameters are set once more to what they are.
            log.error("%s: the journal is not cleared: %s", self._name, error)
            self._services.left_behind()
