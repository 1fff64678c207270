"""Backups of devices over the radio: read block by block, written back, and compared."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
from attrs import define, frozen

from iqrf_trio.radio.scheduler import Lease, Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa import commands
from protocol.dpa.commands import Call, OsInfo
from protocol.dpa.errors import DpaAbortedError, DpaError, InterfaceError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.transaction import Outcome
from protocol.queue.lanes import Priority
from protocol.vault.blocks import BadBackupError, Collection, DeviceBackup, differing
from protocol.vault.snapshot import Module

T = TypeVar("T")

ATTEMPTS = 3
RETRY_PAUSE_S = 0.25

BOOT_S = 1.0
"""What a coordinator takes to start anew; requests that come too early are not heard."""

Seen = Callable[[Outcome], None]
"""Is told of each transaction, for who wants to show them."""


def _nobody(_outcome: Outcome) -> None:
    pass


@frozen(eq=False)
class Devices:
    """Copies devices and restores them.

    Each method has the radio to itself; with `yielding`, copying lets others in between the
    blocks. Every method raises DpaError where the device does not answer, BadBackupError where
    it answers what makes no sense, and QueueClosed at shutdown.
    """

    _transceiver: Transceiver
    _scheduler: Scheduler
    yielding: bool = False

    async def bonded(self) -> frozenset[int]:
        """The addresses of all nodes."""
        async with self._asking(_nobody) as dialogue:
            return await dialogue.ask(commands.bonded_devices())

    async def module(self) -> Module:
        """Which coordinator this is."""
        async with self._asking(_nobody) as dialogue:
            system = await dialogue.ask(commands.os_read(COORDINATOR))
            return Module(
                mid=system.mid,
                mcu_type=system.mcu_type,
                os_version=system.os_version,
                os_build=system.os_build,
                dpa=await dialogue.dpa(COORDINATOR, system),
                bonded=tuple(sorted(await dialogue.ask(commands.bonded_devices()))),
            )

    async def copy(self, nadr: int, seen: Seen = _nobody) -> DeviceBackup:
        """The backup of the device at `nadr`."""
        async with self._asking(seen, yielding=self.yielding) as dialogue:
            system = await dialogue.ask(commands.os_read(nadr))
            dpa = await dialogue.dpa(nadr, system)
            return DeviceBackup(nadr, system.mid, dpa, await dialogue.blocks(nadr))

    async def restore(
        self, nadr: int, blocks: tuple[bytes, ...], *, restart: bool, seen: Seen = _nobody
    ) -> None:
        """Give the device at `nadr` its blocks, perhaps start it anew, and read them back."""
        async with self._asking(seen) as dialogue:
            for block in blocks:
                call = commands.node_restore(nadr, block) if nadr else commands.restore(block)
                await dialogue.ask(call)
            if restart:
                await dialogue.ask(commands.os_restart(nadr))
                await trio.sleep(BOOT_S)
            wrong = differing(blocks, await dialogue.blocks(nadr))
            if wrong:
                raise BadBackupError(
                    f"{wrong} of {len(blocks)} blocks are not what was written when read back"
                )

    @asynccontextmanager
    async def _asking(self, seen: Seen, *, yielding: bool = False) -> AsyncIterator["_Dialogue"]:
        if yielding:
            yield _Dialogue(self._transceiver, self._scheduler, None, seen)
            return
        async with self._scheduler.lease(Priority.PROCEDURE) as lease:
            yield _Dialogue(self._transceiver, self._scheduler, lease, seen)


@define(eq=False)
class _Dialogue:
    """Questions to devices, each a step: of a lease, or behind everybody else."""

    _transceiver: Transceiver
    _scheduler: Scheduler
    _lease: Lease | None
    _seen: Seen

    async def blocks(self, nadr: int) -> tuple[bytes, ...]:
        """All blocks of a device."""
        collection = Collection()
        while (index := collection.next_index) is not None:
            call = commands.node_backup(nadr, index) if nadr else commands.backup(index)
            collection.add(await self.ask(call))
        return tuple(collection.blocks)

    async def dpa(self, nadr: int, system: OsInfo) -> int:
        """The DPA version of a device that has told `system`."""
        if system.enumeration is not None:
            return system.enumeration.dpa
        return (await self.ask(commands.enumerate_peripherals(nadr))).dpa

    async def ask(self, call: Call[T]) -> T:
        """The answer; asked again after a pause while attempts are left."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once(call)
            except (InterfaceError, DpaAbortedError):
                raise
            except DpaError:
                await trio.sleep(RETRY_PAUSE_S)
        return await self._once(call)

    async def _once(self, call: Call[T]) -> T:
        async def work() -> T:
            outcome = await self._transceiver.transact(call.request)
            self._seen(outcome)
            return outcome.value(call)

        if self._lease is not None:
            return await self._lease.perform(work)
        return await self._scheduler.perform(Priority.BACKGROUND, work)
