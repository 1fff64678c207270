"""Backups of devices over the radio: read block by block, written back, and compared."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from attrs import frozen

from iqrf_trio.radio.dialogue import Dialogue, Record, unrecorded
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa.attempts import Attempts
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import (
    bonded_devices,
    coordinator_backup,
    coordinator_restore,
)
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.node import node_backup, node_restore
from protocol.dpa.peripherals.os import OsInfo, os_read, os_restart
from protocol.queue.lanes import Priority
from protocol.vault.blocks import BadBackupError, Collection, DeviceBackup, differing
from protocol.vault.snapshot import Module

ATTEMPTS = Attempts(3)

BOOT_S = 1.0
"""What a coordinator takes to start anew; requests that come too early are not heard."""


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
    attempts: Attempts = ATTEMPTS

    async def bonded(self) -> frozenset[int]:
        """The addresses of all nodes."""
        async with self._asking() as dialogue:
            return await dialogue.ask(bonded_devices())

    async def module(self) -> Module:
        """Which coordinator this is."""
        async with self._asking() as dialogue:
            system = await dialogue.ask(os_read(COORDINATOR))
            return Module(
                mid=system.mid,
                mcu_type=system.mcu_type,
                os_version=system.os_version,
                os_build=system.os_build,
                dpa=await _dpa(dialogue, COORDINATOR, system),
                bonded=tuple(sorted(await dialogue.ask(bonded_devices()))),
            )

    async def copy(self, nadr: int, record: Record = unrecorded) -> DeviceBackup:
        """The backup of the device at `nadr`."""
        async with self._asking(record, yielding=self.yielding) as dialogue:
            system = await dialogue.ask(os_read(nadr))
            dpa = await _dpa(dialogue, nadr, system)
            return DeviceBackup(nadr, system.mid, dpa, await _blocks(dialogue, nadr))

    async def restore(
        self, nadr: int, blocks: tuple[bytes, ...], *, restart: bool, record: Record = unrecorded
    ) -> None:
        """Give the device at `nadr` its blocks, perhaps start it anew, and read them back."""
        async with self._asking(record) as dialogue:
            for block in blocks:
                call = node_restore(nadr, block) if nadr else coordinator_restore(block)
                await dialogue.ask(call)
            if restart:
                await dialogue.ask(os_restart(nadr))
                await trio.sleep(BOOT_S)
            wrong = differing(blocks, await _blocks(dialogue, nadr))
            if wrong:
                raise BadBackupError(
                    f"{wrong} of {len(blocks)} blocks are not what was written when read back"
                )

    @asynccontextmanager
    async def _asking(
        self, record: Record = unrecorded, *, yielding: bool = False
    ) -> AsyncIterator[Dialogue]:
        dialogue = Dialogue(
            self._transceiver, self._scheduler, Priority.BACKGROUND, self.attempts, record
        )
        if yielding:
            yield dialogue
            return
        async with dialogue.alone(Priority.PROCEDURE) as leased:
            yield leased


async def _blocks(dialogue: Dialogue, nadr: int) -> tuple[bytes, ...]:
    """All blocks of a device."""
    collection = Collection()
    while (index := collection.next_index) is not None:
        call = node_backup(nadr, index) if nadr else coordinator_backup(index)
        collection.add(await dialogue.ask(call))
    return tuple(collection.blocks)


async def _dpa(dialogue: Dialogue, nadr: int, system: OsInfo) -> int:
    """The DPA version of a device that has told `system`."""
    if system.enumeration is not None:
        return system.enumeration.dpa
    return (await dialogue.ask(enumerate_peripherals(nadr))).dpa
