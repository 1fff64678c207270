"""Backups of devices over the radio: read block by block, written back, and compared."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import trio
from attrs import frozen

from iqrf_trio.scheduler import Lease, Scheduler
from iqrf_trio.transceiver import Transceiver
from protocol.dpa import commands
from protocol.dpa.commands import Call, OsInfo
from protocol.dpa.errors import DpaAbortedError, DpaError, InterfaceError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.transaction import Outcome
from protocol.lanes import Priority
from protocol.vault.blocks import BadBackupError, Collection, DeviceBackup, differing
from protocol.vault.snapshot import Module

T = TypeVar("T")
Seen = Callable[[Outcome], None]
"""Is told of each transaction, for who wants to show them."""

ATTEMPTS = 3
RETRY_PAUSE_S = 0.25

BOOT_S = 1.0
"""What a coordinator takes to start anew; requests that come too early are not heard."""


def _nobody(_outcome: Outcome) -> None:
    pass


@frozen(eq=False)
class Devices:
    """Copies devices and restores them; each device has the radio to itself meanwhile.

    Every method raises DpaError where the device does not answer, BadBackupError where it
    answers what makes no sense, and QueueClosed at shutdown.
    """

    _transceiver: Transceiver
    _scheduler: Scheduler

    async def bonded(self) -> frozenset[int]:
        """The addresses of all nodes."""
        async with self._lease() as lease:
            return await self._ask(lease, commands.bonded_devices(), _nobody)

    async def module(self) -> Module:
        """Which coordinator this is."""
        async with self._lease() as lease:
            system = await self._ask(lease, commands.os_read(COORDINATOR), _nobody)
            return Module(
                mid=system.mid,
                mcu_type=system.mcu_type,
                os_version=system.os_version,
                os_build=system.os_build,
                dpa=await self._dpa(lease, COORDINATOR, system, _nobody),
                bonded=tuple(sorted(await self._ask(lease, commands.bonded_devices(), _nobody))),
            )

    async def copy(self, nadr: int, seen: Seen = _nobody) -> DeviceBackup:
        """The backup of the device at `nadr`."""
        async with self._lease() as lease:
            system = await self._ask(lease, commands.os_read(nadr), seen)
            dpa = await self._dpa(lease, nadr, system, seen)
            return DeviceBackup(nadr, system.mid, dpa, await self._blocks(lease, nadr, seen))

    async def restore(
        self, nadr: int, blocks: tuple[bytes, ...], *, restart: bool, seen: Seen = _nobody
    ) -> None:
        """Give the device at `nadr` its blocks, perhaps start it anew, and read them back."""
        async with self._lease() as lease:
            for block in blocks:
                give = commands.restore(block) if not nadr else commands.node_restore(nadr, block)
                await self._ask(lease, give, seen)
            if restart:
                await self._ask(lease, commands.os_restart(nadr), seen)
                await trio.sleep(BOOT_S)
            wrong = differing(blocks, await self._blocks(lease, nadr, seen))
            if wrong:
                raise BadBackupError(
                    f"{wrong} of {len(blocks)} blocks are not what was written when read back"
                )

    def _lease(self) -> AbstractAsyncContextManager[Lease]:
        return self._scheduler.lease(Priority.PROCEDURE)

    async def _blocks(self, lease: Lease, nadr: int, seen: Seen) -> tuple[bytes, ...]:
        collection = Collection()
        while (index := collection.next_index) is not None:
            call = commands.backup(index) if not nadr else commands.node_backup(nadr, index)
            collection.add(await self._ask(lease, call, seen))
        return tuple(collection.blocks)

    async def _dpa(self, lease: Lease, nadr: int, system: OsInfo, seen: Seen) -> int:
        if system.enumeration is not None:
            return system.enumeration.dpa
        return (await self._ask(lease, commands.enumerate_peripherals(nadr), seen)).dpa

    async def _ask(self, lease: Lease, call: Call[T], seen: Seen) -> T:
        """One step, put again after a pause while attempts are left."""

        async def work() -> T:
            outcome = await self._transceiver.transact(call.request)
            seen(outcome)
            return outcome.value(call)

        for _ in range(ATTEMPTS - 1):
            try:
                return await lease.perform(work)
            except (InterfaceError, DpaAbortedError):
                raise
            except DpaError:
                await trio.sleep(RETRY_PAUSE_S)
        return await lease.perform(work)
