"""Carries out network services, one at a time."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from random import randrange
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.radio.dialogue import Dialogue, Record, unrecorded
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.network.performance import Performance, Tell, untold
from iqrf_trio.services.network.records import NoRecords, Records
from iqrf_trio.services.network.recovery import Bookkeeper, Journal, NoBookkeeper, Recovery
from iqrf_trio.services.network.twins import Twins
from iqrf_trio.shutdown import Shutdown
from protocol.dpa.attempts import Attempts
from protocol.iqmesh.plan import Service
from protocol.network.catalogue import Catalogue
from protocol.queue.lanes import Priority


@define(eq=False)
class NetworkServices:
    """Runs one service at a time; what an earlier one could not put back is put back by `run`.

    What a service changes (parameters, bonds) stands in the journal, on the disk, before anything
    is changed.
    """

    transceiver: Transceiver
    scheduler: Scheduler
    journal: Journal
    shutdown: Shutdown = field(factory=Shutdown)
    catalogue: Catalogue = field(factory=Catalogue)
    bookkeeper: Bookkeeper = field(factory=NoBookkeeper)
    records: Records = field(factory=NoRecords)
    chance: Callable[[], int] = field(default=lambda: randrange(0x100))
    """Where a plan needs a byte by chance."""
    recovery: Recovery = field(init=False)
    twins: Twins = field(init=False)

    @recovery.default
    def _of_the_same_radio(self) -> Recovery:
        return Recovery(
            self.transceiver, self.scheduler, self.journal, self.bookkeeper, self.records
        )

    @twins.default
    def _that_were_replaced(self) -> Twins:
        return Twins(self.transceiver, self.scheduler, self.records)

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
        shutdown. Whatever happens, even if this is cancelled, what it has changed is brought to
        its end: parameters are what they were, and no bond is half changed.
        """
        dialogue = Dialogue(
            self.transceiver,
            self.scheduler,
            Priority.PROCEDURE,
            Attempts(1 + repeat),
            record,
        )
        async with AsyncExitStack() as stack:
            performance = Performance(
                name,
                self.shutdown,
                self.catalogue,
                self.recovery,
                dialogue,
                stack,
                tell,
                self.chance,
                self.records,
            )
            await performance.carry_out(service)

    async def run(self) -> NoReturn:
        """Put back what was left behind, for as long as the daemon lives."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.twins.run)
            await self.recovery.run()
