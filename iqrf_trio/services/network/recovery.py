"""What network services have left behind in the journal, and how that is brought to its end."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn, Protocol

import trio
from attrs import define, field

from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.network.records import NoRecords, Records
from iqrf_trio.store import StoreError
from protocol.dpa.attempts import Attempts
from protocol.dpa.errors import DpaError
from protocol.iqmesh import bond_repair, journal
from protocol.iqmesh.bond_changes import BondChanges, BondRecord
from protocol.iqmesh.journal import JournalEntry
from protocol.iqmesh.plan import Do, Pause, Plan
from protocol.iqmesh.records import Succeed, Withdraw
from protocol.network.parameters import Parameters
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed

log = logging.getLogger("iqrf_trio.network")

PUT_BACK = Attempts(3)

RETRY_S = 10.0
"""After what was left behind could not be put back."""


class Journal(Protocol):
    """Where it is noted what has to be put back; every method raises StoreError."""

    async def journal(self) -> JournalEntry | None:
        """The entry, if there is one."""

    async def write_journal(self, entry: JournalEntry) -> None:
        """Write it to the disk."""

    async def clear_journal(self, record: BondRecord | None = None) -> None:
        """Nothing has to be put back any more; `record` is what has come of changed bonds."""

    async def last_bonds(self, coordinator: int) -> BondRecord | None:
        """The last change of bonds of this coordinator that was not undone."""

    async def forget_bonds(self, record: BondRecord) -> None:
        """It was undone."""


class Bookkeeper(Protocol):
    """What the gateway knows of the network, and how it learns that the bonds have changed."""

    def responding(self, node: int) -> bool:
        """Whether the node has answered when it was asked last."""

    def mid_of(self, node: int) -> int:
        """The MID of the node, 0 where it is not known."""

    def bonds_changed(self) -> None:
        """The bonds may have changed while nobody looked: compare them."""

    async def keep_changes(self, corrected: Mapping[int, int]) -> None:
        """Store what was corrected in the coordinator's table (MIDs by address), and, if the
        network has to be looked at, that it has to be. Raises StoreError."""


class NoBookkeeper(Bookkeeper):
    """For a gateway that keeps no book."""

    def responding(self, node: int) -> bool:
        """See Bookkeeper."""
        return True

    def mid_of(self, node: int) -> int:
        """See Bookkeeper."""
        return 0

    def bonds_changed(self) -> None:
        """See Bookkeeper."""

    async def keep_changes(self, corrected: Mapping[int, int]) -> None:
        """See Bookkeeper."""


@define(eq=False)
class Recovery:
    """Brings to its end what a service has begun and could not finish.

    It failed, was cancelled, the link was lost, the process or the power died: that is done at
    once if it is possible, else by `run`, also after the next start.
    """

    transceiver: Transceiver
    scheduler: Scheduler
    journal: Journal
    bookkeeper: Bookkeeper = field(factory=NoBookkeeper)
    records: Records = field(factory=NoRecords)
    under_way: bool = field(default=False, init=False)
    """Whether the entry in the journal is of a service that is under way."""
    _left: trio.Event = field(factory=trio.Event, init=False)
    """Set when something was left behind in the journal."""

    def left_behind(self) -> None:
        """Have `run` put back what is in the journal."""
        self._left.set()

    async def settle(self, dialogue: Dialogue) -> None:
        """Put back what is left of an earlier service; raises DpaError and StoreError.

        The `dialogue` has the radio leased, so that of two callers the second finds nothing.
        """
        entry = None if self.under_way else await self.journal.journal()
        if entry is None:
            return
        record = None
        if entry.coordinator in (self.transceiver.memory.coordinator, None):
            record = await self._settle(entry, dialogue)
            log.warning("%s was interrupted: what it has changed was put back", entry.service)
        else:
            log.warning("%s was interrupted, but this is another coordinator", entry.service)
        await self.journal.clear_journal(record)

    def record(self, service: str, changes: BondChanges) -> BondRecord | None:
        """What has come of a change of bonds, None where they are what they were."""
        if changes.undoing or not (changes.joined or changes.gone):
            return None
        gone = {node: self.bookkeeper.mid_of(node) for node in changes.gone}
        return BondRecord(service, changes.joined, gone)

    async def settle_first(self, dialogue: Dialogue) -> None:
        """The same for a dialogue without a lease, which takes one if there is anything to do."""
        if await self.journal.journal() is not None:
            async with dialogue.alone() as alone:
                await self.settle(alone)

    async def run(self) -> NoReturn:
        """Put back what was left behind, for as long as the daemon lives."""
        dialogue = Dialogue(self.transceiver, self.scheduler, Priority.PROCEDURE, PUT_BACK)
        while True:
            await self.transceiver.wait_connected()
            try:
                if not self.under_way:
                    await self.settle_first(dialogue)
            except QueueClosed:
                await trio.sleep_forever()
            except (DpaError, StoreError) as error:
                log.error("what a service has left cannot be put back: %s", error)
                await trio.sleep(RETRY_S)
            else:
                await self._left.wait()
                self._left = trio.Event()

    async def _settle(self, entry: JournalEntry, dialogue: Dialogue) -> BondRecord | None:
        if entry.before != Parameters():
            await dialogue.do(partial(journal.put_back, entry.before), PUT_BACK)
        if entry.prebonded:
            await dialogue.do(journal.release, PUT_BACK)
        if entry.bonds is None:
            return None
        plan = bond_repair.resolve(entry.bonds, self.bookkeeper.responding)
        changes = await _carry_out(plan, dialogue)
        record = self.record(entry.service, changes)
        if entry.bonds.replacing:
            outcome = Succeed if changes.replacing else Withdraw
            await self.records.record(outcome(entry.bonds.replacing))
        self.bookkeeper.bonds_changed()
        await self.bookkeeper.keep_changes(changes.mids)
        return record


async def _carry_out(plan: Plan[BondChanges], dialogue: Dialogue) -> BondChanges:
    """The result of a plan that only asks and pauses; raises DpaError."""
    try:
        action = next(plan)
        while True:
            result: Any = None
            match action:
                case Do(make):
                    result = await dialogue.do(make, PUT_BACK)
                case Pause(seconds):
                    await trio.sleep(seconds)
            action = plan.send(result)
    except StopIteration as end:
        changes: BondChanges = end.value
        return changes
    finally:
        plan.close()
