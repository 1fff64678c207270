"""One network service under way: each action of its plan carried out, and what has to follow."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import trio
from attrs import define, evolve, field, frozen

from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.services.network.records import Records
from iqrf_trio.services.network.recovery import PUT_BACK, Recovery
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import StoreError
from iqrf_trio.store.errors import ReadOnlyError
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.step import Make, Step
from protocol.iqmesh import journal
from protocol.iqmesh.bond_changes import BondRecord
from protocol.iqmesh.journal import JournalEntry
from protocol.iqmesh.plan import (
    Action,
    Borrow,
    Chance,
    Do,
    Interim,
    LastBonds,
    Naming,
    Note,
    Pause,
    Plan,
    ProductName,
    Progress,
    PutBack,
    Released,
    Service,
    Undone,
    Version,
)
from protocol.iqmesh.records import Keep, Kept, Known, Recorded, Rename, Succeed, Withdraw
from protocol.iqmesh.statuses import FAILED, ServiceFailure
from protocol.network.catalogue import Catalogue
from protocol.network.parameters import Parameters
from protocol.queue.scheduling import QueueClosed

log = logging.getLogger("iqrf_trio.network")

CLEAN_UP_S = 5.0
"""What bringing it to its end may take when the service was cut off; at the next start, or when
the coordinator answers again, it is tried anew."""

RELEASE_S = 60.0
"""The same, for letting prebonded nodes go: broadcasts to a large network."""

Tell = Callable[[Progress | Interim], None]


def untold(_told: Progress | Interim) -> None:
    """For whoever is not interested in what is told in between."""


@frozen
class Loan:
    """Parameters that a service has borrowed: what it has set instead of those in the journal.

    Unless it is `changed`, the coordinator has refused all sets, or was not asked yet. `certain`
    is what was set if the coordinator has answered each set.
    """

    wanted: Parameters
    changed: bool = False
    certain: bool = True


@define(eq=False)
class Performance:
    """Carries out the plan of one service. `stack` ends the lease of the radio.

    What the service changes is noted in the journal before, and brought to its end behind it.
    """

    name: str
    shutdown: Shutdown
    catalogue: Catalogue
    _recovery: Recovery
    _dialogue: Dialogue
    _stack: AsyncExitStack
    _tell: Tell
    _chance: Callable[[], int]
    _records: Records
    _entry: JournalEntry | None = field(default=None, init=False)
    """What is in the journal, None where nothing is."""
    _loan: Loan | None = field(default=None, init=False)
    _note: Note | None = field(default=None, init=False)
    _ending: bool = field(default=False, init=False)
    """Whether the plan is over, and only what it has changed is left to be put back."""
    _free: Dialogue = field(init=False)
    """The dialogue that leaves the radio to others between its steps."""

    @_free.default
    def _as_it_begins(self) -> Dialogue:
        return self._dialogue

    async def carry_out(self, service: Service) -> None:
        """The whole plan, and what has to be done behind it."""
        try:
            await self._drive(service.plan(self._recovery.transceiver.memory.parameters))
        finally:
            await self._clean_up()

    async def _drive(self, plan: Plan[None]) -> None:
        """Carry out each action of a plan."""
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

    async def _act(self, action: Action) -> Any:
        match action:
            case Do(make):
                return await self._do(make)
            case Borrow():
                return await self._borrow(action)
            case PutBack(needless):
                await self._put_back(needless=needless)
            case Note():
                await self._write_down(action)
            case LastBonds():
                return await self._last_bonds()
            case Undone(record):
                await self._undone(record)
            case Keep() | Kept() | Rename() | Known() | Succeed() | Withdraw():
                return await self._record(action)
            case Pause(seconds):
                await trio.sleep(seconds)
            case _:
                return self._act_at_once(action)
        return None

    def _act_at_once(self, action: Action) -> Any:
        """Carry out what need not wait."""
        match action:
            case Released():
                if self._entry is not None:
                    self._entry = evolve(self._entry, prebonded=False)
            case Progress() | Interim():
                self._tell(action)
            case Chance():
                return self._chance()
            case Version():
                return self._recovery.transceiver.memory.version
            case Naming(hwpid):
                entry = self.catalogue.get(hwpid)
                return entry and ProductName(entry.manufacturer, entry.name)
        return None

    async def _last_bonds(self) -> BondRecord | None:
        coordinator = self._recovery.transceiver.memory.coordinator
        try:
            await self._recovery.settle_first(self._dialogue)
            if coordinator is None:
                return None
            return await self._recovery.journal.last_bonds(coordinator)
        except StoreError as error:
            raise _not_begun(error) from error

    async def _undone(self, record: BondRecord) -> None:
        with self.shutdown.shield(CLEAN_UP_S):
            try:
                await self._recovery.journal.forget_bonds(record)
            except StoreError as error:
                # Undone once more it would find nothing to do.
                log.error("%s: it is not noted: %s", self.name, error)

    async def _record(self, action: Recorded) -> Any:
        try:
            return await self._records.record(action)
        except StoreError as error:
            raise _not_begun(error) from error

    async def _do(self, make: Make[Any]) -> Any:
        if self._ending and self._loan is not None:
            return await self._dialogue.undo(make, PUT_BACK)
        return await self._dialogue.do(make)

    async def _borrow(self, action: Borrow) -> Parameters:
        recovery, wanted = self._recovery, action.wanted
        assert self._loan is None
        leased = self._dialogue.alone(shared=True)
        self._dialogue = await self._stack.enter_async_context(leased)
        memory = recovery.transceiver.memory
        before = journal.noted(wanted, memory.parameters)
        entry = evolve(
            self._entry or self._new_entry(),
            before=before,
            stage=journal.NOTED,
            prebonded=action.prebonding,
        )
        try:
            await recovery.settle(self._dialogue)
            await recovery.journal.write_journal(entry)
        except ReadOnlyError as error:
            if action.needed:
                raise _not_begun(error) from None
            return before
        except StoreError as error:
            # Without the journal a power failure would leave the network changed for good.
            raise _not_begun(error) from error
        self._written(entry)
        self._loan = Loan(wanted)
        for call in journal.sets(wanted):
            await self._set(call)
        if self._entry != entry:
            await self._amend()
        return self._entry.before if self._entry else before

    async def _set(self, call: Call[Parameters]) -> None:
        attempt = 0

        def make() -> Step[None]:
            nonlocal attempt
            attempt += 1
            return journal.exchange(call, partial(self._learn, attempt))

        await self._dialogue.do(make)

    def _learn(self, attempt: int, answered: Parameters | None) -> None:
        """Take note of what a set has answered; the step tells it even if nobody waits for it."""
        loan, entry = self._loan, self._entry
        assert loan is not None
        assert entry is not None
        if answered is None:
            self._loan = evolve(loan, changed=True, certain=False)
        else:
            self._loan = evolve(loan, changed=True)
            self._entry = journal.amended(entry, answered, loan.wanted, attempt)

    async def _amend(self) -> None:
        assert self._entry is not None
        try:
            await self._recovery.journal.write_journal(self._entry)
        except StoreError as error:
            raise ServiceFailure(FAILED, f"given up: {error}") from error

    async def _write_down(self, note: Note) -> None:
        """Have the bonds in the journal that are about to be changed."""
        first = self._note is None
        entry = evolve(self._entry or self._new_entry(), bonds=note.changes())
        try:
            if self._entry is None:
                await self._recovery.settle_first(self._dialogue)
            await self._recovery.journal.write_journal(entry)
        except StoreError as error:
            if first:
                raise _not_begun(error) from None
            # What was begun is brought to its end all the same.
            log.error("%s: the journal is not up to date: %s", self.name, error)
        self._written(entry)
        self._note = note

    def _new_entry(self) -> JournalEntry:
        return JournalEntry(self.name, self._recovery.transceiver.memory.coordinator, Parameters())

    def _written(self, entry: JournalEntry) -> None:
        self._entry, self._recovery.under_way = entry, True

    async def _put_back(self, *, needless: bool) -> None:
        """Put everything back when the service has come so far; raises DpaError."""
        if self._loan is None:
            return
        await self._return(needless=needless)
        await self._stack.aclose()
        self._dialogue = self._free

    async def _return(self, *, needless: bool) -> None:
        """Set what was borrowed to what it was, and note that; raises DpaError."""
        loan, entry = self._loan, self._entry
        assert loan is not None
        assert entry is not None
        as_it_was = not loan.changed or (loan.certain and entry.before == loan.wanted)
        if needless or not as_it_was:
            await self._do(partial(journal.put_back, entry.before))
        if entry.prebonded:
            await self._do(journal.release)
        self._entry, self._loan = evolve(entry, before=Parameters(), prebonded=False), None
        if self._note is None:
            await self._over()

    async def _clean_up(self) -> None:
        """Bring to its end what the plan did not, and clear the journal."""
        if self._entry is None:
            return
        release_s = RELEASE_S if self._entry.prebonded else 0.0
        with self.shutdown.shield(CLEAN_UP_S + release_s):
            try:
                self._ending = True
                if self._note is not None:
                    await self._drive(self._note.complete())
                if self._loan is not None:
                    await self._return(needless=False)
                if self._note is not None and not self._note.changes().in_doubt:
                    await self._over()
            except (DpaError, QueueClosed) as error:
                log.error("%s: what it has changed is not put back yet: %s", self.name, error)
        if self._entry is not None:
            self._recovery.under_way = False
            self._recovery.left_behind()

    async def _over(self) -> None:
        """Nothing has to be brought to its end any more."""
        recovery, note = self._recovery, self._note
        self._entry, recovery.under_way = None, False
        cleared, record = False, None
        # An entry that stays behind a cancel would undo what others set after it.
        with self.shutdown.shield(CLEAN_UP_S):
            try:
                if note is not None:
                    await recovery.bookkeeper.keep_changes(note.changes().mids)
                    record = recovery.record(self.name, note.changes())
                await recovery.journal.clear_journal(record)
                cleared = True
            except StoreError as error:
                log.error("%s: the journal is not cleared: %s", self.name, error)
        if not cleared:
            recovery.left_behind()


def _not_begun(error: StoreError) -> ServiceFailure:
    reason = "the disk is read-only" if isinstance(error, ReadOnlyError) else str(error)
    return ServiceFailure(FAILED, f"nothing was begun: {reason}")
